//! Columns: formats found, types decided over everything, exactly the columns asked for.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use kaframe::{ErrorKind, Metadata, OnError, ScanOptions, Table, ValueFormat};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

use crate::support::{Bench, batch, bench, check, ints, nulls, texts};

fn names(table: &Table) -> Vec<String> {
    table
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}

fn data_type(table: &Table, name: &str) -> DataType {
    table.schema().field_with_name(name).unwrap().data_type().clone()
}

fn all_metadata() -> ScanOptions {
    let names = [
        "_key",
        "_partition",
        "_offset",
        "_timestamp",
        "_topic",
        "_headers",
        "_timestamp_type",
        "_error",
        "_tombstone",
    ];
    ScanOptions {
        metadata: Metadata::Only(names.map(String::from).to_vec()),
        value_format: Some(ValueFormat::Json),
        ..ScanOptions::default()
    }
}

#[test]
fn every_metadata_column() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::Zstd);
    builder.push(
        1,
        Some(b"k"),
        Some(b"{\"a\": 1}"),
        &[(b"h", Some(b"1")), (b"h", None), (b"i", Some(b""))],
    );
    builder.push(2, None, None, &[]);
    builder.push(-1, Some(b""), Some(b"{bad"), &[]);
    bench
        .control
        .append_raw("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    let table = bench.read(all_metadata());
    check(&table);
    let row = &table.batches()[0];
    assert_eq!(
        texts(table.batches(), "_key"),
        [Some("k".into()), None, Some(String::new())]
    );
    assert_eq!(texts(table.batches(), "_topic"), vec![Some("t".to_owned()); 3]);
    assert_eq!(
        texts(table.batches(), "_timestamp_type"),
        vec![Some("CreateTime".to_owned()); 3]
    );
    assert_eq!(nulls(table.batches(), "_timestamp"), 1);
    let tombstones = row.column_by_name("_tombstone").unwrap().as_boolean();
    assert_eq!(
        tombstones.iter().collect::<Vec<_>>(),
        [Some(false), Some(true), Some(false)]
    );
    let errors = texts(table.batches(), "_error");
    assert_eq!((&errors[0], &errors[1]), (&None, &None));
    assert!(errors[2].as_ref().unwrap().contains("at byte"), "{errors:?}");
    let headers = row.column_by_name("_headers").unwrap().as_list::<i64>();
    let first = headers.value(0);
    let first = first.as_struct();
    assert_eq!(
        first.column(0).as_string::<i64>().iter().flatten().collect::<Vec<_>>(),
        ["h", "h", "i"]
    );
    let values: Vec<Option<&[u8]>> = first.column(1).as_binary::<i64>().iter().collect();
    assert_eq!(values, [Some(&b"1"[..]), None, Some(&b""[..])]);
    assert_eq!((headers.value(1).len(), headers.null_count()), (0, 0));
}

#[test]
fn no_metadata_and_exact_columns() {
    let bench = bench(1);
    bench.append(
        0,
        1,
        &[r#"{"user": {"id": 7, "name": "x"}, "n": 1, "_offset": "mine"}"#],
    );
    let table = bench.read(ScanOptions {
        metadata: Metadata::None,
        ..ScanOptions::default()
    });
    assert_eq!(names(&table), ["user", "n", "value._offset"]);
    assert_eq!(table.report().warnings.len(), 1, "{:?}", table.report().warnings);
    let table = bench.read(ScanOptions::default().columns(["_offset", "user.id", "value._offset", "n"]));
    assert_eq!(names(&table), ["_offset", "user.id", "value._offset", "n"]);
    assert_eq!(ints(table.batches(), "user.id"), [7]);
    assert_eq!(texts(table.batches(), "value._offset"), [Some("mine".into())]);
    let table = bench.read(ScanOptions::default().columns(["_partition"]));
    assert_eq!((names(&table), table.num_rows()), (vec!["_partition".to_owned()], 1));
    let error = bench.fails(ScanOptions::default().columns(["usr.id"]));
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.hint().unwrap().contains("user.id"), "{:?}", error.hint());
}

#[test]
fn columns_of_an_empty_topic_are_nulls() {
    let bench = bench(1);
    let table = bench.read(ScanOptions::default().columns(["a", "_offset"]));
    assert_eq!(names(&table), ["a", "_offset"]);
    assert_eq!(data_type(&table, "a"), DataType::Null);
}

