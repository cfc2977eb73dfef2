//! A scan made smaller: fewer columns, more conditions, a limit; its records and the types of its columns stay those of the scan that it comes from. And one
//! that reads columns along, for who writes its rows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::{Decided, Inner, Scan, cancellable};
use crate::assemble::Layout;
use crate::columns::Selection;
use crate::error::{Error, Result};
use crate::filter::{Conditions, Filter};
use crate::options::Metadata;
use crate::order::Order;
use crate::plan::{PartitionPlan, Plan};
use crate::{reader, resolve};

/// What a scan is made smaller by.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Exactly these columns, which the scan has; `None` leaves them as they are.
    pub columns: Option<Vec<String>>,
    /// Conditions that a row must pass besides those of the scan. An end by time that follows from them is exact.
    pub filter: Vec<Arc<dyn Filter>>,
    /// At most so many records that pass.
    pub limit: Option<u64>,
    /// Another order of rows; `None` is that of the scan.
    pub order: Option<Order>,
}

impl Scan {
    /// A scan of the same frozen records that gives less of them. A stream of it has the types that this scan's sample decided; the sample is read
    /// here if it was not yet.
    ///
    /// # Errors
    /// `Schema`, when a column is none of this scan's; `Config`, when a condition makes no sense for its types, or is added to a scan that counts
    /// its records before conditions (limit, tail).
    pub async fn narrow(&self, narrow: Narrow) -> Result<Scan> {
        let decided = self.decided().await?;
        let mut options = self.0.options.clone();
        let counted = options.limit.is_some() || options.tail.is_some();
        if counted && !narrow.filter.is_empty() {
            return Err(Error::config(
                "a condition cannot be added to a scan that has a limit or a tail",
            ));
        }
        if narrow.columns.is_some() {
            options.columns = narrow.columns;
        }
        options.order = narrow.order.unwrap_or(options.order);
        options.limit = [options.limit, narrow.limit].into_iter().flatten().min();
        let plan = Plan {
            order: options.order,
            ..self.narrowed_plan(&narrow.filter, options.limit).await?
        };
        options.filter.extend(narrow.filter);
        let selection = Selection::from_options(&options, plan.several)?;
        let sampled = decided.sampled.clone();
        let chunks = Arc::new(reader::chunk_plan(&plan, &selection, &options, &sampled, true)?);
        let known = sampled.value_shape.as_ref();
        let any_value = known.is_some_and(|shape| *shape != kaframe_codec::Shape::Null);
        let layout = Layout::new(&chunks, any_value, known)?;
        if let Some(sieve) = &chunks.sieve {
            sieve.bind(any_value, known)?;
        }
        // Responses that the sample took are good for whoever reads first.
        let prefetched = std::mem::take(&mut *self.0.prefetched.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Scan(Arc::new(Inner {
            client: self.0.client.clone(),
            topics: self.0.topics.clone(),
            options,
            plan: Arc::new(plan),
            decided: OnceCell::new_with(Some(Decided {
                sampled,
                chunks,
                layout,
            })),
            tuning: self.0.tuning,
            prefetched: Mutex::new(prefetched),
        })))
    }

    /// The same frozen records with these columns behind those that it gives.
    pub(crate) fn with_columns_along(&self, along: &[String]) -> Scan {
        let mut options = self.0.options.clone();
        match (&mut options.columns, &mut options.metadata) {
            (Some(columns), _) | (None, Metadata::Only(columns)) => columns.extend_from_slice(along),
            (None, metadata) => *metadata = Metadata::Only(along.to_vec()),
        }
        Scan(Arc::new(Inner {
            client: self.0.client.clone(),
            topics: self.0.topics.clone(),
            options,
            plan: self.0.plan.clone(),
            decided: OnceCell::new(),
            tuning: self.0.tuning,
            prefetched: Mutex::default(),
        }))
    }

    /// The plan without what the conditions exclude, within the ranges that are frozen.
    async fn narrowed_plan(&self, filter: &[Arc<dyn Filter>], limit: Option<u64>) -> Result<Plan> {
        let mut plan = Plan::clone(&self.0.plan);
        plan.limit = limit;
        if filter.is_empty() {
            return Ok(plan);
        }
        let conditions = Conditions::of(filter);
        let options = &self.0.options;
        let mut left = Vec::new();
        for (place, topic) in self.0.plan.topics.iter().enumerate() {
            let mut mine: Vec<PartitionPlan> = plan.partitions.iter().filter(|p| p.topic == place).cloned().collect();
            let numbers = mine.iter().map(|p| p.partition).collect();
            let numbers = resolve::narrow::partitions(&topic.name, numbers, &conditions.implied);
            mine.retain(|p| numbers.contains(&p.partition));
            let level = options.isolation_level;
            let narrowing = resolve::narrow::narrow(&self.0.client, topic, &conditions.implied, level, &mut mine);
            cancellable(&options.cancel, narrowing).await?;
            left.extend(mine);
        }
        plan.partitions = left;
        plan.conditions.extend(conditions.shown);
        Ok(plan)
    }
}
