//! Run after run: each adds the files of what is new, and the state says where it stands.

use std::path::{Path, PathBuf};

use kaframe_client::Client;

use super::state::{Standing, StateFile};
use super::target::Target;
use super::temporary::settle;
use super::{FileOptions, Written, io_error};
use crate::blocking;
use crate::bound::{Bound, Bounds};
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::options::ScanOptions;
use crate::scan::Scan;

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Exported {
    /// What it wrote: no files where nothing was new.
    pub written: Written,
    /// Rows that all runs wrote so far.
    pub rows: u64,
    /// Runs that wrote something so far.
    pub runs: u64,
}

impl Cluster {
    /// Adds what is new in a topic to a folder of files, and remembers in the file `state` where it stands. The first run begins at the start of `scan`, every
    /// later one where the last one ended; killed at any moment and run again, it loses nothing and has nothing twice.
    ///
    /// # Errors
    /// As [`crate::Scan::write_file`]; [`crate::ErrorKind::Config`] where another run uses the state, where it stands behind another folder, or for an end by
    /// time, `tail` and `allow_partial`, which leave no place to go on from; [`crate::ErrorKind::DataLoss`] where the topic is another one than before or
    /// records between two runs are gone.
    pub async fn export(
        &self,
        topic: &str,
        folder: impl AsRef<Path>,
        state: impl AsRef<Path>,
        scan: ScanOptions,
        files: FileOptions,
    ) -> Result<Exported> {
        run(&self.client, topic, folder.as_ref(), state.as_ref(), scan, files).await
    }
}

impl Scan {
    /// [`Cluster::export`] of this scan's topic, with its options: where the first run begins, where each ends (now, if that is not said), what is read.
    ///
    /// # Errors
    /// As there; also [`crate::ErrorKind::Config`] where the scan has several topics: a state goes topic by topic.
    pub async fn export(
        &self,
        folder: impl AsRef<Path>,
        state: impl AsRef<Path>,
        files: FileOptions,
    ) -> Result<Exported> {
        let topic = match self.plan().topics.as_slice() {
            [topic] if !self.plan().several => topic.name.as_str(),
            _ => {
                let message = format!(
                    "a state goes topic by topic, and this is a scan of {}",
                    self.plan().topic_names()
                );
                return Err(Error::config(message).with_hint("export each topic of its own; they may share the state"));
            }
        };
        let options = self.options().clone();
        run(self.client(), topic, folder.as_ref(), state.as_ref(), options, files).await
    }
}

async fn run(
    client: &Client,
    topic: &str,
    folder: &Path,
    state: &Path,
    mut options: ScanOptions,
    files: FileOptions,
) -> Result<Exported> {
    check(&options)?;
    let (folder, state) = (absolute(folder)?, absolute(state)?);
    let mut state = StateFile::open(&state)?;
    // Also says what is wrong with the place before anything is read.
    Target::folder(&folder, String::new(), true, &files)?;
    let before = state.recover(topic, &folder)?;
    let (runs, rows) = before.as_ref().map_or((0, 0), |before| (before.runs, before.rows));
    match before {
        Some(before) => options.start = Bounds::Bookmark(before.next_start),
        None if holds_files(&folder, &state)? => {
            let message = format!(
                "the folder {} is not empty, and the state knows nothing of it",
                folder.display()
            );
            return Err(Error::config(message).with_hint("name an empty folder, or the state file that belongs to it"));
        }
        None => {}
    }
    let scan = Scan::resolve(client, &topic.into(), options).await?;
    if scan.plan().offsets() == 0 {
        let written = nothing(&scan).await?;
        return Ok(Exported { written, rows, runs });
    }
    let run = runs + 1;
    let target = Target::folder(&folder, format!("part-{run:06}"), true, &files)?;
    let (written, staged) = scan.stage(&target, &files).await?;
    let paths = staged.paths();
    staged.sync()?;
    let relative = |path: &PathBuf| path.strip_prefix(&folder).unwrap_or(path).to_owned();
    let standing = Standing {
        runs: run,
        rows: rows + written.rows(),
        next_start: written.next_start.clone(),
        files: paths.iter().map(relative).collect(),
        folder,
    };
    let (rows, runs) = (standing.rows, standing.runs);
    // Where this fails, the files go with `staged`.
    state.commit(topic, standing)?;
    // From here on the run has happened; should it end here, the next one does the rest.
    staged.keep();
    state.sync()?;
    settle(&paths)?;
    Ok(Exported { written, rows, runs })
}

/// A run that finds nothing new, accounted for.
async fn nothing(scan: &Scan) -> Result<Written> {
    let mut stream = scan.stream().await?;
    while let Some(batch) = stream.next().await {
        batch?;
    }
    Ok(Written {
        files: Vec::new(),
        report: stream.report(),
        next_start: stream.next_start(),
    })
}

impl blocking::Cluster {
    /// See [`Cluster::export`].
    pub fn export(
        &self,
        topic: &str,
        folder: impl AsRef<Path>,
        state: impl AsRef<Path>,
        scan: ScanOptions,
        files: FileOptions,
    ) -> Result<Exported> {
        self.block_on(self.as_async().export(topic, folder, state, scan, files))
    }
}

fn check(scan: &ScanOptions) -> Result<()> {
    let by_time = has_time(&scan.end);
    let reason = if by_time {
        "an end by time leaves records behind it that arrive late, so the next run could not go on exactly"
    } else if scan.tail.is_some() {
        "the newest records leave those before them out, so there is no place to go on from"
    } else if scan.allow_partial {
        "what could not be read would never be read again"
    } else {
        return Ok(());
    };
    Err(Error::config(format!("with a state this is not possible: {reason}"))
        .with_hint("leave out the end by time, tail and allow_partial"))
}

fn has_time(bounds: &Bounds) -> bool {
    match bounds {
        Bounds::One(bound) => matches!(bound, Bound::Time(_)),
        Bounds::PerPartition(map) => map.values().any(|bound| matches!(bound, Bound::Time(_))),
        Bounds::PerTopic(map) => map.values().any(has_time),
        Bounds::Bookmark(_) | Bounds::Group(_) => false,
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| io_error("find", path, &error))
}

/// Whether something is in a folder beside the state itself, which may lie there too.
fn holds_files(folder: &Path, state: &StateFile) -> Result<bool> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        entries => entries.map_err(|error| io_error("look into", folder, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| io_error("look into", folder, &error))?;
        if !state.is_own(&entry.path()) {
            return Ok(true);
        }
    }
    Ok(false)
}
