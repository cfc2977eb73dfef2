//! Why a broker could not start. Faults of a running broker go to its clients as Kafka's own error codes, never through here.

use thiserror::Error;

/// Why the embedded broker could not start, or what was wrong with its options.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// A listener on 127.0.0.1 could not be opened.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for; 0 stands for "any free one".
        port: u16,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The thread or runtime of the broker could not be created.
    #[error("cannot start the broker's runtime: {0}")]
    Runtime(std::io::Error),
    /// An option does not make sense.
    #[error("{0}")]
    Config(String),
}
