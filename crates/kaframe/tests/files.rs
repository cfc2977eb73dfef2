//! Files: whole or not at all, with every row, and a state that never lies.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use kaframe::{
    Cluster, ErrorKind, FileCompression, FileFormat, FileOptions, FileSource, ScanOptions, WriteOptions, Written,
};
use kaframe_broker::{Broker, BrokerOptions, TopicSpec};
use parquet::file::reader::{FileReader, SerializedFileReader};

const DAY: i64 = 86_400_000;

/// A topic of two partitions with `rows` records, a day of them each thousand.
async fn filled(rows: i64) -> (Broker, Cluster) {
    let broker = Broker::start(BrokerOptions {
        topics: vec![TopicSpec::new("orders", 2)],
        ..BrokerOptions::default()
    })
    .expect("a broker starts");
    let cluster = Cluster::connect(&broker.bootstrap_servers()).await.expect("connected");
    fill(&cluster, 0..rows).await;
    (broker, cluster)
}

async fn fill(cluster: &Cluster, rows: std::ops::Range<i64>) {
    let countries = ["DE", "FR", "a/b"];
    let columns: [(&str, ArrayRef); 4] = [
        ("n", Arc::new(Int64Array::from_iter_values(rows.clone()))),
        (
            "country",
            Arc::new(StringArray::from_iter_values(
                rows.clone().map(|n| countries[n as usize % 3]),
            )),
        ),
        (
            "_key",
            Arc::new(StringArray::from_iter_values(rows.clone().map(|n| format!("k{n}")))),
        ),
        (
            "_timestamp",
            Arc::new(TimestampMillisecondArray::from_iter_values(
                rows.map(|n| n / 1000 * DAY + n),
            )),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("four columns");
    let report = cluster.write("orders", [batch], WriteOptions::default()).await;
    report.expect("written");
}

fn numbers(path: &Path) -> Vec<i64> {
    let mut numbers = Vec::new();
    for batch in FileSource::open(path).expect("it opens") {
        let batch = batch.expect("it reads");
        let column = batch.column_by_name("n").expect("the column is there");
        numbers.extend_from_slice(column.as_primitive::<Int64Type>().values());
    }
    numbers
}

fn sorted(mut numbers: Vec<i64>) -> Vec<i64> {
    numbers.sort_unstable();
    numbers
}

/// Everything in a folder and below, by name, hidden or not.
fn names(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").display().to_string();
                found.insert(name);
            }
        }
    }
    found
}

