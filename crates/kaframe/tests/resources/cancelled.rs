//! A read that is cancelled, or a stream that is dropped, at any moment leaves no thread, no socket and no memory behind.

use std::thread;
use std::time::Duration;

use kaframe::blocking::Cluster;
use kaframe::{CancelToken, ErrorKind, ScanOptions};

use crate::support::{alone, broker, events, memory, reading_threads, settles, sockets};

#[test]
fn at_a_hundred_random_moments() {
    alone("cancelled::at_a_hundred_random_moments", || {
        let broker = broker(2, &events(500), 2000);
        assert_eq!(reading_threads(), 0);
        let quiet = sockets();
        // A fixed seed: the moments are the same in every run, where they fall is not.
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut after_ten = 0;
        let mut cancelled = 0;
        for turn in 0..100 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let moment = Duration::from_micros(seed % 60_000);
            let cluster = Cluster::connect(&broker.bootstrap_servers()).unwrap();
            let cancel = CancelToken::new();
            let options = ScanOptions {
                cancel: cancel.clone(),
                ..ScanOptions::default()
            };
            let stopper = thread::spawn(move || {
                thread::sleep(moment);
                cancel.cancel();
            });
            let failed = if turn % 2 == 0 {
                cluster.read("t", options).map(|_| ()).err()
            } else {
                match cluster.scan("t", options).and_then(|scan| scan.stream()) {
                    Err(error) => Some(error),
                    // Every other stream is dropped in the middle.
                    Ok(stream) if turn % 4 == 1 => stream.take(3).find_map(Result::err),
                    Ok(mut stream) => stream.find_map(Result::err),
                }
            };
            stopper.join().unwrap();
            if let Some(error) = failed {
                assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
                cancelled += 1;
            }
            drop(cluster);
            settles("threads", || reading_threads() == 0);
            settles("sockets", || sockets() <= quiet);
            if turn == 9 {
                after_ten = memory("VmRSS");
            }
        }
        assert!(cancelled > 20, "only {cancelled} were cancelled");
        let grown = memory("VmRSS").saturating_sub(after_ten);
        println!("{cancelled} cancelled, {} MiB more than after ten", grown >> 20);
        assert!(grown < 48 << 20, "{grown} bytes more than after ten");
    });
}
