//! The log on its own: offsets, slices, epochs, transactions, holes, times.

use bytes::{Bytes, BytesMut};
use kaframe_wire::ErrorCode;
use kaframe_wire::batch::{
    Batch, BatchBuilder, Compression, ControlType, DEFAULT_MAX_DECOMPRESSED, ProducerStamp, Scratch, control_batch,
};

use super::time::Found;
use super::{Aborted, EpochHistory, Log};
use crate::control::Hole;

fn batch(count: usize, timestamp: i64, stamp: ProducerStamp, compression: Compression) -> BytesMut {
    let mut builder = BatchBuilder::new(compression);
    for at in 0..count {
        let headers: &[(&[u8], Option<&[u8]>)] = &[(b"h", Some(b"1")), (b"h", None)];
        builder.push(
            timestamp + at as i64,
            Some(b"key"),
            (at % 2 == 0).then_some(b"value".as_slice()),
            headers,
        );
    }
    BytesMut::from(&builder.finish(stamp).unwrap()[..])
}

fn plain(count: usize) -> BytesMut {
    batch(count, 1000, ProducerStamp::NONE, Compression::None)
}

fn transactional(producer_id: i64, base_sequence: i32, count: usize) -> BytesMut {
    let stamp = ProducerStamp {
        producer_id,
        producer_epoch: 0,
        base_sequence,
        transactional: true,
    };
    batch(count, 1000, stamp, Compression::None)
}

fn log_of(counts: &[usize]) -> Log {
    let mut log = Log::new(0);
    for count in counts {
        log.append(plain(*count), None).unwrap();
    }
    log
}

/// Offsets of the records in the parts of a slice.
fn offsets(parts: &[Bytes]) -> Vec<i64> {
    let mut found = Vec::new();
    for part in parts {
        let batch = Batch::parse(part).unwrap();
        batch.verify_crc().unwrap();
        let mut scratch = Scratch::default();
        for record in batch.records(&mut scratch, DEFAULT_MAX_DECOMPRESSED).unwrap() {
            found.push(record.unwrap().offset);
        }
    }
    found
}

fn all(log: &Log) -> Vec<i64> {
    offsets(&log.slice(log.start_offset(), i64::MAX, usize::MAX, true, false).parts)
}

#[test]
fn slices_begin_with_the_batch_that_holds_the_offset() {
    let log = log_of(&[3, 3, 3]);
    assert_eq!(
        (
            log.start_offset(),
            log.high_watermark(),
            log.last_stable_offset(),
            log.end_offset()
        ),
        (0, 9, 9, 9)
    );
    assert_eq!(
        offsets(&log.slice(4, 9, usize::MAX, true, false).parts),
        [3, 4, 5, 6, 7, 8]
    );
    assert_eq!(offsets(&log.slice(4, 6, usize::MAX, true, false).parts), [3, 4, 5]);
    assert!(log.slice(9, 9, usize::MAX, true, false).parts.is_empty());
}

#[test]
fn slices_are_cut_at_the_limit_but_the_first_batch_comes_whole() {
    let log = log_of(&[3, 3, 3]);
    let one = log.slice(0, 3, usize::MAX, true, false).bytes;
    let cut = log.slice(0, 9, one + 10, true, false);
    assert_eq!((cut.parts.len(), cut.bytes, cut.parts[1].len()), (2, one + 10, 10));
    let exact = log.slice(0, 9, one, true, false);
    assert_eq!((exact.parts.len(), exact.bytes), (1, one));
    assert_eq!(log.slice(0, 9, 1, true, false).bytes, one, "at least one batch");
    assert_eq!(
        log.slice(0, 9, one - 1, false, false).bytes,
        0,
        "no piece of a first batch"
    );
}

#[test]
fn the_high_watermark_can_be_held_back() {
    let mut log = log_of(&[3, 3]);
    log.pin_high_watermark(Some(3));
    assert_eq!(
        (log.high_watermark(), log.last_stable_offset(), log.end_offset()),
        (3, 3, 6)
    );
    log.pin_high_watermark(Some(99));
    assert_eq!(log.high_watermark(), 6);
    log.pin_high_watermark(None);
    assert_eq!(log.high_watermark(), 6);
}

#[test]
fn open_transactions_hold_the_last_stable_offset() {
    let mut log = log_of(&[2]);
    log.append(transactional(1, 0, 2), None).unwrap();
    log.append(transactional(2, 0, 1), None).unwrap();
    log.append(plain(1), None).unwrap();
    assert_eq!((log.last_stable_offset(), log.high_watermark()), (2, 6));
    assert_eq!(log.append_marker(1, 0, false, 0, 1), 6);
    assert_eq!(log.last_stable_offset(), 4);
    assert_eq!(log.append_marker(2, 0, true, 0, 1), 7);
    assert_eq!(log.last_stable_offset(), 8);
    let aborted = Aborted {
        producer_id: 1,
        first_offset: 2,
        marker_offset: 6,
    };
    assert_eq!(log.slice(0, 8, usize::MAX, true, true).aborted, [aborted]);
    assert_eq!(
        log.slice(6, 8, usize::MAX, true, true).aborted,
        [aborted],
        "its marker is in the slice"
    );
    assert!(log.slice(7, 8, usize::MAX, true, true).aborted.is_empty());
    assert!(log.slice(0, 2, usize::MAX, true, true).aborted.is_empty());
    assert!(log.slice(0, 8, usize::MAX, true, false).aborted.is_empty());
}