async fn save(cluster: &Cluster, path: &Path, options: FileOptions) -> kaframe::Result<Written> {
    cluster
        .scan("orders", ScanOptions::default())
        .await?
        .write_file(path, options)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_holds_every_row_and_the_report() {
    let (_broker, cluster) = filled(5000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let all: Vec<i64> = (0..5000).collect();
    for (name, compression) in [
        ("a.parquet", None),
        ("b.parquet", Some(FileCompression::Snappy)),
        ("c.arrow", None),
        ("d.arrow", Some(FileCompression::Lz4)),
        ("e.arrow", Some(FileCompression::Zstd)),
    ] {
        let path = folder.path().join(name);
        let options = FileOptions {
            compression,
            row_group_size: 1000,
            ..FileOptions::default()
        };
        let written = save(&cluster, &path, options).await.expect(name);
        assert_eq!((written.rows(), written.report.delivered()), (5000, 5000), "{name}");
        assert!(written.report.complete);
        assert_eq!(
            written.bytes(),
            fs::metadata(&path).expect("it is there").len(),
            "{name}"
        );
        assert_eq!(sorted(numbers(&path)), all, "{name}");
    }
    let reader = SerializedFileReader::new(File::open(folder.path().join("a.parquet")).expect("open")).expect("read");
    let metadata = reader.metadata();
    let keys = metadata.file_metadata().key_value_metadata().expect("metadata");
    let value = |key: &str| keys.iter().find(|one| one.key == key).and_then(|one| one.value.clone());
    assert_eq!(value("kaframe.topic").as_deref(), Some("orders"));
    let report: serde_json::Value = serde_json::from_str(&value("kaframe.report").expect("a report")).expect("JSON");
    assert_eq!(report["complete"], true);
    assert!(value("kaframe.next_start").is_some());
    assert!(metadata.num_row_groups() >= 5);
    for (name, lines) in [("f.csv", 5001), ("g.ndjson", 5000)] {
        let path = folder.path().join(name);
        save(&cluster, &path, FileOptions::default()).await.expect(name);
        assert_eq!(
            fs::read_to_string(&path).expect("text").lines().count(),
            lines,
            "{name}"
        );
    }
    for name in ["h.csv.gz", "i.ndjson.zst"] {
        let path = folder.path().join(name);
        let written = save(&cluster, &path, FileOptions::default()).await.expect(name);
        assert_eq!(written.rows(), 5000);
    }
    assert!(
        names(folder.path()).iter().all(|name| !name.starts_with('.')),
        "nothing is left over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_by_day_and_by_column() {
    let (_broker, cluster) = filled(3000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let by_day = folder.path().join("by_day");
    let options = FileOptions::default()
        .format(FileFormat::Parquet)
        .partition_by("day(_timestamp)");
    save(&cluster, &by_day, options).await.expect("written");
    for day in 0..3 {
        let one = by_day.join(format!("day=1970-01-0{}/part-0.parquet", day + 1));
        assert_eq!(
            sorted(numbers(&one)),
            (day * 1000..(day + 1) * 1000).collect::<Vec<i64>>()
        );
    }
    let by_country = folder.path().join("by_country");
    let options = FileOptions::default()
        .format(FileFormat::Parquet)
        .partition_by("country");
    let written = save(&cluster, &by_country, options).await.expect("written");
    assert_eq!((written.rows(), written.files.len()), (3000, 3));
    let one = by_country.join("country=a%2Fb/part-0.parquet");
    assert_eq!(
        sorted(numbers(&one)),
        (0..3000).filter(|n| n % 3 == 2).collect::<Vec<_>>()
    );
    let first = FileSource::open(&one)
        .expect("open")
        .next()
        .expect("a batch")
        .expect("reads");
    assert!(first.column_by_name("country").is_none(), "it is in the folder's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_takes_several_files_at_once() {
    let (_broker, cluster) = filled(4000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new").join("orders/");
    let written = save(&cluster, &path, FileOptions::default()).await.expect("written");
    assert_eq!(written.rows(), 4000);
    assert_eq!(sorted(numbers(&path)), (0..4000).collect::<Vec<_>>());
    let error = save(&cluster, &path, FileOptions::default())
        .await
        .expect_err("not empty");
    assert_eq!(error.kind(), ErrorKind::Config);
    fs::write(path.join("mine.txt"), "mine").expect("written");
    fs::write(path.join("part-77.parquet"), "of an earlier run").expect("written");
    save(&cluster, &path, FileOptions::default().overwrite())
        .await
        .expect("replaced");
    assert!(path.join("mine.txt").exists() && !path.join("part-77.parquet").exists());
    assert_eq!(sorted(numbers(&path)), (0..4000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let (_broker, cluster) = filled(10).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("orders.parquet");
    fs::write(&path, "precious").expect("written");
    let error = save(&cluster, &path, FileOptions::default())
        .await
        .expect_err("it is there");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.hint().is_some_and(|hint| hint.contains("--force")), "{error:?}");
    assert_eq!(fs::read_to_string(&path).expect("text"), "precious");
    save(&cluster, &path, FileOptions::default().overwrite())
        .await
        .expect("replaced");
    assert_eq!(numbers(&path).len(), 10);

    // A link is followed, and stays.
    let link = folder.path().join("link.parquet");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    assert!(save(&cluster, &link, FileOptions::default()).await.is_err());
    save(&cluster, &link, FileOptions::default().overwrite())
        .await
        .expect("replaced");
    assert!(fs::symlink_metadata(&link).expect("there").file_type().is_symlink());

    // Neither a device nor a folder that is missing, and no name without a format.
    let full = FileOptions::default().format(FileFormat::Csv).overwrite();
    let error = save(&cluster, Path::new("/dev/full"), full)
        .await
        .expect_err("a device");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let missing = folder.path().join("missing/orders.parquet");
    let error = save(&cluster, &missing, FileOptions::default())
        .await
        .expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    let unnamed = folder.path().join("orders");
    let error = save(&cluster, &unnamed, FileOptions::default())
        .await
        .expect_err("no format");
    assert!(error.hint().is_some_and(|hint| hint.contains(".parquet")), "{error:?}");
    assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_leaves_nothing() {
    let (broker, cluster) = filled(5000).await;
    broker.control().corrupt("orders", 1, 0);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, options) in [
        ("orders.parquet", FileOptions::default()),
        ("orders/", FileOptions::default()),
        ("parted/", FileOptions::default().partition_by("country")),
    ] {
        let error = save(&cluster, &folder.path().join(name), options)
            .await
            .expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_topic_is_a_file_with_columns_and_no_row() {
    let (_broker, cluster) = filled(0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("orders.parquet");
    let written = save(&cluster, &path, FileOptions::default()).await.expect("written");
    assert_eq!((written.rows(), written.files.len()), (0, 1));
    let reader = SerializedFileReader::new(File::open(&path).expect("open")).expect("read");
    let schema = reader.metadata().file_metadata().schema_descr();
    assert!((0..schema.num_columns()).any(|i| schema.column(i).name() == "_offset"));
}

async fn export(cluster: &Cluster, folder: &Path, state: &Path) -> kaframe::Result<kaframe::Exported> {
    let options = (ScanOptions::default(), FileOptions::default());
    cluster.export("orders", folder, state, options.0, options.1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_add_only_what_is_new() {
    let (_broker, cluster) = filled(1000).await;
    let home = tempfile::tempdir().expect("a folder");
    let (folder, state) = (home.path().join("orders.parquet"), home.path().join("orders.state"));
    let first = export(&cluster, &folder, &state).await.expect("exported");
    assert_eq!((first.rows, first.runs), (1000, 1));
    let nothing = export(&cluster, &folder, &state).await.expect("exported");
    assert!(nothing.written.files.is_empty() && nothing.written.report.complete);
    fill(&cluster, 1000..1500).await;
    let second = export(&cluster, &folder, &state).await.expect("exported");
    assert_eq!((second.rows, second.runs), (1500, 2));
    assert_eq!(second.written.rows(), 500);
    assert_eq!(sorted(numbers(&folder)), (0..1500).collect::<Vec<_>>());
    // One state, one place.
    let error = export(&cluster, &home.path().join("elsewhere"), &state)
        .await
        .expect_err("another folder");
    assert_eq!(error.kind(), ErrorKind::Config);
    let options = ScanOptions {
        tail: Some(5),
        ..ScanOptions::default()
    };
    let error = cluster
        .export("orders", &folder, &state, options, FileOptions::default())
        .await;
    assert_eq!(error.expect_err("no place to go on from").kind(), ErrorKind::Config);
    fs::remove_dir_all(&folder).expect("gone");
    let error = export(&cluster, &folder, &state).await.expect_err("its files are gone");
    assert_eq!(error.kind(), ErrorKind::DataLoss);
}

/// The hidden name of a file of an export.
fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().expect("a name").to_string_lossy();
    path.with_file_name(format!(".kaframe-{name}.tmp"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ended_before_and_after_its_state_was_written() {
    let (_broker, cluster) = filled(1000).await;
    let home = tempfile::tempdir().expect("a folder");
    let (folder, state) = (home.path().join("orders"), home.path().join("orders.state"));
    export(&cluster, &folder, &state).await.expect("exported");
    let before = fs::read(&state).expect("a state");
    fill(&cluster, 1000..2000).await;
    let written = export(&cluster, &folder, &state).await.expect("exported").written;
    let after = fs::read(&state).expect("a state");
    // Killed behind the state: the files are hidden still. The next run gives them their names.
    for file in &written.files {
        fs::rename(&file.path, hidden(&file.path)).expect("hidden");
    }
    assert!(
        export(&cluster, &folder, &state)
            .await
            .expect("exported")
            .written
            .files
            .is_empty()
    );
    assert_eq!(sorted(numbers(&folder)), (0..2000).collect::<Vec<_>>());
    // Killed before the state: hidden files that it knows nothing of. The next run removes them and does the work again.
    for file in &written.files {
        fs::rename(&file.path, hidden(&file.path)).expect("hidden");
    }
    fs::write(&state, before).expect("the state of before");
    let again = export(&cluster, &folder, &state).await.expect("exported");
    assert_eq!(again.written.rows(), 1000);
    assert_eq!(sorted(numbers(&folder)), (0..2000).collect::<Vec<_>>());
    assert!(names(&folder).iter().all(|name| !name.starts_with('.')));
    assert_ne!(after.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_written_back_into_a_topic() {
    let (_broker, cluster) = filled(2000).await;
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("orders.parquet");
    save(&cluster, &path, FileOptions::default()).await.expect("written");
    cluster
        .create_topic(&kaframe::NewTopic::new("copy", 1))
        .await
        .expect("created");
    let batches = FileSource::open(&path)
        .expect("it opens")
        .map(|batch| batch.expect("it reads"));
    let report = cluster
        .write("copy", batches, WriteOptions::default())
        .await
        .expect("written");
    assert_eq!(report.rows, 2000);
    let copy = cluster.read("copy", ScanOptions::default()).await.expect("read");
    let keys: BTreeSet<String> = copy
        .batches()
        .iter()
        .flat_map(|batch| {
            let keys = batch.column_by_name("_key").expect("keys");
            keys.as_string::<i64>()
                .iter()
                .flatten()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(keys.len(), 2000);
}
