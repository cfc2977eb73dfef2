//! A write in progress: rows in, batches out, and an account of what became of every row.
//!
//! The first failure ends it. What was gathered before a row that cannot be written is still delivered, so that exactly the rows before it are
//! written; after any other failure nothing more is sent, and what is on its way is waited for, since its outcome may still become known.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arrow_array::{Array, RecordBatch};
use kaframe_client::{Producer, ProducerOptions};
use kaframe_wire::batch::{BatchBuilder, Compression, ProducerStamp};
use tokio::task::JoinHandle;

use super::deliver::{Delivery, Outcome};
use super::encode::Encoded;
use super::gather::{Gather, Gathered, lone_batch_size};
use super::options::{WriteOptions, WriteProgress};
use super::partitioner::Partitioner;
use super::report::WriteReport;
use super::workers::Workers;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of a batch before compression.
const BATCH_TARGET: usize = 1_000_000;
/// The default of `max.message.bytes`, assumed for batches where the topic's own may not be read.
const DEFAULT_MAX_MESSAGE: usize = 1_048_588;
/// The default of `socket.request.max.bytes`: no broker takes a larger request.
const MAX_REQUEST: usize = 100 << 20;
/// Rows, and bytes of them, that are encoded at a time.
const CHUNK_ROWS: usize = 8192;
const CHUNK_BYTES: usize = 4 << 20;
/// Fewer rows than these are encoded on the spot: handing them to another thread would cost more.
const FEW_ROWS: usize = 256;
/// How long a cancelled write waits for answers that are on their way.
const LAST_ANSWERS: Duration = Duration::from_millis(100);
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A topic opened for writing. Nothing is certain before [`Writer::flush`] or [`Writer::finish`] came back; dropping it abandons what is on its way.
pub struct Writer {
    options: WriteOptions,
    delivery: Delivery,
    partitioner: Partitioner,
    gather: Gather,
    /// `max.message.bytes` of the topic; `None` where it may not be read.
    max_message: Option<usize>,
    report: WriteReport,
    began: Instant,
    told: Instant,
    workers: Workers,
    /// Chunks of rows that are being encoded, in their order.
    encoding: VecDeque<JoinHandle<Option<Result<Encoded>>>>,
    /// Rows that were given.
    given: u64,
    /// Rows of these that are gathered.
    rows: u64,
    failed: bool,
}

impl Writer {
    pub(super) async fn open(cluster: &Cluster, topic: &str, options: WriteOptions) -> Result<Writer> {
        let began = Instant::now();
        let producer_options = ProducerOptions {
            compression: options.compression,
            max_request_size: MAX_REQUEST,
        };
        let opened = async {
            tokio::join!(
                Producer::open(&cluster.client, topic, producer_options),
                cluster.client.topic_configs(topic)
            )
        };
        let (producer, configs) = tokio::select! {
            opened = opened => opened,
            () = options.cancel.cancelled() => return Err(Error::cancelled()),
        };
        let producer = producer.map_err(|error| open_error(error.into(), topic))?;
        let partitions = producer.partitions();
        if let Some(partition) = options
            .partition
            .filter(|partition| !(0..partitions).contains(partition))
        {
            return Err(Error::new(
                ErrorKind::TopicNotFound,
                format!("topic {topic:?} has no partition {partition}: it has {partitions}, numbered from 0"),
            )
            .with_topic(topic)
            .with_partition(partition));
        }
        // The configuration needs a permission that writing does not; without it the broker's own answer decides.
        let max_message = configs
            .ok()
            .and_then(|configs| configs.get("max.message.bytes")?.as_ref()?.parse().ok());
        let workers = Workers::new();
        Ok(Writer {
            partitioner: Partitioner::new(partitions, options.partition, options.key_hash),
            delivery: Delivery::new(producer, options.compression, workers.clone()),
            gather: Gather::new(BATCH_TARGET.min(max_message.unwrap_or(DEFAULT_MAX_MESSAGE))),
            max_message,
            report: WriteReport {
                topic: topic.to_owned(),
                ..WriteReport::default()
            },
            began,
            told: began,
            workers,
            encoding: VecDeque::new(),
            given: 0,
            rows: 0,
            failed: false,
            options,
        })
    }

