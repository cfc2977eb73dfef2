//! A scan that goes on: new records, new partitions, moved leaders; what was given is where the next read starts.

use std::time::{Duration, Instant};

use kaframe::blocking::Follow;
use kaframe::{Bounds, CancelToken, ErrorKind, Followed, ScanOptions};

use kaframe_broker::{BrokerOptions, TopicSpec};

use crate::support::{Bench, bench, bench_with, ints};

fn follow(bench: &Bench, options: ScanOptions) -> Follow {
    let scan = bench.cluster.scan("t", options).expect("a plan");
    scan.follow().unwrap_or_else(|error| panic!("{error}"))
}

fn next(follow: &mut Follow) -> Vec<i64> {
    ints(&[follow.next().expect("it goes on").expect("a batch")], "n")
}

#[test]
fn new_records_come_soon_and_once() {
    let bench = bench(1);
    bench.numbers(0, 0..5);
    let mut follow = follow(&bench, ScanOptions::default());
    assert_eq!(follow.schema(), None);
    assert_eq!(next(&mut follow), [0, 1, 2, 3, 4]);
    for round in 1..4 {
        let started = Instant::now();
        bench.numbers(0, round * 10..round * 10 + 2);
        assert_eq!(next(&mut follow), [round * 10, round * 10 + 1]);
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    }
    let place = follow.next_start();
    assert_eq!(place.topics[0].partitions[0].offset, 11);
    let report = follow.report().expect("a report");
    assert_eq!((report.delivered(), report.partitions[0].end), (11, 11));
    bench.numbers(0, 70..71);
    let rest = bench.read(ScanOptions::default().start_at(Bounds::Bookmark(place)));
    assert_eq!(ints(rest.batches(), "n"), [70]);
}

#[test]
fn it_waits_for_the_first_value_to_know_the_schema() {
    let bench = bench(1);
    let mut follow = follow(&bench, ScanOptions::default());
    let control = bench.control.clone();
    let writing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        let batch = crate::support::batch(1000, &[Some(b"{\"n\": 1}")], kaframe_wire::batch::ProducerStamp::NONE);
        control.append_raw("t", 0, batch);
    });
    assert_eq!(next(&mut follow), [1]);
    assert!(follow.schema().is_some());
    writing.join().expect("it writes");
    // From the end on, the format is told by what lies before.
    let mut follow = self::follow(&bench, ScanOptions::default().start("latest").unwrap());
    bench.numbers(0, 5..6);
    assert_eq!(next(&mut follow), [5]);
}

#[test]
fn the_newest_first_then_what_comes() {
    let bench = bench(1);
    bench.numbers(0, 0..30);
    let mut follow = follow(&bench, ScanOptions::default().tail(3));
    assert_eq!(next(&mut follow), [27, 28, 29]);
    bench.numbers(0, 30..31);
    assert_eq!(next(&mut follow), [30]);
    let mut limited = self::follow(&bench, ScanOptions::default().start("29").unwrap().limit(3));
    assert_eq!(next(&mut limited), [29, 30]);
    bench.numbers(0, 31..35);
    assert_eq!(next(&mut limited), [31]);
    assert!(limited.next().is_none());
    assert_eq!(limited.next_start().topics[0].partitions[0].offset, 32);
}

