//! Bookmarks: the next read starts exactly behind the last, or says why it cannot.

use kaframe::{Bookmark, Bounds, ErrorKind, ScanOptions};

use crate::support::{bench, ints};

fn from(bookmark: &Bookmark) -> ScanOptions {
    ScanOptions::default().start_at(Bounds::Bookmark(bookmark.clone()))
}

#[test]
fn what_came_since() {
    let bench = bench(2);
    bench.numbers(0, 0..30);
    let first = bench.read(ScanOptions::default());
    let text = first.next_start().to_string();
    let bookmark: Bookmark = text.parse().unwrap();
    assert_eq!(&bookmark, first.next_start());
    assert_eq!(bench.read(from(&bookmark)).num_rows(), 0);
    bench.numbers(0, 30..35);
    bench.numbers(1, 100..103);
    let second = bench.read(from(&bookmark));
    assert_eq!(ints(second.batches(), "n"), [30, 31, 32, 33, 34, 100, 101, 102]);
}

#[test]
fn a_bookmark_that_no_longer_fits() {
    let bench = bench(1);
    bench.numbers(0, 0..50);
    let bookmark = bench.read(ScanOptions::default().limit(20)).next_start().clone();
    bench.control.set_log_start("t", 0, 30);
    let error = bench.fails(from(&bookmark));
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::DataLoss, Some(20)),
        "{error}"
    );
    let table = bench.read(ScanOptions {
        allow_partial: true,
        ..from(&bookmark)
    });
    assert_eq!((table.report().partitions[0].lost, table.num_rows()), (10, 20));
    let other_cluster = Bookmark {
        cluster_id: Some("elsewhere".into()),
        ..bookmark.clone()
    };
    assert_eq!(bench.fails(from(&other_cluster)).kind(), ErrorKind::DataLoss);
    let mut other_topic = bookmark.clone();
    other_topic.topics[0].topic = "u".into();
    assert_eq!(bench.fails(from(&other_topic)).kind(), ErrorKind::Config);
    bench.control.recreate_topic("t");
    let error = bench.fails(from(&bookmark));
    assert_eq!(error.kind(), ErrorKind::DataLoss);
    assert!(error.to_string().contains("created again"), "{error}");
    assert_eq!("{}".parse::<Bookmark>().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn a_truncated_log_is_noticed() {
    let bench = bench(1);
    bench.numbers(0, 0..50);
    let bookmark = bench.read(ScanOptions::default()).next_start().clone();
    bench.control.truncate("t", 0, 40);
    assert_eq!(bench.fails(from(&bookmark)).kind(), ErrorKind::DataLoss);
    // Written on beyond the old end: only the leader epoch tells.
    bench.numbers(0, 1000..1060);
    let error = bench.fails(from(&bookmark));
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
}
