//! What is known of a topic without reading it through: metadata, the three bounds, settings, the span of its timestamps, and from a few records at
//! the front the size of one.

use serde::Serialize;

use kaframe_client::{ListedOffset, OffsetQuery, TopicMetadata};

use crate::admin::{PartitionDescription, unreadable};
use crate::blocking;
use crate::cluster::Cluster;
use crate::error::Result;
use crate::options::{Metadata, ScanOptions};
use crate::time;

/// Records looked at for their size.
const SAMPLE: u64 = 500;

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigEntry {
    /// Name, as `cleanup.policy`.
    pub name: String,
    /// Value; `None` where the broker keeps it to itself.
    pub value: Option<String>,
    /// Who set it.
    pub origin: ConfigOrigin,
}

/// Who set a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigOrigin {
    /// The topic itself.
    Topic,
    /// The brokers, for all topics.
    Broker,
    /// Nobody.
    Default,
}

impl From<kaframe_client::ConfigEntry> for ConfigEntry {
    fn from(entry: kaframe_client::ConfigEntry) -> ConfigEntry {
        ConfigEntry {
            name: entry.name,
            value: entry.value,
            origin: match entry.origin {
                kaframe_client::ConfigOrigin::Topic => ConfigOrigin::Topic,
                kaframe_client::ConfigOrigin::Broker => ConfigOrigin::Broker,
                kaframe_client::ConfigOrigin::Default => ConfigOrigin::Default,
            },
        }
    }
}

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// Name.
    pub topic: String,
    /// Id, from Kafka 2.8 on.
    pub id: Option<String>,
    /// Kafka keeps it for itself.
    pub internal: bool,
    /// Partitions, by number.
    pub partitions: Vec<PartitionInfo>,
    /// The settings, by name; `None` where they may not be read.
    pub configs: Option<Vec<ConfigEntry>>,
    /// `CreateTime` or `LogAppendTime`, as the settings say, else as the first records say.
    pub timestamp_type: Option<String>,
    /// The least timestamp at the front of a partition, as text.
    pub first_time: Option<String>,
    /// The greatest timestamp; `None` without records and where brokers do not tell (before Kafka 3.0).
    pub last_time: Option<String>,
    /// Mean bytes of key and value of the records looked at.
    pub record_bytes: Option<u64>,
    /// How many records were looked at.
    pub sampled: u64,
}

/// What is known of a partition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartitionInfo {
    /// Number, from 0.
    pub id: i32,
    /// Broker that leads it; `None` while there is none.
    pub leader: Option<i32>,
    /// Brokers that hold a copy.
    pub replicas: Vec<i32>,
    /// Brokers whose copy is in sync.
    pub isr: Vec<i32>,
    /// The first offset that is still there.
    pub log_start_offset: Option<i64>,
    /// The offset before which every transaction is decided.
    pub last_stable_offset: Option<i64>,
    /// The offset behind the last record that all in-sync brokers have.
    pub high_watermark: Option<i64>,
    /// Timestamp of the first record.
    pub first_time: Option<String>,
    /// The greatest timestamp.
    pub last_time: Option<String>,
}

impl Info {
    /// Offsets that are held: no fewer than there are records.
    pub fn offsets(&self) -> u64 {
        let held = |p: &PartitionInfo| Some(p.high_watermark? - p.log_start_offset?);
        self.partitions
            .iter()
            .filter_map(held)
            .map(|offsets| u64::try_from(offsets).unwrap_or(0))
            .sum()
    }
}

