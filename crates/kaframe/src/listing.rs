//! What brokers say about the cluster and its logs without reading a record: a listing, and offsets at times.

pub use kaframe_client::{ClusterListing, ListedBroker, ListedPartition, ListedTopic};
use kaframe_client::{Isolation, OffsetQuery};

use crate::blocking;
use crate::cluster::Cluster;
use crate::error::Result;

/// The first record of a partition at or after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetAtTime {
    /// Partition.
    pub partition: i32,
    /// Its offset; `None` where no record is that new.
    pub offset: Option<i64>,
    /// Its timestamp, in ms since 1970.
    pub timestamp: Option<i64>,
}

impl Cluster {
    /// Brokers, topics and partitions as one broker lists them, in its order and with the errors it names; one topic, or all. Creates none.
    pub async fn listing(&self, topic: Option<&str>) -> Result<ClusterListing> {
        Ok(self.client.listing(topic).await?)
    }

    /// The first record at or after a time (ms since 1970), for each pair of a partition and a time.
    ///
    /// # Errors
    /// [`crate::ErrorKind::TopicNotFound`] for a topic or a partition that does not exist.
    pub async fn offsets_at(&self, topic: &str, times: &[(i32, i64)]) -> Result<Vec<OffsetAtTime>> {
        let metadata = self.client.topic(topic).await?;
        let queries: Vec<(i32, OffsetQuery)> = times
            .iter()
            .map(|(partition, time)| (*partition, OffsetQuery::AtTime(*time)))
            .collect();
        let listed = self
            .client
            .list_offsets(&metadata, &queries, Isolation::ReadUncommitted)
            .await?;
        Ok(listed
            .into_iter()
            .map(|found| OffsetAtTime {
                partition: found.partition,
                offset: found.offset,
                timestamp: found.timestamp,
            })
            .collect())
    }
}

impl blocking::Cluster {
    /// See [`Cluster::listing`].
    pub fn listing(&self, topic: Option<&str>) -> Result<ClusterListing> {
        self.block_on(self.as_async().listing(topic))
    }

    /// See [`Cluster::offsets_at`].
    pub fn offsets_at(&self, topic: &str, times: &[(i32, i64)]) -> Result<Vec<OffsetAtTime>> {
        self.block_on(self.as_async().offsets_at(topic, times))
    }
}
