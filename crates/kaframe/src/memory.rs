//! How much memory a table may take.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::number::bytes;

/// Where the system does not tell how much is free.
const UNKNOWN: u64 = 4 << 30;

/// Half of the memory that is free for this process: what the system has, or less where a control group says so.
pub(crate) fn default_max_result() -> u64 {
    let free = [system_free(), cgroup2_free(), cgroup1_free()]
        .into_iter()
        .flatten()
        .min();
    free.map_or(UNKNOWN, |free| free / 2)
}

fn system_free() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn cgroup2_free() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    // Every group on the way up may have a limit; inside a container the path is often not visible, the root is.
    let mut least = None;
    let mut group = std::path::PathBuf::from(format!("/sys/fs/cgroup{}", path.trim()));
    while group.starts_with("/sys/fs/cgroup") {
        if let (Some(max), Some(used)) = (number(&group.join("memory.max")), number(&group.join("memory.current"))) {
            let free = max.saturating_sub(used);
            least = Some(least.map_or(free, |least: u64| least.min(free)));
        }
        if !group.pop() {
            break;
        }
    }
    least
}

fn cgroup1_free() -> Option<u64> {
    let max = number("/sys/fs/cgroup/memory/memory.limit_in_bytes".as_ref())?;
    let used = number("/sys/fs/cgroup/memory/memory.usage_in_bytes".as_ref())?;
    // Without a limit the file holds a number near 2^63.
    (max < 1 << 60).then(|| max.saturating_sub(used))
}

fn number(path: &std::path::Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Bytes of a table while it grows, with the most that it may take.
#[derive(Debug)]
pub(crate) struct Guard {
    used: AtomicU64,
    max: u64,
    plan: String,
    /// The option that says how much.
    option: &'static str,
    /// What would be too large.
    what: &'static str,
    /// What to do then.
    hint: &'static str,
}

impl Guard {
    /// At most `max` bytes. `plan` is what the error shows.
    pub(crate) fn new(max: u64, plan: String) -> Guard {
        Guard {
            used: AtomicU64::new(0),
            max,
            plan,
            option: "max_result_bytes",
            what: "the table",
            hint: "three ways out: narrower bounds (start, end, limit, tail, partitions); fewer columns (columns=); \
                   or scan and take it batch by batch, into a file or a sum",
        }
    }

    /// The same for rows of a stream that have to be held until the last is read.
    pub(crate) fn of_stream(memory_limit: u64, plan: String) -> Guard {
        Guard {
            option: "memory_limit",
            what: "what this stream holds until its last row is read, for its order and its limit or tail,",
            hint: "raise memory_limit, ask for fewer rows or columns, or leave the order out and sort afterwards",
            ..Guard::new(memory_limit, plan)
        }
    }

    /// A split holds `now` bytes where it held `before`, and is about to add `coming`.
    pub(crate) fn grow(&self, before: u64, now: u64, coming: u64) -> Result<()> {
        let used = match now.checked_sub(before) {
            Some(more) => self.used.fetch_add(more, Ordering::Relaxed) + more,
            None => self.used.fetch_sub(before - now, Ordering::Relaxed) - (before - now),
        };
        if used.saturating_add(coming) <= self.max {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::ResultTooLarge,
            format!(
                "{} would become larger than {} ({}); {} were read when it stopped\n{}",
                self.what,
                bytes(self.max),
                self.option,
                bytes(used),
                self.plan
            ),
        )
        .with_hint(self.hint))
    }
}
