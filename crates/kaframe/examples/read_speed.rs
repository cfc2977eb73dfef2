//! What a read takes: rows a second, CPU seconds, peak memory beside the size of the result. One process, one topic.
//!
//! ```text
//! cargo run --release -p kaframe --example read_speed -- localhost:9092 TOPIC
//! cargo run --release -p kaframe --example read_speed -- embedded RECORDS      a broker in this process, one batch of records again and again
//!     [--format raw|string|json] [--metadata] [--times 5] [--columns a,b]
//!     [--stream] [--slow MS] [--memory-limit BYTES]       a stream; a taker that waits so long after each batch
//!     [--far MS --port PORT]                              through a proxy that many ms away, which the broker advertises as its own port
//! ```

#[path = "../tests/resources/delay.rs"]
#[allow(dead_code)]
mod delay;
#[path = "../tests/resources/support.rs"]
#[allow(dead_code)]
mod support;

use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

use kaframe::blocking::Cluster;
use kaframe::{Metadata, ScanOptions, ValueFormat};
use support::memory;

/// Records of a batch of the embedded broker.
const BATCH: usize = 500;

type Failed = Box<dyn std::error::Error>;

/// CPU seconds of all threads so far.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = text.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    ticks as f64 / 100.0
}

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let (servers, topic) = (arguments.next().ok_or("SERVERS")?, arguments.next().ok_or("TOPIC")?);
    let mut options = ScanOptions {
        metadata: Metadata::None,
        ..ScanOptions::default()
    };
    let (mut times, mut stream, mut slow, mut far, mut port) = (1, false, 0, 0, 0);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--format" => options.value_format = Some(value()?.parse::<ValueFormat>()?),
            "--metadata" => options.metadata = Metadata::Default,
            "--columns" => options = options.columns(value()?.split(',')),
            "--memory-limit" => options.memory_limit = value()?.parse()?,
            "--times" => times = value()?.parse()?,
            "--stream" => stream = true,
            "--slow" => slow = value()?.parse()?,
            "--far" => far = value()?.parse()?,
            "--port" => port = value()?.parse()?,
            _ => return Err(format!("what is {flag}?").into()),
        }
    }
    let (mut servers, mut topic) = (servers, topic);
    let embedded = (servers == "embedded").then(|| {
        let copies = topic.parse::<i64>().map(|records| records / BATCH as i64);
        support::broker(1, &support::events(BATCH), copies.expect("a number of records"))
    });
    if let Some(broker) = &embedded {
        (servers, topic) = (broker.bootstrap_servers(), "t".to_owned());
    }
    let proxy = (far > 0).then(|| {
        let broker = servers.to_socket_addrs().ok().and_then(|mut all| all.next());
        delay::Delay::start(port, broker.expect("an address"), Duration::from_millis(far))
    });
    if let Some(proxy) = &proxy {
        servers = proxy.address.to_string();
    }
    for _ in 0..times {
        let (began, used, before) = (Instant::now(), cpu(), memory("VmRSS"));
        let cluster = Cluster::connect(&servers)?;
        let (mut rows, mut bytes) = (0, 0);
        if stream {
            for batch in cluster.scan(&topic, options.clone())?.stream()? {
                let batch = batch?;
                rows += batch.num_rows();
                bytes = bytes.max(batch.get_array_memory_size());
                std::thread::sleep(Duration::from_millis(slow));
            }
        } else {
            let table = cluster.read(&topic, options.clone())?;
            rows = table.num_rows();
            bytes = table.batches().iter().map(|batch| batch.get_array_memory_size()).sum();
            if std::env::var_os("REPORT").is_some() {
                println!("{}", table.report());
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let peak = memory("VmHWM");
        println!(
            "{rows} rows, {seconds:.3} s, {:.2} M rows/s, {:.2} CPU s, {} {:.1} MB, peak {:.1} MB, {:.1} above the start, now {:.1}{}",
            rows as f64 / seconds / 1e6,
            cpu() - used,
            if stream { "largest batch" } else { "result" },
            bytes as f64 / 1e6,
            peak as f64 / 1e6,
            peak.saturating_sub(before) as f64 / 1e6,
            memory("VmRSS") as f64 / 1e6,
            proxy
                .as_ref()
                .map_or(String::new(), |proxy| format!(", {} connections", proxy.connections())),
        );
    }
    Ok(())
}
