//! What is written is what is read: any records, every compression.

use kaframe_wire::batch::{
    Batch, BatchBuilder, Compression, ControlType, DEFAULT_MAX_DECOMPRESSED, ProducerStamp, Scratch, TimestampType,
    Walk, control_batch, empty_batch_like, restamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A record that owns its bytes.
#[derive(Debug, Clone, PartialEq)]
struct Owned {
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // Mostly short, some that need two and three bytes of length, some that compress well.
    prop_oneof![
        8 => vec(any::<u8>(), 0..40),
        2 => vec(any::<u8>(), 60..300),
        1 => (any::<u8>(), 0usize..40_000).prop_map(|(byte, length)| vec![byte; length]),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Vec<u8>>)>> {
    // Few different keys, so that duplicates are common; empty keys and null values among them.
    let key = prop_oneof![Just(vec![]), Just(b"a".to_vec()), Just(vec![0xff]), bytes()];
    vec((key, option::of(bytes())), 0..5)
}

fn record() -> impl Strategy<Value = Owned> {
    let timestamp = prop_oneof![
        -5i64..5,
        1_700_000_000_000i64..1_800_000_000_000,
        -(1i64 << 60)..(1i64 << 60)
    ];
    (timestamp, option::of(bytes()), option::of(bytes()), headers()).prop_map(|(timestamp, key, value, headers)| {
        Owned {
            timestamp,
            key,
            value,
            headers,
        }
    })
}

fn stamp() -> impl Strategy<Value = ProducerStamp> {
    (any::<i64>(), any::<i16>(), any::<i32>(), any::<bool>()).prop_map(
        |(producer_id, producer_epoch, base_sequence, transactional)| ProducerStamp {
            producer_id,
            producer_epoch,
            base_sequence,
            transactional,
        },
    )
}

fn build(records: &[Owned], compression: Compression, stamp: ProducerStamp) -> Vec<u8> {
    let mut builder = BatchBuilder::new(compression);
    for record in records {
        let headers: Vec<(&[u8], Option<&[u8]>)> = record
            .headers
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
            .collect();
        builder.push(
            record.timestamp,
            record.key.as_deref(),
            record.value.as_deref(),
            &headers,
        );
    }
    assert_eq!(builder.len(), records.len());
    let size = builder.size_bytes();
    let batch = builder.finish(stamp).expect("a batch with records");
    if compression == Compression::None {
        assert_eq!(size, batch.len());
    }
    batch.to_vec()
}

fn read(batch: &Batch<'_>, scratch: &mut Scratch) -> Vec<(i64, Owned)> {
    let records = batch.records(scratch, DEFAULT_MAX_DECOMPRESSED).expect("records");
    records
        .map(|record| {
            let record = record.expect("a record");
            assert_eq!(record.headers.len(), record.headers.iter().count());
            let owned = Owned {
                timestamp: record.timestamp.unwrap_or(-1),
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: record
                    .headers
                    .iter()
                    .map(|(k, v)| (k.to_vec(), v.map(<[u8]>::to_vec)))
                    .collect(),
            };
            (record.offset, owned)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_records_any_compression(
        records in vec(record(), 1..20),
        codec in 0usize..5,
        stamp in stamp(),
        base in 0i64..1 << 40,
    ) {
        let compression = Compression::ALL[codec];
        let mut bytes = build(&records, compression, stamp);
        restamp(&mut bytes, base, 7, None).expect("restamp");
        let mut scratch = Scratch::default();

        // Twice in a row, with a cut third one behind: the walk gives two.
        let mut log = bytes.clone();
        let mut second = bytes.clone();
        restamp(&mut second, base + records.len() as i64, 8, None).expect("restamp");
        log.extend_from_slice(&second);
        log.extend_from_slice(&second[..second.len() - 1]);
        let mut walk = Walk::new(&log);
        let batches: Vec<_> = walk.by_ref().collect::<Result<_, _>>().expect("walk");
        prop_assert_eq!(batches.len(), 2);
        prop_assert_eq!(walk.cut_tail(), second.len() - 1);
        prop_assert_eq!(batches[1].position, bytes.len());

        let mut expected = base;
        for batch in &batches {
            let header = batch.header;
            prop_assert_eq!(header.base_offset, expected);
            prop_assert_eq!(header.compression(), Ok(compression));
            prop_assert_eq!(header.timestamp_type(), TimestampType::CreateTime);
            prop_assert_eq!(header.is_transactional(), stamp.transactional);
            prop_assert!(!header.is_control() && !header.is_legacy() && !header.has_delete_horizon());
            prop_assert_eq!(header.producer_id, stamp.producer_id);
            prop_assert_eq!(header.producer_epoch, stamp.producer_epoch);
            prop_assert_eq!(header.base_sequence, stamp.base_sequence);
            prop_assert_eq!(header.record_count as usize, records.len());
            prop_assert_eq!(header.max_timestamp, records.iter().map(|r| r.timestamp).max().unwrap());
            batch.verify_crc().expect("crc");
            for ((offset, found), written) in read(batch, &mut scratch).into_iter().zip(&records) {
                prop_assert_eq!(offset, expected);
                prop_assert_eq!(&found, written);
                expected += 1;
            }
            prop_assert_eq!(header.next_offset(), expected);
        }
        prop_assert_eq!(batches[0].header.partition_leader_epoch, 7);
    }

    #[test]
    fn log_append_time_is_the_time_of_every_record(records in vec(record(), 1..5), time in 0i64..1 << 42) {
        let mut bytes = build(&records, Compression::Lz4, ProducerStamp::NONE);
        restamp(&mut bytes, 3, 0, Some(time)).expect("restamp");
        let batch = Batch::parse(&bytes).expect("parse");
        batch.verify_crc().expect("the CRC was computed anew");
        prop_assert_eq!(batch.header.timestamp_type(), TimestampType::LogAppendTime);
        prop_assert!(read(&batch, &mut Scratch::default()).iter().all(|(_, record)| record.timestamp == time));
    }

    #[test]
    fn control_batches(offset in 0i64..1 << 50, pid in any::<i64>(), epoch in any::<i16>(), kind in -3i16..9) {
        let control = match kind {
            0 => ControlType::Abort,
            1 => ControlType::Commit,
            other => ControlType::Other(other),
        };
        let bytes = control_batch(offset, 5, pid, epoch, control, 3);
        let batch = Batch::parse(&bytes).expect("parse");
        batch.verify_crc().expect("crc");
        prop_assert_eq!(batch.control_type(), Some(control));
        prop_assert!(batch.header.is_control() && batch.header.is_transactional());
        prop_assert_eq!((batch.header.producer_id, batch.header.producer_epoch), (pid, epoch));
        prop_assert_eq!(batch.header.next_offset(), offset + 1);
    }
}

#[test]
fn an_emptied_batch_keeps_its_place() {
    let records = vec![
        Owned {
            timestamp: 9,
            key: None,
            value: None,
            headers: vec![]
        };
        5
    ];
    let stamp = ProducerStamp {
        producer_id: 4,
        producer_epoch: 1,
        base_sequence: 2,
        transactional: true,
    };
    let mut bytes = build(&records, Compression::Gzip, stamp);
    restamp(&mut bytes, 100, 6, None).expect("restamp");
    let header = Batch::parse(&bytes).expect("parse").header;

    let empty = empty_batch_like(&header);
    let batch = Batch::parse(&empty).expect("parse");
    batch.verify_crc().expect("crc");
    assert_eq!(batch.header.record_count, 0);
    assert_eq!(batch.header.next_offset(), 105);
    assert_eq!(batch.header.partition_leader_epoch, 6);
    assert_eq!(batch.header.producer_id, 4);
    assert!(batch.header.is_transactional());
    assert_eq!(batch.control_type(), None);
    assert!(read(&batch, &mut Scratch::default()).is_empty());
}

#[test]
fn an_empty_builder_has_nothing_to_send() {
    let builder = BatchBuilder::new(Compression::None);
    assert!(builder.is_empty());
    assert!(builder.finish(ProducerStamp::NONE).is_err());
}

#[test]
fn names_of_compressions() {
    for compression in Compression::ALL {
        assert_eq!(compression.to_string().parse(), Ok(compression));
    }
    assert!("brotli".parse::<Compression>().is_err());
}
