//! What the core tells of its work (connections, retries, throttling), as records of Python's logger `kaframe`.
//!
//! The core's threads never touch the interpreter: they leave lines in a queue of a bounded length, and the thread that waits with the interpreter passes
//! them on. Where nobody listens (`logging` was never imported, or the logger's level is above) an event of the core costs one look at a number: it is not
//! made into text, and the interpreter is asked for the level once a call.

use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

/// Lines that wait to be passed on; more are dropped, and their number is told.
const MOST: usize = 1000;
/// Characters of a line.
const LONGEST: usize = 2000;
/// Python's numbers for the levels, the least important first.
const LEVELS: [(u8, LevelFilter); 4] = [
    (10, LevelFilter::DEBUG),
    (20, LevelFilter::INFO),
    (30, LevelFilter::WARN),
    (40, LevelFilter::ERROR),
];
const NOBODY: u8 = u8::MAX;

static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
/// The least level that is listened to, as Python's number.
static HEARD: AtomicU8 = AtomicU8::new(NOBODY);
static WAITING: Mutex<VecDeque<(u8, String)>> = Mutex::new(VecDeque::new());
static ANY: AtomicBool = AtomicBool::new(false);
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Finds out who listens.
pub(crate) fn listen(py: Python<'_>) {
    // A logger that cannot be asked is not listened to.
    let heard = heard_by_python(py).ok().flatten().unwrap_or(NOBODY);
    if HEARD.swap(heard, Ordering::Relaxed) == heard {
        return;
    }
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // Nobody else in this library sets one.
        let _ = tracing::subscriber::set_global_default(Listener);
    });
    tracing::callsite::rebuild_interest_cache();
}

fn heard_by_python(py: Python<'_>) -> PyResult<Option<u8>> {
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    // Who has not imported it does not listen, and need not wait for it to be imported.
    let Some(logging) = modules.get_item("logging")? else {
        return Ok(None);
    };
    let logger = LOGGER.get_or_try_init(py, || {
        let logger = logging.call_method1("getLogger", ("kaframe",))?;
        // As libraries do it: without a handler of the program's own nothing is printed.
        logger.call_method1("addHandler", (logging.call_method0("NullHandler")?,))?;
        Ok::<_, PyErr>(logger.unbind())
    })?;
    for (level, _) in LEVELS {
        if logger.bind(py).call_method1("isEnabledFor", (level,))?.is_truthy()? {
            return Ok(Some(level));
        }
    }
    Ok(None)
}

/// Passes on what waits.
pub(crate) fn pass_on(py: Python<'_>) -> PyResult<()> {
    if !ANY.swap(false, Ordering::Acquire) {
        return Ok(());
    }
    let Some(logger) = LOGGER.get(py) else { return Ok(()) };
    let lines = WAITING.try_lock().map(|mut waiting| std::mem::take(&mut *waiting));
    for (level, line) in lines.unwrap_or_default() {
        logger.bind(py).call_method1("log", (level, "%s", line))?;
    }
    let dropped = DROPPED.swap(0, Ordering::Relaxed);
    if dropped > 0 {
        let line = format!("{dropped} more lines came too fast and were dropped");
        logger.bind(py).call_method1("log", (LEVELS[1].0, "%s", line))?;
    }
    Ok(())
}

/// Where the core's events go.
struct Listener;

fn filter() -> LevelFilter {
    let heard = HEARD.load(Ordering::Relaxed);
    let found = LEVELS.iter().find(|(level, _)| *level == heard);
    found.map_or(LevelFilter::OFF, |(_, filter)| *filter)
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().starts_with("kaframe")
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match is_ours(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(filter())
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && *metadata.level() <= filter()
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = match *event.metadata().level() {
            Level::ERROR => 40,
            Level::WARN => 30,
            Level::INFO => 20,
            _ => 10,
        };
        let text = line.text();
        // Waited for only a moment: in a forked child the lock may be one that nobody will ever open.
        for _ in 0..100 {
            if let Ok(mut waiting) = WAITING.try_lock() {
                if waiting.len() < MOST {
                    waiting.push_back((level, text));
                } else {
                    DROPPED.fetch_add(1, Ordering::Relaxed);
                }
                ANY.store(true, Ordering::Release);
                return;
            }
            std::thread::yield_now();
        }
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }

    // The core has events and no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event as text: what happened, then what belongs to it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to memory does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

impl Line {
    /// Names and messages of brokers are in it, so control characters are written out.
    fn text(self) -> String {
        let mut text = String::new();
        for c in self.message.chars().chain(self.fields.chars()).take(LONGEST) {
            match c.is_control() {
                true => text.extend(c.escape_default()),
                false => text.push(c),
            }
        }
        text
    }
}
