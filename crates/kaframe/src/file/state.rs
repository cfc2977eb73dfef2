//! The state of an export that is run again and again: where it stands, and which files stand behind that.
//!
//! A run first writes its files completely, under hidden names. Then the state file is replaced, in one rename: from that moment the run has happened. Last
//! the files get their names. A run that finds files of the last one still hidden gives them their names first; files that the state does not know of are
//! what a killed run left, and are removed. So wherever a run is killed, the next one makes every record be there once.
//!
//! JSON text, one entry per topic. A lock beside it keeps two runs apart.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::temporary::{Temporary, settle, sweep, sync_folder};
use super::{io_error, write_error};
use crate::bookmark::Bookmark;
use crate::error::{Error, ErrorKind, Result};

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    /// Of the form of this file.
    kaframe_state: u32,
    topics: BTreeMap<String, Standing>,
}

/// Where the export of a topic stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Standing {
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// Runs that wrote something.
    pub runs: u64,
    /// Rows that they wrote.
    pub rows: u64,
    /// Where the next run starts.
    pub next_start: Bookmark,
    /// Files of the last of them, relative to the folder.
    pub files: Vec<PathBuf>,
}

/// The state file, locked.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    content: Content,
    _lock: File,
}

impl StateFile {
    /// Locks it and reads it; one that is not there is empty.
    pub fn open(path: &Path) -> Result<StateFile> {
        let lock = lock(path)?;
        let text = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io_error("read", path, &error)),
        };
        let content = match text {
            None => Content {
                kaframe_state: VERSION,
                topics: BTreeMap::new(),
            },
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                Error::config(format!("{} is no state of an export: {error}", path.display()))
                    .with_hint("name the state file of an earlier run, or one that does not exist yet")
            })?,
        };
        if content.kaframe_state != VERSION {
            return Err(Error::config(format!(
                "{} is of version {}, and this kaframe knows version {VERSION}",
                path.display(),
                content.kaframe_state
            )));
        }
        Ok(StateFile {
            path: path.to_owned(),
            content,
            _lock: lock,
        })
    }

    /// Whether this is the state, or the lock beside it.
    pub fn is_own(&self, path: &Path) -> bool {
        path == self.path || path == beside(&self.path)
    }

    /// Where a topic stands in a folder; `None` before the first run. Ends what a run that was killed has begun.
    pub fn recover(&self, topic: &str, folder: &Path) -> Result<Option<Standing>> {
        let others = self.content.topics.iter().filter(|(name, _)| *name != topic);
        if let Some((other, _)) = others.into_iter().find(|(_, standing)| standing.folder == folder) {
            // Their files have the same names.
            let message = format!("the folder {} holds the files of {other}", folder.display());
            return Err(Error::config(message).with_hint("name a folder for each topic; the state may be the same"));
        }
        let standing = self.content.topics.get(topic);
        if let Some(standing) = standing {
            if standing.folder != folder {
                let message = format!(
                    "{} stands behind the files in {}, not in {}",
                    self.path.display(),
                    standing.folder.display(),
                    folder.display()
                );
                return Err(
                    Error::config(message).with_hint("one state file belongs to one place; name another for another")
                );
            }
            if !folder.is_dir() && standing.rows > 0 {
                let message = format!(
                    "{} says that {} rows are in {}, and that folder is gone",
                    self.path.display(),
                    standing.rows,
                    folder.display()
                );
                return Err(Error::new(ErrorKind::DataLoss, message)
                    .with_hint("bring the folder back, or remove the state file to begin anew"));
            }
            let files: Vec<PathBuf> = standing.files.iter().map(|file| folder.join(file)).collect();
            settle(&files)?;
        }
        sweep(folder)?;
        Ok(standing.cloned())
    }

    /// Makes a run have happened: all of it, or with an error nothing.
    pub fn commit(&mut self, topic: &str, standing: Standing) -> Result<()> {
        self.content.topics.insert(topic.to_owned(), standing);
        let text = serde_json::to_string_pretty(&self.content)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("the state cannot be written: {error}")))?;
        let (temporary, mut file) = Temporary::create(&self.path, false)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(|error| write_error(&self.path, text.len() as u64, &error))?;
        temporary.commit(true)
    }

    /// Brings its name to the disk.
    pub fn sync(&self) -> Result<()> {
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn lock(path: &Path) -> Result<File> {
    let beside = beside(path);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(|error| io_error("create", &beside, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::config(format!(
            "another run is using the state {}",
            path.display()
        ))
        .with_hint("wait until it has ended")),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &beside, &error)),
    }
}