    /// Takes the rows of a batch. Returns when there is room for more, not when they are written.
    ///
    /// # Errors
    /// As [`Cluster::write`]; also those of rows that were taken before. After an error the writer takes nothing more.
    pub async fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.check_usable()?;
        let end = self.given + batch.num_rows() as u64;
        let chunk = rows_per_chunk(batch);
        for start in (0..batch.num_rows()).step_by(chunk) {
            let rows = chunk.min(batch.num_rows() - start);
            if let Err(stop) = self.push_chunk(&batch.slice(start, rows)).await {
                return Err(self.fail(stop, end).await);
            }
        }
        Ok(())
    }

    /// Waits until everything that was taken is written.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn flush(&mut self) -> Result<()> {
        self.check_usable()?;
        match self.try_flush().await {
            Ok(()) => Ok(()),
            Err(stop) => Err(self.fail(stop, self.given).await),
        }
    }

    /// Waits until everything that was taken is written, and says where.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub async fn finish(mut self) -> Result<WriteReport> {
        self.flush().await?;
        self.tell_progress(true);
        Ok(self.report().clone())
    }

    /// What became of the rows so far; those that are on their way are not in it.
    pub fn report(&mut self) -> &WriteReport {
        self.report.elapsed = self.began.elapsed();
        &self.report
    }

    fn check_usable(&self) -> Result<()> {
        if self.failed {
            let error = Error::config("this write has failed before").with_topic(&self.report.topic);
            return Err(error.with_hint("open a new one"));
        }
        Ok(())
    }

    async fn push_chunk(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        let (first_row, now) = (self.given, now());
        self.given += batch.num_rows() as u64;
        if batch.num_rows() < FEW_ROWS && self.encoding.is_empty() {
            let encoded = Encoded::new(batch, first_row, now, &self.options).map_err(Stop::Row)?;
            return self.gather(Arc::new(encoded)).await;
        }
        let (batch, options) = (batch.clone(), self.options.clone());
        let encoding = self
            .workers
            .start(move || Encoded::new(&batch, first_row, now, &options));
        self.encoding.push_back(encoding);
        while self.encoding.len() > self.workers.enough() {
            self.gather_next().await?;
        }
        Ok(())
    }

    /// Waits for the oldest chunk that is being encoded and gathers its rows.
    async fn gather_next(&mut self) -> Result<(), Stop> {
        let Some(encoding) = self.encoding.front_mut() else {
            return Ok(());
        };
        let encoded = tokio::select! {
            biased;
            () = self.options.cancel.cancelled() => return Err(Stop::Cancelled),
            encoded = encoding => encoded,
        };
        self.encoding.pop_front();
        let panicked = || Error::new(ErrorKind::Internal, "the thread that encodes rows panicked");
        let encoded = encoded.ok().flatten().ok_or_else(panicked).flatten();
        self.gather(Arc::new(encoded.map_err(Stop::Row)?)).await
    }

    async fn gather(&mut self, encoded: Arc<Encoded>) -> Result<(), Stop> {
        for row in 0..encoded.len() {
            self.check_size(&encoded, row).map_err(Stop::Row)?;
            let partition = self
                .partitioner
                .partition(encoded.key(row), |key| self.delivery.partition_for_key(key));
            let full = self.gather.push(partition, &encoded, row as u32);
            self.rows += 1;
            if let Some(full) = full {
                self.partitioner.full(partition);
                self.send(full).await?;
            }
        }
        let aged = self.gather.take_aged();
        self.send_all(aged).await
    }

    async fn try_flush(&mut self) -> Result<(), Stop> {
        while !self.encoding.is_empty() {
            self.gather_next().await?;
        }
        let rest = self.gather.take_all();
        self.send_all(rest).await?;
        loop {
            let settled = tokio::select! {
                biased;
                () = self.options.cancel.cancelled() => return Err(Stop::Cancelled),
                settled = self.delivery.next_settled() => settled,
            };
            match settled {
                Some(outcome) => self.settle(outcome)?,
                None => return Ok(()),
            }
        }
    }

    async fn send_all(&mut self, batches: Vec<Gathered>) -> Result<(), Stop> {
        let mut batches = batches.into_iter();
        while let Some(batch) = batches.next() {
            if let Err(stop) = self.send(batch).await {
                batches.for_each(|batch| batch.add_rows(&mut self.report.not_written));
                return Err(stop);
            }
        }
        Ok(())
    }

    async fn send(&mut self, batch: Gathered) -> Result<(), Stop> {
        let room = tokio::select! {
            biased;
            () = self.options.cancel.cancelled() => None,
            room = self.delivery.room(&batch) => Some(room),
        };
        let Some(room) = room else {
            batch.add_rows(&mut self.report.not_written);
            return Err(Stop::Cancelled);
        };
        self.delivery.send(batch, room);
        while let Some(outcome) = self.delivery.settled() {
            self.settle(outcome)?;
        }
        Ok(())
    }

    /// Puts into the report what became of a batch.
    fn settle(&mut self, outcome: Outcome) -> Result<(), Stop> {
        if let Some((produced, payload)) = &outcome.written {
            self.report.add(produced, *payload);
        }
        outcome.unknown.iter().for_each(|rows| self.report.unknown.insert(rows));
        outcome
            .not_written
            .iter()
            .for_each(|rows| self.report.not_written.insert(rows));
        self.tell_progress(false);
        match outcome.error {
            Some(error) => Err(Stop::Delivery(error.into())),
            None => Ok(()),
        }
    }

    /// Ends the write: settles what is on its way and says what became of the rows, of which those up to `end` were given.
    async fn fail(&mut self, stop: Stop, end: u64) -> Error {
        self.failed = true;
        // What is still being encoded lies behind the row that failed.
        self.encoding.clear();
        self.report.not_written.insert(self.rows..end);
        let error = match stop {
            Stop::Row(error) => match self.try_flush().await {
                Ok(()) => error,
                Err(stop) => self.wind_up(stop).await,
            },
            stop => self.wind_up(stop).await,
        };
        let message = format!("{}; {}", error.message(), self.report.outcome());
        let report = self.report().clone();
        error
            .with_message(message)
            .with_topic(&report.topic)
            .with_write_report(report)
    }

    /// Sends nothing more, and waits for what is on its way.
    async fn wind_up(&mut self, stop: Stop) -> Error {
        self.delivery.stop();
        self.gather
            .take_all()
            .iter()
            .for_each(|gathered| gathered.add_rows(&mut self.report.not_written));
        let patience = if matches!(stop, Stop::Cancelled) {
            LAST_ANSWERS
        } else {
            Duration::MAX
        };
        let mut error = match stop {
            Stop::Cancelled => Error::cancelled(),
            Stop::Row(error) | Stop::Delivery(error) => error,
        };
        if tokio::time::timeout(patience, self.settle_all(&mut error))
            .await
            .is_err()
        {
            self.delivery.abandon().await;
            self.settle_all(&mut error).await;
        }
        error
    }

    /// Waits for what is on its way. That rows may be there twice or not at all matters more than what went wrong first.
    async fn settle_all(&mut self, error: &mut Error) {
        while let Some(outcome) = self.delivery.next_settled().await {
            if let Err(Stop::Delivery(later)) = self.settle(outcome)
                && later.kind() == ErrorKind::UnknownOutcome
                && error.kind() != ErrorKind::Cancelled
            {
                *error = later;
            }
        }
    }

    /// A row that the topic does not take is found before anything of it is sent.
    fn check_size(&self, encoded: &Encoded, row: usize) -> Result<()> {
        let limit = self.max_message.unwrap_or(MAX_REQUEST);
        let payload = encoded.payload(row).0;
        // Far from the limit the exact size is not needed.
        if payload < limit / 2 {
            return Ok(());
        }
        let size = lone_batch_size(encoded, row);
        if size <= limit
            || (self.options.compression != Compression::None && compressed_size(encoded, row, &self.options) <= limit)
        {
            return Ok(());
        }
        let topic = &self.report.topic;
        let message = format!(
            "row {} makes a batch of {size} bytes, more than the topic {topic:?} takes: max.message.bytes is {limit}",
            encoded.first_row + row as u64
        );
        Err(Error::new(ErrorKind::Limit, message)
            .with_hint("raise the topic's max.message.bytes, compress, or leave the row out"))
    }

    fn tell_progress(&mut self, always: bool) {
        let Some(progress) = &self.options.progress else {
            return;
        };
        if always || self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            progress(&WriteProgress {
                rows: self.report.rows,
                bytes: self.report.bytes,
                elapsed: self.began.elapsed(),
            });
        }
    }
}

