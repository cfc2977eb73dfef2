//! A file that is there whole or not at all.
//!
//! It is written under a hidden name in the folder of its own, brought to the disk, and renamed. Until it is committed or kept, dropping it removes it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::io_error;
use crate::error::{Error, Result};

const PREFIX: &str = ".kaframe-";
const SUFFIX: &str = ".tmp";

/// A file under its hidden name.
#[derive(Debug)]
pub(super) struct Temporary {
    hidden: Arc<Hidden>,
    path: PathBuf,
}

/// A hidden name. Who first finds that the file is not wanted removes it, even while somebody still writes to it; nobody does so twice, since by then the
/// name may be that of a later file.
#[derive(Debug)]
pub(super) struct Hidden {
    path: PathBuf,
    ours: AtomicBool,
}

impl Hidden {
    /// Removes the file, unless that was done or somebody else sees to it.
    pub fn remove(&self) {
        if self.ours.swap(false, Ordering::AcqRel) {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Somebody else sees to it from here on.
    fn release(&self) {
        self.ours.store(false, Ordering::Release);
    }
}

impl Temporary {
    /// Creates it, and hands over what to write to. One that is to be kept has a hidden name that [`settle`] finds, so nobody else may write there at the
    /// same time; what an earlier run left under it is removed.
    pub fn create(path: &Path, to_be_kept: bool) -> Result<(Temporary, File)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let tag = if to_be_kept {
            String::new()
        } else {
            format!("{}-{}-", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
        };
        let hidden = hidden_name(path, &tag);
        let failed = |error| io_error("create", path, &error);
        match fs::remove_file(&hidden) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&hidden)
            .map_err(failed)?;
        let temporary = Temporary {
            hidden: Arc::new(Hidden {
                path: hidden,
                ours: AtomicBool::new(true),
            }),
            path: path.to_owned(),
        };
        Ok((temporary, file))
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its hidden name, for whoever may have to remove it before it is complete.
    pub fn hidden(&self) -> Arc<Hidden> {
        self.hidden.clone()
    }

    /// Gives it its name. Without `overwrite` it never takes the place of another, not even of one that appeared a moment ago.
    pub fn commit(self, overwrite: bool) -> Result<()> {
        let hidden = &self.hidden.path;
        if overwrite {
            rename(hidden, &self.path)?;
            self.hidden.release();
            return Ok(());
        }
        match name(hidden, &self.path)? {
            // The hidden name goes with `self`.
            Named::Also => Ok(()),
            Named::Only => {
                self.hidden.release();
                Ok(())
            }
            Named::Not => Err(exists(&self.path)),
        }
    }

    /// Leaves it under its hidden name; [`settle`] gives it its own.
    pub fn keep(self) {
        self.hidden.release();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.hidden.remove();
    }
}

/// Gives kept files their names, where that has not happened yet, and brings the names to the disk. None takes the place of another file.
pub(super) fn settle(paths: &[PathBuf]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for path in paths {
        let hidden = hidden_name(path, "");
        // It has its name already.
        if fs::symlink_metadata(&hidden).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            continue;
        }
        match name(&hidden, path)? {
            Named::Also => remove(&hidden)?,
            Named::Only => {}
            // A run that was killed in between has given it its name.
            Named::Not if is_same(&hidden, path) => remove(&hidden)?,
            Named::Not => return Err(taken(path)),
        }
        folders.extend(path.parent());
    }
    folders.into_iter().try_for_each(sync_folder)
}

/// Removes what a run that was killed left under hidden names in a folder and in the folders `name=value` below it.
pub(super) fn sweep(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| io_error("look into", folder, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| io_error("look into", folder, &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry
            .file_type()
            .map_err(|error| io_error("look at", &entry.path(), &error))?;
        if kind.is_dir() && name.contains('=') {
            sweep(&entry.path())?;
            // It made the folder too, if nothing is in it; else this does nothing.
            let _ = fs::remove_dir(entry.path());
        } else if kind.is_file() && name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            fs::remove_file(entry.path()).map_err(|error| io_error("remove", &entry.path(), &error))?;
        }
    }
    Ok(())
}

/// Brings a folder's names to the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    // Where folders cannot be opened, the system sees to it by itself.
    match File::open(folder) {
        Ok(open) => open.sync_all().or_else(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(io_error("bring to the disk", folder, &error)),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io_error("open", folder, &error)),
        Err(_) => Ok(()),
    }
}

/// The error for a target that is there.
pub(super) fn exists(path: &Path) -> Error {
    Error::config(format!("{} is there already", path.display()))
        .with_hint("choose another name, or have it replaced: overwrite (--force)")
}

/// What became of a name for a hidden file.
enum Named {
    /// It has both names.
    Also,
    /// It has this one only: not every file system has links.
    Only,
    /// Another file has the name, maybe since a moment ago, and keeps it.
    Not,
}

/// Gives a hidden file its name.
fn name(hidden: &Path, path: &Path) -> Result<Named> {
    match fs::hard_link(hidden, path) {
        Ok(()) => Ok(Named::Also),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Named::Not),
        Err(_) if fs::symlink_metadata(path).is_ok() => Ok(Named::Not),
        Err(_) => rename(hidden, path).map(|()| Named::Only),
    }
}

/// The error for a name of a file of a run that has happened.
fn taken(path: &Path) -> Error {
    Error::config(format!("{} is there, and is not of this export", path.display()))
        .with_hint("move it away; the next run gives the file of the export its name")
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).map_err(|error| io_error("remove", path, &error))
}

/// Whether two names are of one file.
#[cfg(unix)]
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |path| fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}

/// Not to be told here.
#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| io_error("rename a file to", to, &error))
}

fn hidden_name(path: &Path, tag: &str) -> PathBuf {
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    path.with_file_name(format!("{PREFIX}{tag}{name}{SUFFIX}"))
}
