//! A read stops within a quarter of a second, wherever it is.

use std::thread;
use std::time::{Duration, Instant};

use kaframe::{CancelToken, ErrorKind, ScanOptions};
use kaframe_broker::Action;

use crate::support::bench;

#[test]
fn while_waiting_for_a_broker() {
    // Metadata, ListOffsets, Fetch: each hangs once.
    for api in [3, 2, 1] {
        let bench = bench(1);
        bench.numbers(0, 0..100);
        bench.control.intercept(move |request| {
            if request.api_key == api {
                Action::Silence
            } else {
                Action::Pass
            }
        });
        let cancel = CancelToken::new();
        let options = ScanOptions {
            cancel: cancel.clone(),
            ..ScanOptions::default()
        };
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            cancel.cancel();
            Instant::now()
        });
        let error = bench.fails(options);
        let took = stopper.join().unwrap().elapsed();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(took < Duration::from_millis(250), "api {api}: {took:?}");
    }
}

#[test]
fn before_and_in_a_stream() {
    let bench = bench(1);
    bench.numbers(0, 0..2000);
    let cancel = CancelToken::new();
    let options = ScanOptions {
        cancel: cancel.clone(),
        batch_size: 10,
        ..ScanOptions::default()
    };
    let mut stream = bench.cluster.scan("t", options.clone()).unwrap().stream().unwrap();
    assert!(stream.next().unwrap().is_ok());
    cancel.cancel();
    assert_eq!(stream.next().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(stream.next().is_none());
    assert_eq!(bench.fails(options).kind(), ErrorKind::Cancelled);
}