#[test]
fn types_are_decided_over_everything() {
    let bench = bench(2);
    bench.append(0, 1, &[r#"{"a": 1, "b": 1, "c": null}"#, r#"{"a": 2, "b": 2}"#]);
    bench.append(1, 1, &[r#"{"d": 1, "a": 2.5, "b": "x"}"#, r#"{"c": [1]}"#]);
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(names(&table)[..4], ["a", "b", "c", "d"]);
    assert_eq!(data_type(&table, "a"), DataType::Float64);
    // A mix is JSON text: 1 and "1" stay apart.
    let b: Vec<_> = texts(table.batches(), "b");
    assert_eq!(b, [Some("1".into()), Some("2".into()), Some("\"x\"".into()), None]);
    assert_eq!(nulls(table.batches(), "d"), 3);
}

#[test]
fn formats_are_found_and_told() {
    let format = |values: &[&str]| {
        let bench = bench(1);
        bench.append(0, 1, values);
        bench.read(ScanOptions::default()).report().value_format
    };
    assert_eq!(format(&["{}", "[1]", "{\"a\": 1}"]), Some(ValueFormat::Json));
    assert_eq!(format(&["1", "2", "true"]), Some(ValueFormat::String));
    assert_eq!(format(&["hello"]), Some(ValueFormat::String));
    let bench = bench(1);
    let raw: Vec<Option<&[u8]>> = vec![Some(&[0xff, 0xfe]), None];
    bench.control.append_raw("t", 0, batch(1, &raw, ProducerStamp::NONE));
    let table = bench.read(ScanOptions::default());
    assert_eq!(table.report().value_format, Some(ValueFormat::Raw));
    assert_eq!(data_type(&table, "value"), DataType::LargeBinary);
    assert_eq!(nulls(table.batches(), "value"), 1);
}

#[test]
fn tombstones_alone_give_metadata_alone() {
    let bench = bench(1);
    bench
        .control
        .append_raw("t", 0, batch(1, &[None, None], ProducerStamp::NONE));
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(names(&table), ["_key", "_partition", "_offset", "_timestamp"]);
    assert_eq!(table.num_rows(), 2);
}

fn one_in_ten_bad(bench: &Bench) {
    let values: Vec<String> = (0..40)
        .map(|n| {
            if n % 20 == 7 {
                "{bad".to_owned()
            } else {
                format!("{{\"n\": {n}}}")
            }
        })
        .collect();
    bench.append(0, 1, &values.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn malformed_values_follow_on_error() {
    let bench = bench(1);
    one_in_ten_bad(&bench);
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!((table.num_rows(), nulls(table.batches(), "n")), (40, 2));
    assert_eq!(ints(std::slice::from_ref(table.errors()), "offset"), [7, 27]);
    assert_eq!(table.report().malformed, 2);
    assert_eq!(table.report().warnings.len(), 1);
    let table = bench.read(ScanOptions {
        on_error: OnError::Skip,
        ..ScanOptions::default()
    });
    check(&table);
    assert_eq!((table.num_rows(), table.report().partitions[0].skipped), (38, 2));
    let error = bench.fails(ScanOptions {
        on_error: OnError::Raise,
        ..ScanOptions::default()
    });
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Decode, Some(7)));
}

#[test]
fn a_stray_scalar_among_objects_is_malformed_and_changes_no_column() {
    let bench = bench(1);
    let objects: Vec<String> = (0..40).map(|n| format!("{{\"n\": {n}}}")).collect();
    let mut values: Vec<&str> = objects.iter().map(String::as_str).collect();
    values[7] = "17";
    values[8] = "[1]";
    bench.append(0, 1, &values);
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(data_type(&table, "n"), DataType::Int64);
    assert_eq!((table.num_rows(), nulls(table.batches(), "n")), (40, 2));
    assert_eq!(ints(std::slice::from_ref(table.errors()), "offset"), [7, 8]);
    let reasons = texts(std::slice::from_ref(table.errors()), "reason");
    let reason = reasons[0].as_deref().unwrap();
    assert!(
        reason.contains("a JSON number where this topic's records are objects"),
        "{reason}"
    );
}

#[test]
fn malformed_keys_follow_on_error_too() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::None);
    for n in 0..20 {
        let key: &[u8] = if n == 5 { &[0xff] } else { b"k" };
        builder.push(n, Some(key), Some(format!("{{\"n\": {n}}}").as_bytes()), &[]);
    }
    bench
        .control
        .append_raw("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    let table = bench.read(ScanOptions::default());
    check(&table);
    assert_eq!(
        (
            table.num_rows(),
            nulls(table.batches(), "_key"),
            nulls(table.batches(), "n")
        ),
        (20, 1, 0)
    );
    let table = bench.read(ScanOptions {
        on_error: OnError::Skip,
        ..ScanOptions::default()
    });
    check(&table);
    assert_eq!(
        ints(table.batches(), "n"),
        (0..20).filter(|n| *n != 5).collect::<Vec<_>>()
    );
    assert_eq!(table.report().partitions[0].skipped, 1);
}

#[test]
fn keys_of_four_and_eight_bytes() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::None);
    builder.push(1, Some(&7i32.to_be_bytes()), Some(b"{}"), &[]);
    bench
        .control
        .append_raw("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    let table = bench.read(ScanOptions {
        key_format: Some(ValueFormat::Int),
        ..ScanOptions::default()
    });
    assert_eq!(data_type(&table, "_key"), DataType::Int32);
    assert_eq!(ints(table.batches(), "_key"), [7]);
}

#[test]
fn a_format_that_no_value_has_is_an_error_with_three_of_them() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let error = bench.fails(ScanOptions::default().value_format(ValueFormat::Int));
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.to_string().lines().count(), 4, "{error}");
}

#[test]
fn json_keys_are_one_column() {
    let bench = bench(1);
    let mut builder = BatchBuilder::new(Compression::None);
    for n in 0..1500 {
        let key = if n < 1200 {
            format!("{{\"id\": {n}}}")
        } else {
            format!("\"k{n}\"")
        };
        builder.push(n, Some(key.as_bytes()), Some(b"{}"), &[]);
    }
    bench
        .control
        .append_raw("t", 0, builder.finish(ProducerStamp::NONE).unwrap());
    let options = ScanOptions {
        key_format: Some(ValueFormat::Json),
        ..ScanOptions::default()
    };
    let table = bench.read(ScanOptions {
        end: kaframe::Bound::Offset(1000).into(),
        ..options.clone()
    });
    assert!(matches!(data_type(&table, "_key"), DataType::Struct(_)));
    let table = bench.read(options.clone());
    check(&table);
    let (batches, _) = bench.streamed(options).unwrap();
    for batches in [table.batches(), &batches] {
        let keys = texts(batches, "_key");
        assert_eq!(
            (keys[3].as_deref(), keys[1300].as_deref()),
            (Some("{\"id\": 3}"), Some("\"k1300\""))
        );
    }
}
