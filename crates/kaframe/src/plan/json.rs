//! A plan as JSON: what it prints as text, for programs.

use serde::ser::{Serialize, Serializer};

use super::{PartitionPlan, Plan};
use crate::estimate::Estimate;

#[derive(serde::Serialize)]
struct PlanJson<'p> {
    topics: Vec<&'p str>,
    cluster_id: Option<&'p str>,
    isolation_level: String,
    limit: Option<u64>,
    tail: Option<u64>,
    order: String,
    conditions: Vec<String>,
    offsets: u64,
    partitions: Vec<PartitionJson<'p>>,
    estimate: Option<&'p Estimate>,
}

#[derive(serde::Serialize)]
struct PartitionJson<'p> {
    topic: &'p str,
    partition: i32,
    start: i64,
    end: i64,
    log_start_offset: i64,
    high_watermark: i64,
    last_stable_offset: Option<i64>,
    leader_epoch: i32,
    notes: &'p [String],
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PlanJson {
            topics: self.topics.iter().map(|topic| topic.name.as_str()).collect(),
            cluster_id: self.cluster_id.as_deref(),
            isolation_level: self.isolation_level.to_string(),
            limit: self.limit,
            tail: self.tail,
            order: self.order.to_string(),
            conditions: self.conditions.iter().map(ToString::to_string).collect(),
            offsets: self.offsets(),
            partitions: self.partitions.iter().map(|one| self.partition_json(one)).collect(),
            estimate: self.estimate.as_ref(),
        }
        .serialize(serializer)
    }
}

impl Plan {
    fn partition_json<'p>(&'p self, one: &'p PartitionPlan) -> PartitionJson<'p> {
        PartitionJson {
            topic: &self.topic(one.at()).name,
            partition: one.partition,
            start: one.range.start,
            end: one.range.end,
            log_start_offset: one.log_start_offset,
            high_watermark: one.high_watermark,
            last_stable_offset: one.last_stable_offset,
            leader_epoch: one.leader_epoch,
            notes: &one.notes,
        }
    }
}