impl Cluster {
    /// What is known of a topic without reading it through; for looking at it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::TopicNotFound`] when there is none, with the nearest names.
    pub async fn info(&self, topic: &str) -> Result<Info> {
        let description = self.describe_topic(topic).await?;
        let metadata = self.client.topic(topic).await?;
        let configs = match self.client.topic_config_entries(topic).await {
            Ok(configs) => Some(configs.into_iter().map(ConfigEntry::from).collect::<Vec<_>>()),
            Err(error) if unreadable(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let first = self
            .times(&metadata, &description.partitions, OffsetQuery::AtTime(0))
            .await?;
        // Brokers before 3.0 do not know this question; nothing else depends on the answer.
        let last = self
            .times(&metadata, &description.partitions, OffsetQuery::MaxTimestamp)
            .await
            .unwrap_or_default();
        let (sampled, record_bytes, seen_type) = self.sample_sizes(topic).await?;
        let set_type = configs
            .as_ref()
            .and_then(|configs| configs.iter().find(|config| config.name == "message.timestamp.type"))
            .and_then(|config| config.value.clone());
        let time_of = |listed: &[ListedOffset], partition: i32| {
            let found = listed.iter().find(|listed| listed.partition == partition)?;
            found.timestamp.filter(|time| *time >= 0)
        };
        let extreme = |pick: fn(i64, i64) -> i64, listed: &[ListedOffset]| {
            let times = listed
                .iter()
                .filter_map(|listed| listed.timestamp.filter(|time| *time >= 0));
            times.reduce(pick).map(time::format)
        };
        Ok(Info {
            topic: description.name,
            id: description.id,
            internal: description.internal,
            first_time: extreme(i64::min, &first),
            last_time: extreme(i64::max, &last),
            partitions: description
                .partitions
                .into_iter()
                .map(|p| PartitionInfo {
                    first_time: time_of(&first, p.id).map(time::format),
                    last_time: time_of(&last, p.id).map(time::format),
                    id: p.id,
                    leader: p.leader,
                    replicas: p.replicas,
                    isr: p.isr,
                    log_start_offset: p.log_start_offset,
                    last_stable_offset: p.last_stable_offset,
                    high_watermark: p.high_watermark,
                })
                .collect(),
            configs,
            timestamp_type: set_type.or(seen_type),
            record_bytes,
            sampled,
        })
    }

    async fn times(
        &self,
        metadata: &TopicMetadata,
        partitions: &[PartitionDescription],
        query: OffsetQuery,
    ) -> Result<Vec<ListedOffset>> {
        let held = |p: &&PartitionDescription| p.leader.is_some() && p.high_watermark > p.log_start_offset;
        let queries: Vec<(i32, OffsetQuery)> = partitions.iter().filter(held).map(|p| (p.id, query)).collect();
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let isolation = kaframe_client::Isolation::ReadUncommitted;
        Ok(self.client.list_offsets(metadata, &queries, isolation).await?)
    }

    /// How many records were looked at, their mean size, and who set their timestamps.
    async fn sample_sizes(&self, topic: &str) -> Result<(u64, Option<u64>, Option<String>)> {
        use arrow_array::Array;
        use arrow_array::cast::AsArray;
        let options = ScanOptions {
            limit: Some(SAMPLE),
            key_format: Some(kaframe_codec::ValueFormat::Raw),
            value_format: Some(kaframe_codec::ValueFormat::Raw),
            metadata: Metadata::Only(vec!["_key".to_owned(), "_timestamp_type".to_owned()]),
            ..ScanOptions::default()
        };
        let table = self.read(topic, options).await?;
        let (mut records, mut bytes, mut kind) = (0u64, 0u64, None);
        for batch in table.batches() {
            records += batch.num_rows() as u64;
            for name in ["value", "_key"] {
                if let Some(array) = batch
                    .column_by_name(name)
                    .and_then(|array| array.as_binary_opt::<i64>())
                {
                    bytes += array.value_data().len() as u64;
                }
            }
            let types = batch
                .column_by_name("_timestamp_type")
                .and_then(|array| array.as_string_opt::<i64>());
            if let Some(types) = types.filter(|types| kind.is_none() && !types.is_empty() && types.is_valid(0)) {
                kind = Some(types.value(0).to_owned());
            }
        }
        Ok((records, (records > 0).then(|| bytes / records), kind))
    }
}

impl blocking::Cluster {
    /// See [`Cluster::info`].
    pub fn info(&self, topic: &str) -> Result<Info> {
        self.block_on(self.as_async().info(topic))
    }
}
