//! Topic administration: CreateTopics, DeleteTopics, DescribeConfigs, DeleteRecords. One file per API.

mod configs;
mod records;
mod topics;

pub use self::configs::{ConfigEntry, ConfigOrigin};
pub(crate) use self::configs::{config_entries, describe_configs};
pub(crate) use self::records::delete_records;
pub use self::topics::NewTopic;
pub(crate) use self::topics::{create_topic, delete_topic};