#[test]
fn what_does_not_fit_and_what_is_lost() {
    let bench = bench(1);
    bench.numbers(0, 0..2);
    let mut follow = follow(&bench, ScanOptions::default());
    assert_eq!(next(&mut follow), [0, 1]);
    bench.append(0, 1000, &["{\"n\": 2, \"new\": true}"]);
    let batch = follow.next().expect("it goes on").expect("a batch");
    assert_eq!(
        crate::support::texts(&[batch], "_extra"),
        [Some("{\"new\": true}".to_owned())]
    );
    // A topic that is made anew is not the one that was followed.
    bench.control.recreate_topic("t");
    let error = follow.next().expect("it ends with an error").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
    assert!(follow.next().is_none());
    let ended = bench
        .cluster
        .scan("t", ScanOptions::default().end("5").unwrap())
        .unwrap();
    assert_eq!(ended.follow().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn it_stops_at_once_when_cancelled() {
    let bench = bench(1);
    bench.numbers(0, 0..2);
    let cancel = CancelToken::new();
    let options = ScanOptions {
        cancel: cancel.clone(),
        ..ScanOptions::default()
    };
    let mut follow = follow(&bench, options);
    assert_eq!(next(&mut follow), [0, 1]);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let started = Instant::now();
    let error = follow.next().expect("it ends with an error").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert!(
        started.elapsed() < Duration::from_millis(550),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn leaders_move_while_it_follows() {
    let bench = bench_with(BrokerOptions {
        brokers: 2,
        topics: vec![TopicSpec::new("t", 1)],
        ..BrokerOptions::default()
    });
    bench.numbers(0, 0..3);
    let mut follow = follow(&bench, ScanOptions::default());
    assert_eq!(next(&mut follow), [0, 1, 2]);
    for round in 1..4 {
        bench.control.set_leader("t", 0, 1 + round as i32 % 2);
        bench.numbers(0, round * 10..round * 10 + 3);
        let expected: Vec<i64> = (round * 10..round * 10 + 3).collect();
        assert_eq!(next(&mut follow), expected);
    }
    assert_eq!(follow.report().expect("a report").delivered(), 12);
}

#[test]
fn partitions_that_are_added_join_from_their_start() {
    let bench = bench(1);
    bench.numbers(0, 0..2);
    let mut all = follow(&bench, ScanOptions::default().start("latest").unwrap());
    let only = ScanOptions {
        partitions: Some(vec![0]),
        ..ScanOptions::default()
    };
    let mut one = follow(&bench, only);
    assert_eq!(next(&mut one), [0, 1]);
    bench.control.grow_topic("t", 2);
    bench.numbers(1, 70..72);
    assert_eq!(next(&mut all), [70, 71], "what was written before it was noticed too");
    bench.numbers(0, 2..3);
    assert_eq!(next(&mut all), [2]);
    assert_eq!(next(&mut one), [2], "who asked for one partition has one");
    let place = all.next_start();
    let offsets: Vec<i64> = place.topics[0].partitions.iter().map(|p| p.offset).collect();
    assert_eq!(offsets, [3, 2]);
}

#[test]
fn records_that_are_deleted_before_they_were_given() {
    let bench = bench(1);
    bench.numbers(0, 0..5);
    let mut strict = follow(&bench, ScanOptions::default());
    let partial = ScanOptions {
        allow_partial: true,
        ..ScanOptions::default()
    };
    let mut partial = follow(&bench, partial);
    assert_eq!(
        (next(&mut strict), next(&mut partial)),
        (vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4])
    );
    // What was given already may go.
    bench.control.set_log_start("t", 0, 5);
    bench.numbers(0, 5..7);
    assert_eq!((next(&mut strict), next(&mut partial)), (vec![5, 6], vec![5, 6]));
    bench.numbers(0, 7..17);
    bench.numbers(0, 17..20);
    bench.control.set_log_start("t", 0, 17);
    let error = strict.next().expect("it ends with an error").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
    assert!(error.to_string().contains("17"), "{error}");
    assert_eq!(next(&mut partial), [17, 18, 19]);
    // What is lost is told when the round has ended.
    assert!(matches!(partial.step(), Some(Ok(Followed::CaughtUp))));
    let report = partial.report().expect("a report");
    assert_eq!((report.delivered(), report.partitions[0].lost), (10, 10));
}

#[test]
fn it_says_when_it_has_caught_up() {
    let bench = bench(2);
    bench.numbers(0, 0..3);
    let mut follow = follow(&bench, ScanOptions::default());
    let mut rows = 0;
    for end in [3, 5] {
        while let Followed::Batch(batch) = follow.step().expect("it goes on").expect("no error") {
            rows += batch.num_rows() as i64;
        }
        assert_eq!((rows, follow.next_start().topics[0].partitions[0].offset), (end, end));
        bench.numbers(0, 3..5);
    }
}

/// A batch of a version that does not exist: nothing tells where the next begins.
fn unreadable(bench: &Bench, partition: i32, offset: i64) {
    let mut batch = crate::support::batch(1, &[Some(b"{}")], kaframe_wire::batch::ProducerStamp::NONE).to_vec();
    batch[..8].copy_from_slice(&offset.to_be_bytes());
    batch[16] = 7;
    bench.control.append_exact("t", partition, batch.into());
}

#[test]
fn a_partition_that_cannot_be_read_ends_and_the_others_go_on() {
    let bench = bench(2);
    bench.numbers(0, 0..10);
    bench.numbers(1, 0..10);
    let options = ScanOptions {
        allow_partial: true,
        timeout: Duration::from_secs(2),
        ..ScanOptions::default()
    };
    let mut following = follow(&bench, options);
    let mut rows = [next(&mut following), next(&mut following)].concat();
    unreadable(&bench, 0, 10);
    bench.numbers(0, 20..30);
    // Longer than it takes until topics are looked up again.
    let started = Instant::now();
    for n in 100.. {
        bench.numbers(1, n..n + 1);
        rows.extend(next(&mut following));
        if started.elapsed() > Duration::from_secs(7) {
            break;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let report = following.report().expect("a report");
    assert!(rows.len() > 30 && rows.iter().all(|n| *n < 10 || *n >= 100), "{rows:?}");
    assert_eq!(report.lost_ranges.len(), 1, "{report}");
    let lost = &report.lost_ranges[0];
    assert_eq!((lost.partition, lost.range.start), (0, 10));
    assert!(
        lost.reason.contains("cannot be read") && lost.reason.ends_with("not followed any further"),
        "{lost:?}"
    );
    assert!(!report.complete);
    assert_eq!(following.next_start().topics[0].partitions[0].offset, 10);
    // Nothing is left then.
    unreadable(&bench, 1, rows.len() as i64 - 10);
    let error = loop {
        match following.step().expect("more") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error.to_string().contains("no partition of t is left to follow"),
        "{error}"
    );
}

#[test]
fn a_partition_that_was_given_up_is_tried_again() {
    let bench = bench(1);
    bench.numbers(0, 0..10);
    let options = ScanOptions {
        allow_partial: true,
        timeout: Duration::from_secs(1),
        ..ScanOptions::default()
    };
    let mut following = follow(&bench, options);
    assert_eq!(next(&mut following).len(), 10);
    let silent = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let still = silent.clone();
    bench.control.intercept(move |request| {
        if request.api_key == 1 && still.load(std::sync::atomic::Ordering::Relaxed) {
            kaframe_broker::Action::Silence
        } else {
            kaframe_broker::Action::Pass
        }
    });
    bench.numbers(0, 10..20);
    assert!(matches!(following.step(), Some(Ok(Followed::CaughtUp))));
    while following.report().expect("a report").complete {
        assert!(matches!(following.step(), Some(Ok(Followed::CaughtUp))));
    }
    silent.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(next(&mut following), (10..20).collect::<Vec<_>>());
    assert!(matches!(following.step(), Some(Ok(Followed::CaughtUp))));
    let report = following.report().expect("a report");
    assert!(report.complete && report.lost_ranges.is_empty(), "{report}");
    assert_eq!((report.delivered(), report.partitions[0].not_read), (20, 0));
}
