//! The progress bar on standard error: only on a terminal, and only for what takes longer than a second. It leaves nothing behind.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kaframe::number::{bytes, counted};
use kaframe::{Progress, ProgressFn, WriteProgress, WriteProgressFn};

use crate::flag::output::When;
use crate::messages;
use crate::terminal;

/// What is done before that needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that may come.
pub struct Bar {
    way: Option<Way>,
    shown: Arc<Shown>,
}

#[derive(Clone, Copy)]
enum Way {
    /// A bar that is drawn over and over.
    Drawn,
    /// A line now and then, where `--progress always` is given and standard error is no terminal.
    Lines,
}

#[derive(Default)]
struct Shown {
    bar: Mutex<Option<ProgressBar>>,
    last_line: Mutex<Duration>,
}

impl Bar {
    /// `rows_wait` says that no rows are printed while it runs, so that it has a terminal to itself.
    pub fn new(when: When, rows_wait: bool) -> Bar {
        let undisturbed = rows_wait || !terminal::stdout_is_terminal();
        let way = match when {
            When::Never => None,
            When::Auto if terminal::stderr_is_terminal() && undisturbed => Some(Way::Drawn),
            When::Auto => None,
            When::Always if terminal::stderr_is_terminal() => Some(Way::Drawn),
            When::Always => Some(Way::Lines),
        };
        Bar {
            way,
            shown: Arc::default(),
        }
    }

    /// What a read calls.
    pub fn callback(&self) -> Option<ProgressFn> {
        let (way, shown) = (self.way?, self.shown.clone());
        Some(Arc::new(move |progress: &Progress| {
            let throttled = if progress.throttled.is_zero() {
                ""
            } else {
                ", throttled by the broker"
            };
            let text = format!(
                "{}, {}{throttled}",
                counted(progress.records, "record", "records"),
                bytes(progress.bytes)
            );
            shown.show(
                way,
                progress.elapsed,
                Some((progress.offsets_done, progress.offsets_total)),
                &text,
            );
        }))
    }

    /// What a write calls.
    pub fn write_callback(&self) -> Option<WriteProgressFn> {
        let (way, shown) = (self.way?, self.shown.clone());
        Some(Arc::new(move |progress: &WriteProgress| {
            let records = counted(progress.rows, "record", "records");
            let text = format!("{records}, {}", bytes(progress.bytes));
            shown.show(way, progress.elapsed, None, &text);
        }))
    }

    /// Takes it away.
    pub fn clear(&self) {
        if let Some(bar) = self.shown.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

impl Shown {
    fn show(&self, way: Way, elapsed: Duration, part: Option<(u64, u64)>, text: &str) {
        if elapsed < PATIENCE {
            return;
        }
        match way {
            Way::Drawn => self.draw(part, text),
            Way::Lines => {
                let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
                if elapsed.saturating_sub(*last) >= PATIENCE {
                    *last = elapsed;
                    let of = part.map_or_else(String::new, |(done, all)| format!("{} % ", done * 100 / all.max(1)));
                    messages::note(&format!("{of}{text}, {} s", elapsed.as_secs()));
                }
            }
        }
    }

    fn draw(&self, part: Option<(u64, u64)>, text: &str) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| new_bar(part));
        if let Some((done, _)) = part {
            bar.set_position(done);
        }
        bar.set_message(text.to_owned());
    }
}

fn new_bar(part: Option<(u64, u64)>) -> ProgressBar {
    let (bar, template) = match part {
        Some((_, all)) => (ProgressBar::new(all), "{bar:30} {percent:>3} % {wide_msg} {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {wide_msg}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_on_pipes_and_get_no_bar() {
        assert!(Bar::new(When::Never, true).callback().is_none());
        if !terminal::stderr_is_terminal() {
            assert!(Bar::new(When::Auto, true).callback().is_none());
            assert!(Bar::new(When::Auto, true).write_callback().is_none());
        }
    }

    #[test]
    fn templates_are_well_formed() {
        assert!(ProgressStyle::with_template("{bar:30} {percent:>3} % {wide_msg} {eta} left").is_ok());
        assert!(ProgressStyle::with_template("{spinner} {wide_msg}").is_ok());
    }
}
