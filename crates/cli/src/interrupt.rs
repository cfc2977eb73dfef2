//! Ctrl-C: the first stops what runs and ends with exit code 130, within a quarter of a second; a second one ends it at once.
//!
//! The verb is asked to stop by its cancel token, so that it closes its sockets and a write can say what it wrote. Should it not come back in time,
//! because standard output is a full pipe or the disk hangs, the process ends without it. A verb that has files to remove may ask for more time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use kaframe::CancelToken;

use crate::exit::INTERRUPTED;
use crate::messages;

/// How long a verb has to stop by itself.
const GRACE: Duration = Duration::from_millis(200);
/// How much longer it has, where what it began would stay behind.
const TO_CLEAN_UP: Duration = Duration::from_secs(10);

/// The watch on Ctrl-C.
pub struct Interrupt {
    cancel: CancelToken,
    happened: Arc<(Mutex<bool>, Condvar)>,
    /// What the next Ctrl-C stops in place of the program.
    caught: Arc<Mutex<Option<CancelToken>>>,
    cleans_up: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts to watch. Once per process.
    pub fn install() -> io::Result<Interrupt> {
        let interrupt = Interrupt::later();
        interrupt.watch()?;
        Ok(interrupt)
    }

    /// One that does not watch yet: until then Ctrl-C ends the process as the system does.
    pub fn later() -> Interrupt {
        Interrupt {
            cancel: CancelToken::new(),
            happened: Arc::default(),
            caught: Arc::default(),
            cleans_up: Arc::default(),
        }
    }

    /// Watches from here on. Once per process, and behind whatever else takes the signal for itself.
    pub fn watch(&self) -> io::Result<()> {
        let (cancel, happened) = (self.cancel.clone(), self.happened.clone());
        let (caught, cleans_up) = (self.caught.clone(), self.cleans_up.clone());
        let watch = move || {
            let next = caught.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(token) = next {
                return token.cancel();
            }
            let (flag, changed) = &*happened;
            if std::mem::replace(&mut *flag.lock().unwrap_or_else(PoisonError::into_inner), true) {
                std::process::exit(INTERRUPTED);
            }
            changed.notify_all();
            cancel.cancel();
            let cleans_up = cleans_up.load(Ordering::Acquire);
            // Not in this thread: it is the one that sees the second Ctrl-C.
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                if cleans_up {
                    messages::note("stopping: what was begun is removed (Ctrl-C again ends at once and leaves it)");
                    std::thread::sleep(TO_CLEAN_UP);
                }
                std::process::exit(INTERRUPTED);
            });
        };
        ctrlc::set_handler(watch).map_err(|error| match error {
            ctrlc::Error::System(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }

    /// The token that Ctrl-C sets; give it to every verb.
    pub fn token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// The verb removes what it began before it comes back: it has time for that.
    pub fn cleans_up(&self) {
        self.cleans_up.store(true, Ordering::Release);
    }

    /// A token that the next Ctrl-C sets, and that is all it does: for one of several things that the program does in turn.
    pub fn catch(&self) -> CancelToken {
        let token = CancelToken::new();
        *self.caught.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        token
    }

    /// Ctrl-C ends the program again.
    pub fn release(&self) {
        *self.caught.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits for Ctrl-C.
    pub fn wait(&self) {
        let (flag, changed) = &*self.happened;
        let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_while(flag, |happened| !*happened));
    }

    /// Whether Ctrl-C was pressed.
    pub fn happened(&self) -> bool {
        *self.happened.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
