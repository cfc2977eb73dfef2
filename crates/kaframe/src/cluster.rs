//! A cluster: the verbs, bound to brokers.

use std::sync::Arc;

use kaframe_client::Client;

use crate::config::Config;
use crate::error::Result;
use crate::options::ScanOptions;
use crate::scan::Scan;
use crate::table::Table;
use crate::topics::Topics;

/// A Kafka cluster. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) config: Arc<Config>,
}

impl Cluster {
    /// Connects to brokers named as `host:port,host:port`.
    pub async fn connect(bootstrap_servers: &str) -> Result<Cluster> {
        Cluster::connect_with(Config::new(bootstrap_servers)?).await
    }

    /// Connects by a configuration.
    pub async fn connect_with(config: Config) -> Result<Cluster> {
        let client = Client::connect(config.client_config()?).await?;
        Ok(Cluster {
            client,
            config: Arc::new(config),
        })
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What was odd about the configuration: unknown names with the nearest known one, names that have no use here.
    pub fn warnings(&self) -> &[String] {
        &self.client.config().warnings
    }

    /// The brokers as they were named, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        self.client.bootstrap_servers()
    }

    /// Id of the cluster, where it has one.
    pub fn cluster_id(&self) -> Option<String> {
        self.client.cluster_id()
    }

    /// Resolves what to read, of one topic or several, at once: a topic that does not exist fails here. Reads no data.
    pub async fn scan(&self, topics: impl Into<Topics>, options: ScanOptions) -> Result<Scan> {
        Scan::resolve(&self.client, &topics.into(), options).await
    }

    /// Reads one topic or several into a table: [`Cluster::scan`], then [`Scan::read`].
    pub async fn read(&self, topics: impl Into<Topics>, options: ScanOptions) -> Result<Table> {
        self.scan(topics, options).await?.read().await
    }
}