#[test]
fn a_marker_without_data_aborts_nothing() {
    let mut log = log_of(&[1]);
    log.append_marker(1, 0, false, 0, 1);
    assert!(log.slice(0, 2, usize::MAX, true, true).aborted.is_empty());
    assert_eq!(log.last_stable_offset(), 2);
}

#[test]
fn the_sixth_last_batch_is_no_longer_known_again() {
    let mut log = Log::new(0);
    let send = |log: &mut Log, sequence| {
        log.append(transactional(1, sequence, 1), None)
            .map(|done| done.base_offset)
    };
    for sequence in 0..6 {
        assert_eq!(send(&mut log, sequence), Ok(i64::from(sequence)));
    }
    assert_eq!(send(&mut log, 1), Ok(1));
    assert_eq!(send(&mut log, 0), Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
    assert_eq!(log.end_offset(), 6);
}

#[test]
fn the_log_start_moves_up_only() {
    let mut log = log_of(&[3, 3]);
    log.move_start(4);
    assert_eq!(log.start_offset(), 4);
    assert_eq!(all(&log), [3, 4, 5], "a batch across the log start stays whole");
    log.move_start(2);
    assert_eq!(log.start_offset(), 4);
    log.move_start(99);
    assert_eq!((log.start_offset(), log.end_offset()), (6, 6));
    assert!(all(&log).is_empty());
}

#[test]
fn epochs() {
    let mut history = EpochHistory::new(0);
    history.start(2, 10);
    history.start(5, 20);
    assert_eq!(history.end_of(-1, 30), (-1, -1));
    assert_eq!(history.end_of(0, 30), (0, 10));
    assert_eq!(history.end_of(1, 30), (0, 10));
    assert_eq!(history.end_of(2, 30), (2, 20));
    assert_eq!(history.end_of(4, 30), (2, 20));
    assert_eq!(history.end_of(5, 30), (5, 30));
    assert_eq!(history.end_of(6, 30), (-1, -1));
    assert_eq!((history.at(9), history.at(10), history.at(25)), (0, 2, 5));
    history.cut_below(15);
    assert_eq!(history.end_of(0, 30), (0, 15));
    history.cut_from(20);
    assert_eq!(history.latest(), 2);
}

#[test]
fn batches_carry_the_epoch_they_were_written_in() {
    let mut log = log_of(&[1]);
    log.start_epoch(3);
    log.append(plain(1), None).unwrap();
    let epoch = |part: &Bytes| Batch::parse(part).unwrap().header.partition_leader_epoch;
    let parts = log.slice(0, 2, usize::MAX, true, false).parts;
    assert_eq!(parts.iter().map(epoch).collect::<Vec<i32>>(), [0, 3]);
    assert_eq!(log.epochs().end_of(0, 2), (0, 1));
}

#[test]
fn truncation_forgets_what_was_cut() {
    let mut log = log_of(&[3]);
    log.append(transactional(1, 0, 2), None).unwrap();
    log.append_marker(1, 0, false, 0, 1);
    log.truncate(4);
    assert_eq!((log.end_offset(), log.last_stable_offset()), (4, 4));
    assert_eq!(all(&log), [0, 1, 2]);
    assert!(log.slice(0, 4, usize::MAX, true, true).aborted.is_empty());
    assert_eq!(log.append(transactional(1, 0, 2), None).unwrap().base_offset, 4);
}

#[test]
fn holes_of_both_kinds() {
    for compression in [Compression::None, Compression::Gzip] {
        let mut log = Log::new(0);
        for _ in 0..3 {
            log.append(batch(4, 1000, ProducerStamp::NONE, compression), None)
                .unwrap();
        }
        log.make_hole(2, 5, Hole::EmptyBatch).unwrap();
        assert_eq!(all(&log), [0, 1, 5, 6, 7, 8, 9, 10, 11]);
        let header = |at: usize| Batch::parse(&log.batches[at].bytes).unwrap().header;
        assert_eq!(
            (header(0).record_count, header(0).last_offset_delta),
            (2, 3),
            "the batch still ends at 3"
        );
        assert_eq!((header(1).base_offset, header(1).record_count), (4, 3));
    }
}

#[test]
fn holes_at_the_end() {
    let mut log = log_of(&[4, 4]);
    log.make_hole(3, 8, Hole::EmptyBatch).unwrap();
    assert_eq!(log.end_offset(), 8);
    let header = |log: &Log, at: usize| Batch::parse(&log.batches[at].bytes).unwrap().header;
    assert_eq!(
        (
            log.batches.len(),
            header(&log, 1).record_count,
            header(&log, 1).next_offset()
        ),
        (2, 0, 8)
    );

    let mut log = log_of(&[4, 4]);
    log.make_hole(3, 8, Hole::Nothing).unwrap();
    assert_eq!((log.end_offset(), log.high_watermark()), (8, 8));
    assert_eq!((log.batches.len(), header(&log, 0).next_offset()), (1, 3));
    assert!(log.slice(3, 8, usize::MAX, true, false).parts.is_empty());
    assert_eq!(log.append(plain(1), None).unwrap().base_offset, 8);
}

#[test]
fn rewritten_batches_keep_their_records() {
    let mut log = Log::new(0);
    log.append(batch(4, 1000, ProducerStamp::NONE, Compression::Zstd), None)
        .unwrap();
    log.make_hole(1, 3, Hole::EmptyBatch).unwrap();
    let stored = Batch::parse(&log.batches[0].bytes).unwrap();
    stored.verify_crc().unwrap();
    let mut scratch = Scratch::default();
    let left: Vec<_> = stored
        .records(&mut scratch, DEFAULT_MAX_DECOMPRESSED)
        .unwrap()
        .map(|record| record.unwrap())
        .collect();
    assert_eq!(
        (left[0].offset, left[0].timestamp, left[0].value),
        (0, Some(1000), Some(&b"value"[..]))
    );
    assert_eq!(
        (left[1].offset, left[1].timestamp, left[1].key),
        (3, Some(1003), Some(&b"key"[..]))
    );
    assert_eq!(left[1].value, None);
    let headers: Vec<_> = left[1].headers.iter().collect();
    assert_eq!(headers, [(&b"h"[..], Some(&b"1"[..])), (&b"h"[..], None)]);
}

#[test]
fn times_are_found_exactly() {
    let mut log = Log::new(4);
    for timestamp in [1000, 5000, 3000] {
        log.append(batch(3, timestamp, ProducerStamp::NONE, Compression::Lz4), None)
            .unwrap();
    }
    let at = |log: &Log, timestamp| log.first_at_or_after(timestamp).unwrap().map(|found| found.offset);
    assert_eq!(at(&log, 0), Some(0));
    assert_eq!(at(&log, 1002), Some(2));
    assert_eq!(at(&log, 1003), Some(3));
    assert_eq!(at(&log, 5002), Some(5));
    assert_eq!(at(&log, 5003), None);
    let largest = Found {
        offset: 5,
        timestamp: 5002,
        leader_epoch: 4,
    };
    assert_eq!(log.with_largest_timestamp().unwrap(), Some(largest));
    log.move_start(1);
    assert_eq!(at(&log, 0), Some(1), "not below the log start");
    assert_eq!(Log::new(0).with_largest_timestamp().unwrap(), None);
}

#[test]
fn exact_appends_keep_offsets_and_survive_garbage() {
    let mut log = Log::new(0);
    let mut far = plain(2);
    far[..8].copy_from_slice(&100_i64.to_be_bytes());
    log.append_exact(far.freeze());
    assert_eq!((log.end_offset(), all(&log)), (102, vec![100, 101]));
    log.append_exact(Bytes::from_static(b"garbage"));
    assert_eq!(log.end_offset(), 103);
    assert_eq!(&log.slice(102, 103, usize::MAX, true, false).parts[0][..], b"garbage");
    // A record count that cannot be, in a header whose offsets are right.
    let mut damaged = plain(2);
    damaged[..8].copy_from_slice(&200_i64.to_be_bytes());
    damaged[57..61].copy_from_slice(&(-5_i32).to_be_bytes());
    log.append_exact(damaged.freeze());
    assert_eq!(log.end_offset(), 202);
    // Several entries in one go, as a segment holds them.
    let mut two = Log::new(0);
    two.append_exact(
        [&plain(1)[..], &control_batch(1, 0, 9, 0, ControlType::Commit, 0)[..]]
            .concat()
            .into(),
    );
    assert_eq!((two.batches.len(), two.end_offset()), (2, 2));
}

#[test]
fn damage_shows_in_the_checksum_only() {
    let mut log = log_of(&[2, 2]);
    assert!(log.corrupt(3));
    assert!(!log.corrupt(4));
    let parts = log.slice(0, 4, usize::MAX, true, false).parts;
    assert!(Batch::parse(&parts[0]).unwrap().verify_crc().is_ok());
    assert!(Batch::parse(&parts[1]).unwrap().verify_crc().is_err());
}
