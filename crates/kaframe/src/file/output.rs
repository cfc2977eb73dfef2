//! Several files at once: batches in, each row into its file, the files written on all cores.
//!
//! A file is written by one piece of work at a time, in order; different files by several. A file that is being written holds one batch and its row group in
//! memory, and only so many files are open: the one that has waited longest is ended when another is needed.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_schema::SchemaRef;
use tokio::task::JoinHandle;

use super::WrittenFile;
use super::io_error;
use super::options::FileOptions;
use super::partition::Partitioning;
use super::sink::{Complete, Metadata, Recipe, Sink};
use super::target::{Place, Target};
use super::temporary::{Hidden, sync_folder};
use crate::error::{Error, ErrorKind, Result};
use crate::write::workers::Workers;

/// Files that are open at once.
const MOST_OPEN: usize = 32;
/// Bytes of row groups that all open files hold in memory.
const ROW_GROUPS: usize = 192 << 20;

/// Folder below the target, and which of the files there that are written at once.
type Slot = (String, usize);

/// A file that is open.
struct Open {
    state: State,
    last_used: u64,
}

enum State {
    Idle(Sink),
    Busy(JoinHandle<Option<Result<Sink>>>),
}

/// Files on their way.
pub(super) struct Output {
    target: Target,
    recipe: Recipe,
    partitioning: Option<Partitioning>,
    open: HashMap<Slot, Open>,
    ending: VecDeque<JoinHandle<Option<Result<Complete>>>>,
    complete: Vec<Complete>,
    /// How many files each folder has had.
    numbers: HashMap<String, usize>,
    clock: u64,
    workers: Workers,
    // In this order: a folder is removed when nothing is in it any more.
    begun: Begun,
    created: Created,
}

/// Files that were begun. Dropping it removes those that nobody keeps, whether or not somebody still writes to them: what was begun is in sight of nobody
/// when an interrupted write comes back.
#[derive(Debug, Default)]
struct Begun(Vec<Arc<Hidden>>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.iter().for_each(|hidden| hidden.remove());
    }
}

/// Folders that were made for the files; those without files go again.
#[derive(Debug, Default)]
struct Created(Vec<PathBuf>);

impl Drop for Created {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // One that holds something stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Files that are complete and on the disk, under hidden names. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Staged {
    files: Vec<Complete>,
    target: Target,
    created: Created,
}

impl Output {
    /// Opens nothing yet but the single file, where it is one. Columns `along` are for the names of folders only.
    pub fn new(
        target: &Target,
        options: &FileOptions,
        schema: &SchemaRef,
        along: &[String],
        topic: &str,
    ) -> Result<Output> {
        if options.row_group_size == 0 {
            return Err(Error::config("row_group_size is at least 1"));
        }
        let partitioning = match options.partition_by.as_slice() {
            [] => None,
            by => Some(Partitioning::new(by, schema, along)?),
        };
        let workers = Workers::new();
        let at_once = match (&target.place, &partitioning) {
            (_, Some(_)) => MOST_OPEN,
            (Place::File(_), None) => 1,
            (Place::Folder { .. }, None) => workers.cores(),
        };
        let mut output = Output {
            recipe: Recipe {
                format: target.format,
                compression: target.compression,
                row_group_size: options.row_group_size,
                row_group_bytes: (ROW_GROUPS / at_once).min(64 << 20),
                schema: partitioning.as_ref().map_or(schema, |p| p.schema()).clone(),
                metadata: vec![
                    ("kaframe.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
                    ("kaframe.topic".to_owned(), topic.to_owned()),
                ],
            },
            target: target.clone(),
            partitioning,
            open: HashMap::new(),
            ending: VecDeque::new(),
            complete: Vec::new(),
            numbers: HashMap::new(),
            clock: 0,
            workers,
            begun: Begun::default(),
            created: Created::default(),
        };
        // What is wrong with the place is told before anything is read.
        match &target.place {
            Place::File(_) => {
                let slot = (String::new(), 0);
                let state = State::Idle(output.create(&slot)?);
                output.open.insert(slot, Open { state, last_used: 0 });
            }
            Place::Folder { folder, .. } => output.created.make(folder)?,
        }
        Ok(output)
    }

    /// Takes a batch; returns when it is handed over.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let parts = match (&self.partitioning, &self.target.place) {
            (Some(partitioning), _) => partitioning
                .split(&batch)?
                .into_iter()
                .map(|(folder, part)| ((folder, 0), part))
                .collect(),
            (None, Place::File(_)) => vec![((String::new(), 0), batch)],
            (None, Place::Folder { .. }) => vec![((String::new(), self.lane(&batch)), batch)],
        };
        for (slot, part) in parts {
            self.write_to(slot, part).await?;
        }
        Ok(())
    }

    /// Which of the files written at once: a partition of the topic stays with one of them, so that its rows stay in order.
    fn lane(&self, batch: &RecordBatch) -> usize {
        let partition = batch
            .column_by_name("_partition")
            .and_then(|column| column.as_primitive_opt::<Int32Type>()?.values().first().copied());
        usize::try_from(partition.unwrap_or(0)).unwrap_or(0) % self.workers.cores()
    }

    async fn write_to(&mut self, slot: Slot, batch: RecordBatch) -> Result<()> {
        self.clock += 1;
        let sink = match self.open.remove(&slot) {
            Some(open) => idle(open.state).await?,
            None => {
                if self.open.len() >= MOST_OPEN {
                    self.end_oldest().await?;
                }
                self.create(&slot)?
            }
        };
        let work = self.workers.start(move || {
            let mut sink = sink;
            sink.write(&batch).map(|()| sink)
        });
        let open = Open {
            state: State::Busy(work),
            last_used: self.clock,
        };
        self.open.insert(slot, open);
        Ok(())
    }

    fn create(&mut self, slot: &Slot) -> Result<Sink> {
        let (path, kept) = match &self.target.place {
            Place::File(path) => (path.clone(), false),
            Place::Folder { folder, stem, kept } => {
                let below = folder.join(&slot.0);
                self.created.make(&below)?;
                let number = self.numbers.entry(slot.0.clone()).or_default();
                let name = format!("{stem}-{number}.{}", self.target.ending());
                *number += 1;
                (below.join(name), *kept)
            }
        };
        let sink = Sink::create(path, &self.recipe, kept)?;
        self.begun.0.push(sink.hidden());
        Ok(sink)
    }

    async fn end_oldest(&mut self) -> Result<()> {
        let oldest = self.open.iter().min_by_key(|(_, open)| open.last_used);
        let Some(slot) = oldest.map(|(slot, _)| slot.clone()) else {
            return Ok(());
        };
        if let Some(open) = self.open.remove(&slot) {
            let sink = idle(open.state).await?;
            // The read goes on: its report cannot be in here.
            self.end(sink, Metadata::new()).await?;
        }
        Ok(())
    }

    /// Files that wait for their end are open too, so there are only so many of them.
    async fn end(&mut self, sink: Sink, metadata: Metadata) -> Result<()> {
        self.ending
            .push_back(self.workers.start(move || sink.finish(&metadata)));
        while self.ending.len() > MOST_OPEN {
            self.take_ended().await?;
        }
        Ok(())
    }

    /// Waits for the file whose end began first. Returns whether there was one.
    async fn take_ended(&mut self) -> Result<bool> {
        let Some(ending) = self.ending.front_mut() else {
            return Ok(false);
        };
        let complete = ending.await.ok().flatten().ok_or_else(panicked)??;
        self.ending.pop_front();
        self.complete.push(complete);
        Ok(true)
    }

    /// Ends all files and brings them to the disk.
    pub async fn finish(mut self, metadata: Metadata) -> Result<Staged> {
        // A folder without rows still says which columns there are.
        let folder = matches!(self.target.place, Place::Folder { kept: false, .. });
        if folder && self.partitioning.is_none() && self.begun.0.is_empty() {
            let sink = self.create(&(String::new(), 0))?;
            self.end(sink, metadata.clone()).await?;
        }
        for (_, open) in std::mem::take(&mut self.open) {
            let sink = idle(open.state).await?;
            self.end(sink, metadata.clone()).await?;
        }
        while self.take_ended().await? {}
        self.begun.0.clear();
        let mut files = self.complete;
        files.sort_by(|a, b| a.temporary.path().cmp(b.temporary.path()));
        Ok(Staged {
            files,
            target: self.target,
            created: self.created,
        })
    }
}

