//! Where files go, and whether they may: a single file, or a folder of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::format::{FileCompression, FileFormat};
use super::io_error;
use super::options::FileOptions;
use super::temporary::exists;
use crate::error::{Error, Result};

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub place: Place,
    pub format: FileFormat,
    pub compression: FileCompression,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// This file.
    File(PathBuf),
    /// Files of such names in this folder.
    Folder {
        folder: PathBuf,
        stem: String,
        /// They keep their hidden names until a state file speaks for them.
        kept: bool,
    },
}

impl Target {
    /// The target that a caller means. Nothing is created.
    pub fn of(path: &Path, options: &FileOptions) -> Result<Target> {
        let is_folder = !options.partition_by.is_empty() || path.is_dir() || ends_with_slash(path);
        if !is_folder {
            let (format, compression) = how(path, options, None)?;
            return Ok(Target {
                place: Place::File(single(path, options.overwrite)?),
                format,
                compression,
            });
        }
        let target = Target::folder(path, "part".to_owned(), false, options)?;
        if !options.overwrite && holds_anything(path)? {
            return Err(
                Error::config(format!("the folder {} is not empty", path.display())).with_hint(format!(
                    "choose another one, or have its part-*.{} files replaced: overwrite (--force)",
                    target.ending()
                )),
            );
        }
        Ok(target)
    }

    /// A folder of files.
    pub fn folder(folder: &Path, stem: String, kept: bool, options: &FileOptions) -> Result<Target> {
        let (format, compression) = how(folder, options, Some(FileFormat::Parquet))?;
        match fs::metadata(folder) {
            Ok(there) if !there.is_dir() => {
                return Err(
                    Error::config(format!("{} is a file, and a folder is needed", folder.display()))
                        .with_hint("name a folder, or one that does not exist yet"),
                );
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("look at", folder, &error)),
            _ => {}
        }
        Ok(Target {
            place: Place::Folder {
                folder: folder.to_owned(),
                stem,
                kept,
            },
            format,
            compression,
        })
    }

    /// What the names of its files end with.
    pub fn ending(&self) -> String {
        let ending = self.format.ending();
        match (self.format, self.compression) {
            (FileFormat::Csv | FileFormat::Ndjson, FileCompression::Gzip) => format!("{ending}.gz"),
            (FileFormat::Csv | FileFormat::Ndjson, FileCompression::Zstd) => format!("{ending}.zst"),
            _ => ending.to_owned(),
        }
    }

    /// Files of an earlier run in the folder, by their names: what `overwrite` replaces.
    pub fn earlier(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        if let Place::Folder {
            folder,
            stem,
            kept: false,
        } = &self.place
        {
            collect(folder, &format!("{stem}-"), &format!(".{}", self.ending()), &mut found)?;
        }
        Ok(found)
    }
}

/// The format and compression that the options or the name say; `default` where neither does.
fn how(path: &Path, options: &FileOptions, default: Option<FileFormat>) -> Result<(FileFormat, FileCompression)> {
    let format = match options.format.or_else(|| FileFormat::of_path(path)).or(default) {
        Some(format) => format,
        None => {
            return Err(Error::config(format!(
                "the name {} does not say which format the file has",
                path.display()
            ))
            .with_hint("end it with .parquet, .arrow, .csv or .ndjson, or give the format"));
        }
    };
    let text = matches!(format, FileFormat::Csv | FileFormat::Ndjson);
    let by_name = match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") if text => Some(FileCompression::Gzip),
        Some("zst") if text => Some(FileCompression::Zstd),
        _ => None,
    };
    let compression = options
        .compression
        .or(by_name)
        .unwrap_or_else(|| format.default_compression());
    format.check(compression)?;
    Ok((format, compression))
}

fn ends_with_slash(path: &Path) -> bool {
    path.as_os_str()
        .to_string_lossy()
        .ends_with(['/', std::path::MAIN_SEPARATOR])
}

/// A single file, which must not be there, or be a regular file that may be replaced. A link is followed: what it names is replaced, not the link.
fn single(path: &Path, overwrite: bool) -> Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(Error::config(format!("{:?} names no file", path.display().to_string())));
    }
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(io_error("look at", path, &error)),
        Ok(_) if !overwrite => Err(exists(path)),
        Ok(found) if found.is_file() => Ok(path.to_owned()),
        Ok(_) => {
            let real = fs::canonicalize(path).map_err(|error| io_error("follow the link", path, &error))?;
            let there = fs::metadata(&real).map_err(|error| io_error("look at", &real, &error))?;
            if !there.is_file() {
                let message = format!(
                    "{} is no regular file: it cannot be replaced as a whole",
                    path.display()
                );
                return Err(Error::config(message).with_hint("print to it instead: `kaframe read … > FILE`"));
            }
            Ok(real)
        }
    }
}

fn holds_anything(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error("look into", folder, &error)),
        Ok(mut entries) => Ok(entries.next().is_some()),
    }
}

fn collect(folder: &Path, start: &str, end: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| io_error("look into", folder, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| io_error("look into", folder, &error))?;
        let kind = entry
            .file_type()
            .map_err(|error| io_error("look at", &entry.path(), &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() && name.contains('=') {
            collect(&entry.path(), start, end, found)?;
        } else if kind.is_file() && name.starts_with(start) && name.ends_with(end) {
            found.push(entry.path());
        }
    }
    Ok(())
}
