//! Brokers that are far away get more connections, near ones do not: as many as cores do.

use std::net::ToSocketAddrs;
use std::time::Duration;

use kaframe::blocking::Cluster;
use kaframe::{Metadata, ScanOptions, Tuning, tune};

use crate::delay::Delay;
use crate::support::{alone, broker, events};

/// Two "cores", whatever the machine has.
const CORES: usize = 2;
/// One asked for Metadata and offsets, one that looked at the front and is used again.
const OTHERS: usize = 2;

#[test]
fn more_connections_only_for_distance() {
    alone("far::more_connections_only_for_distance", || {
        tune(Tuning {
            decoders: Some(CORES),
            ..Tuning::default()
        });
        for (round_trip, expected) in [(0, 1..=CORES + OTHERS), (200, 3 * CORES..=4 * CORES + OTHERS)] {
            let broker = broker(1, &events(500), 2000);
            let address = broker.bootstrap_servers().to_socket_addrs().unwrap().next().unwrap();
            let proxy = Delay::start(0, address, Duration::from_millis(round_trip));
            broker.control().advertise(1, "127.0.0.1", proxy.address.port());
            let cluster = Cluster::connect(&proxy.address.to_string()).unwrap();
            let options = ScanOptions {
                metadata: Metadata::None,
                ..ScanOptions::default()
            };
            let table = cluster.read("t", options).unwrap();
            assert_eq!(table.num_rows(), 1_000_000);
            let opened = proxy.connections();
            assert!(expected.contains(&opened), "{round_trip} ms: {opened} connections");
        }
        tune(Tuning::default());
    });
}
