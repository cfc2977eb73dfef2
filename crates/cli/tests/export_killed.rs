//! `kaframe export --state`, killed at random moments and run again: at the end every record is in the files once.
//!
//! A few kills by default; `KAFRAME_KILLS=200 cargo test --release --test export_killed` for many.

mod support;

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

use kaframe::FileSource;
use support::Broker;

/// Records that are written before each run.
const STEP: usize = 2_000;
/// Runs that are killed, unless the environment says another number.
const KILLS: usize = 25;

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn fill(broker: &Broker, from: usize) {
    let lines: String = (from..from + STEP)
        .map(|n| format!("{{\"n\":{n},\"_key\":\"k{n}\",\"text\":\"{}\"}}\n", "x".repeat(n % 100)))
        .collect();
    broker.fill("orders", &lines);
}

/// The numbers in all files, sorted.
fn numbers(folder: &Path) -> Vec<i64> {
    let mut numbers = Vec::new();
    if !folder.exists() {
        return numbers;
    }
    let named = fs::read_dir(folder).expect("a folder");
    let any = named
        .flatten()
        .any(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    if !any {
        return numbers;
    }
    for batch in FileSource::open(folder).expect("it opens") {
        let batch = batch.expect("whole files only");
        let column = batch.column_by_name("n").expect("the column");
        let column = arrow_array::cast::AsArray::as_primitive::<arrow_array::types::Int64Type>(column);
        numbers.extend_from_slice(column.values());
    }
    numbers.sort_unstable();
    numbers
}

#[test]
fn nothing_is_lost_and_nothing_is_there_twice() {
    let kills = std::env::var("KAFRAME_KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let broker = Broker::start(&["orders:3"]);
    let home = tempfile::tempdir().expect("a folder");
    let (folder, state) = (home.path().join("orders"), home.path().join("orders.state"));
    let (folder_text, state_text) = (folder.display().to_string(), state.display().to_string());
    let arguments = ["-q", "export", "orders", "-w", &folder_text, "--state", &state_text];

    // How long a run takes decides where it can be killed.
    fill(&broker, 0);
    let began = Instant::now();
    let ran = broker.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let usual = began.elapsed().max(Duration::from_millis(20));

    let (mut written, mut killed) = (STEP, 0);
    while killed < kills {
        fill(&broker, written);
        written += STEP;
        let mut child = broker.command(&arguments).spawn().expect("it starts");
        let micros = u64::try_from(usual.as_micros()).unwrap_or(u64::MAX) * 5 / 4;
        std::thread::sleep(Duration::from_micros(random() % micros));
        let in_time = child.try_wait().expect("it is ours").is_none();
        let _ = child.kill();
        child.wait().expect("it ends");
        killed += usize::from(in_time);
        // What is in sight at any moment is never more than there is, never anything twice, and never half a file.
        let seen = numbers(&folder);
        assert!(
            seen.windows(2).all(|pair| pair[0] < pair[1]),
            "a row is there twice after {killed} kills"
        );
        assert!(seen.len() <= written);
    }
    let ran = broker.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let expected: Vec<i64> = (0..i64::try_from(written).expect("small")).collect();
    assert_eq!(numbers(&folder), expected, "after {killed} kills");
    let hidden = fs::read_dir(&folder).expect("a folder").flatten();
    let hidden: Vec<_> = hidden
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'))
        .collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}
