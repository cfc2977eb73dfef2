//! A broker with a log of any size, and what the kernel says of this process.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kaframe_broker::{Broker, BrokerOptions, TopicSpec};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};

static ALONE: Mutex<()> = Mutex::new(());

/// Does a test, by its name with its module, in a process of its own and while no other one measures: memory that an earlier test has given
/// back and the allocator has kept would hide what this one takes.
pub fn alone(test: &str, body: impl FnOnce()) {
    const INSIDE: &str = "KAFRAME_TEST_ALONE";
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("this program starts again");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed; 0 failed"), "{test} failed in its process");
}

/// A broker whose topic `t` has partitions of so many copies of a batch.
pub fn broker(partitions: i32, batch: &Bytes, copies: i64) -> Broker {
    let broker = Broker::start(BrokerOptions {
        topics: vec![TopicSpec::new("t", partitions)],
        ..BrokerOptions::default()
    })
    .expect("a broker starts");
    for partition in 0..partitions {
        broker.control().repeat("t", partition, batch, copies);
    }
    broker
}

/// A batch of records as long as logs of web shops have them: seven fields, 110 bytes.
pub fn events(count: usize) -> Bytes {
    let values = (0..count).map(|n| {
        format!(
            r#"{{"number":{n},"user":"u{}","ts":"2026-01-01T00:{:02}:{:02}Z","amount":{}.25,"ok":{},"event":"page_view","cc":"DE"}}"#,
            n * 7919 % 100_000,
            n / 60 % 60,
            n % 60,
            n % 5000,
            n % 2 == 0
        )
    });
    batch(values)
}

/// One batch of these values.
pub fn batch(values: impl Iterator<Item = String>) -> Bytes {
    let mut builder = BatchBuilder::new(Compression::None);
    for (n, value) in values.enumerate() {
        builder.push(1000 + n as i64, None, Some(value.as_bytes()), &[]);
    }
    builder.finish(ProducerStamp::NONE).expect("a batch")
}

/// A line of the kernel's account of this process, in bytes.
pub fn memory(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = text.lines().find(|line| line.starts_with(field)).expect("the line");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    kilobytes * 1024
}

/// What the process held when a test began to measure.
pub struct Baseline(u64);

impl Baseline {
    pub fn now() -> Baseline {
        Baseline(memory("VmRSS"))
    }

    /// From now on the peak is that of what follows.
    pub fn forget_peak(&self) {
        fs::write("/proc/self/clear_refs", "5").expect("the peak can be reset");
    }

    /// Bytes beyond the baseline, at the peak. The kernel counts for each core apart, so that little can be less than none.
    pub fn peak(&self) -> u64 {
        memory("VmHWM").saturating_sub(self.0)
    }
}

/// Threads of readers.
pub fn reading_threads() -> usize {
    let name = |task: &Path| fs::read_to_string(task.join("comm")).unwrap_or_default();
    let tasks = fs::read_dir("/proc/self/task").expect("the kernel tells");
    tasks
        .flatten()
        .filter(|task| name(&task.path()).trim() == "kaframe")
        .count()
}

/// Open sockets, those of the embedded broker among them.
pub fn sockets() -> usize {
    let files = fs::read_dir("/proc/self/fd").expect("the kernel tells");
    let is_socket = |path: &Path| fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
    files.flatten().filter(|file| is_socket(&file.path())).count()
}

/// Waits until something holds, or fails with it.
pub fn settles(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: does not settle");
        std::thread::sleep(Duration::from_millis(20));
    }
}