/// Why a write ends before its end.
enum Stop {
    /// The next row cannot be written; everything before it can.
    Row(Error),
    /// A batch was not delivered.
    Delivery(Error),
    /// The caller cancelled.
    Cancelled,
}

fn open_error(error: Error, topic: &str) -> Error {
    if error.kind() == ErrorKind::TopicNotFound {
        let hint = format!("writing creates no topic; create it with `kaframe topics create {topic}` or create_topic");
        return error.with_topic(topic).with_hint(hint);
    }
    error
}

/// Rows that are encoded at a time: few where they are large.
fn rows_per_chunk(batch: &RecordBatch) -> usize {
    let bytes: usize = batch
        .columns()
        .iter()
        .map(|column| {
            column
                .to_data()
                .get_slice_memory_size()
                .unwrap_or_else(|_| column.get_array_memory_size())
        })
        .sum();
    let row = bytes / batch.num_rows().max(1);
    (CHUNK_BYTES / row.max(1)).clamp(1, CHUNK_ROWS)
}

fn compressed_size(encoded: &Encoded, row: usize, options: &WriteOptions) -> usize {
    let mut headers = Vec::new();
    encoded.headers(row, &mut headers);
    let mut batch = BatchBuilder::new(options.compression);
    batch.push(encoded.timestamp(row), encoded.key(row), encoded.value(row), &headers);
    batch
        .finish(ProducerStamp::NONE)
        .map_or(usize::MAX, |bytes| bytes.len())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
