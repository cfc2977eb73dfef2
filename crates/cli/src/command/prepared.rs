//! A read before it begins: what every command that reads does alike with its flags, up to the scan.

use std::collections::BTreeMap;

use kaframe::blocking::{Cluster, Scan};
use kaframe::{Bound, Bounds, ScanOptions};

use crate::Context;
use crate::exit::Failure;
use crate::flag::columns::Columns;
use crate::flag::output::When;
use crate::flag::range::{FromLogStart, Range};
use crate::flag::running::Running;
use crate::progress::Bar;

/// The options of a scan, as far as flags decide them.
pub(super) struct Prepared {
    pub options: ScanOptions,
    from_log_start: FromLogStart,
}

impl Prepared {
    /// From the flags that every such command has; Ctrl-C stops it.
    pub fn new(context: &Context, range: &Range) -> Result<Prepared, Failure> {
        let mut options = ScanOptions {
            cancel: context.interrupt.token(),
            ..ScanOptions::default()
        };
        let from_log_start = range.apply(&mut options)?;
        Ok(Prepared {
            options,
            from_log_start,
        })
    }

    /// With the flags about columns.
    pub fn columns(mut self, columns: &Columns) -> Result<Prepared, Failure> {
        columns.apply(&mut self.options)?;
        Ok(self)
    }

    /// With the flags about how it runs.
    pub fn running(mut self, running: &Running) -> Result<Prepared, Failure> {
        running.apply(&mut self.options)?;
        Ok(self)
    }

    /// The progress bar, which the scan moves. `rows_wait` as for [`Bar::new`].
    pub fn bar(&mut self, when: When, rows_wait: bool) -> Bar {
        let bar = Bar::new(when, rows_wait);
        self.options.progress = bar.callback();
        bar
    }

    /// The scan.
    pub fn scan(self, cluster: &Cluster, topics: &[String]) -> Result<Scan, Failure> {
        let options = self.resolve(cluster, topics)?;
        Ok(cluster.scan(topics, options)?)
    }

    /// The options, complete: `-o +N` counts from the log start, which only a plan knows.
    pub fn resolve(mut self, cluster: &Cluster, topics: &[String]) -> Result<ScanOptions, Failure> {
        let FromLogStart::Start(behind) = self.from_log_start else {
            return Ok(self.options);
        };
        let whole = ScanOptions {
            partitions: self.options.partitions.clone(),
            timeout: self.options.timeout,
            cancel: self.options.cancel.clone(),
            ..ScanOptions::default()
        };
        let scan = cluster.scan(topics, whole)?;
        let plan = scan.plan();
        let mut starts: BTreeMap<String, Bounds> = BTreeMap::new();
        for p in &plan.partitions {
            let start = p.range.start.saturating_add(behind);
            // Behind the end there is nothing, which is what was asked for; an offset there would be an error.
            let bound = if start >= p.range.end {
                Bound::Latest
            } else {
                Bound::Offset(start)
            };
            let topic = starts.entry(plan.topic(p.at()).name.clone());
            if let Bounds::PerPartition(map) = topic.or_insert_with(|| Bounds::PerPartition(BTreeMap::new())) {
                map.insert(p.partition, bound);
            }
        }
        self.options.start = Bounds::PerTopic(starts);
        Ok(self.options)
    }
}