/// The file, as soon as nobody writes to it.
async fn idle(state: State) -> Result<Sink> {
    match state {
        State::Idle(sink) => Ok(sink),
        State::Busy(work) => work.await.ok().flatten().ok_or_else(panicked)?,
    }
}

fn panicked() -> Error {
    Error::new(ErrorKind::Internal, "the thread that writes a file panicked")
}

impl Created {
    /// Makes a folder and those above it that are missing.
    fn make(&mut self, folder: &Path) -> Result<()> {
        let mut missing = Vec::new();
        let mut at = Some(folder);
        while let Some(one) = at.filter(|one| !one.as_os_str().is_empty() && !one.exists()) {
            missing.push(one);
            at = one.parent();
        }
        for one in missing.into_iter().rev() {
            fs::create_dir(one).map_err(|error| io_error("create the folder", one, &error))?;
            self.0.push(one.to_owned());
        }
        Ok(())
    }
}

impl Staged {
    /// What is in it, by name.
    pub fn files(&self) -> Vec<WrittenFile> {
        let written = |file: &Complete| WrittenFile {
            path: file.temporary.path().to_owned(),
            rows: file.rows,
            bytes: file.bytes,
        };
        self.files.iter().map(written).collect()
    }

    /// Gives the files their names. Where that fails for one, none of them keeps its name, unless they replace others.
    pub fn commit(mut self, overwrite: bool) -> Result<()> {
        let earlier = if overwrite { self.target.earlier()? } else { Vec::new() };
        let mut named: Vec<PathBuf> = Vec::new();
        for file in std::mem::take(&mut self.files) {
            let path = file.temporary.path().to_owned();
            if let Err(error) = file.temporary.commit(overwrite) {
                if !overwrite {
                    named.iter().for_each(|path| {
                        let _ = fs::remove_file(path);
                    });
                }
                return Err(error);
            }
            named.push(path);
        }
        for path in earlier.iter().filter(|path| !named.contains(path)) {
            fs::remove_file(path).map_err(|error| io_error("remove", path, &error))?;
        }
        let folders = folders(&named);
        self.created.0.clear();
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Where the files will be.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.temporary.path().to_owned()).collect()
    }

    /// Brings the hidden names to the disk.
    pub fn sync(&self) -> Result<()> {
        folders(&self.paths()).iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Leaves the files under their hidden names, for good: somebody else gives them their own.
    pub fn keep(mut self) {
        self.files.drain(..).for_each(|file| file.temporary.keep());
        self.created.0.clear();
    }
}

/// The folders of these files, each once: those of partition values, the one that holds them, and the one above, which may be new too.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let of_value = |folder: &Path| {
        folder
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains('='))
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths {
        let mut above = path.ancestors().skip(1);
        for folder in above.by_ref() {
            folders.push(folder.to_owned());
            if !of_value(folder) {
                break;
            }
        }
        folders.extend(above.next().map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    folders
}
