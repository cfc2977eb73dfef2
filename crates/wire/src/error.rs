//! What can be wrong with bytes from a peer, and nothing else: which topic, partition, offset or broker they came from is
//! added by the caller, who knows.

use std::fmt;

/// Bytes that are not what the Kafka protocol says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A frame, a header or a message body breaks the protocol. The connection it came from cannot be trusted any more.
    #[error("broken Kafka protocol: {detail}")]
    Protocol {
        /// What was expected, what came, and where.
        detail: String,
    },
    /// A budget was exceeded. The bytes may be right, but are larger than this reader agreed to hold.
    #[error("{what} of {size} bytes exceeds the limit of {limit} bytes")]
    Limit {
        /// What is too large: "frame", "decompressed batch", ...
        what: &'static str,
        /// Its size in bytes as far as it is known (a lower bound where the data was not read to its end).
        size: u64,
        /// The budget in bytes.
        limit: u64,
    },
    /// A record batch is damaged: wrong checksum, lengths that do not fit, broken compressed data.
    #[error("corrupt record batch: {detail}")]
    Corrupt {
        /// What was expected, what came, and where.
        detail: String,
    },
    /// The attributes of a batch name a compression that does not exist (5 to 7).
    #[error("unsupported compression type {codec} in the attributes of a record batch")]
    UnsupportedCompression {
        /// The three bits of the attributes.
        codec: u8,
    },
    /// The first bytes of a connection are those of another protocol.
    #[error("this is {peer}, not a plaintext Kafka listener")]
    NotKafka {
        /// What it looks like.
        peer: ForeignPeer,
    },
}

/// A server that is not Kafka, known by the first four bytes it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignPeer {
    /// `15 03` (alert) or `16 03` (handshake).
    Tls,
    /// `HTTP`.
    Http,
    /// `SSH-`.
    Ssh,
    /// `220 `, the greeting of a mail or FTP server.
    Smtp,
}

impl fmt::Display for ForeignPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ForeignPeer::Tls => "a TLS endpoint",
            ForeignPeer::Http => "an HTTP server",
            ForeignPeer::Ssh => "an SSH server",
            ForeignPeer::Smtp => "an SMTP server",
        })
    }
}

impl WireError {
    #[cold]
    pub(crate) fn protocol(detail: impl Into<String>) -> WireError {
        WireError::Protocol { detail: detail.into() }
    }

    #[cold]
    pub(crate) fn corrupt(detail: impl Into<String>) -> WireError {
        WireError::Corrupt { detail: detail.into() }
    }
}
