//! One answer of a broker with what an error about it must say: who gave it, and to which API.

use kaframe_wire::ErrorCode;

use crate::connection::Peer;
use crate::error::ClientError;
use crate::printable::printable;

/// An answer, and where it came from.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub body: T,
    pub peer: Peer,
    /// "ListOffsets v10".
    pub api: String,
}

impl<T> Answer<T> {
    /// The error for a code in this answer.
    pub fn refused(
        &self,
        code: ErrorCode,
        topic: Option<&str>,
        partition: Option<i32>,
        said: Option<&str>,
    ) -> ClientError {
        ClientError::Broker {
            code,
            api: self.api.clone(),
            topic: topic.map(str::to_owned),
            partition,
            broker: self.peer.to_string(),
            message: said.map_or_else(|| code.meaning().to_owned(), printable),
        }
    }

    /// The error for an answer that makes no sense.
    pub fn nonsense(&self, detail: impl std::fmt::Display) -> ClientError {
        ClientError::protocol(self.peer.to_string(), format!("{}: {detail}", self.api))
    }
}

/// The error for a permission that is missing on a topic.
pub(crate) fn denied(topic: &str, code: ErrorCode, permission: &str) -> ClientError {
    ClientError::Authorization {
        what: format!("topic {topic:?}: {code}"),
        hint: format!("this needs {permission} on topic {topic:?}"),
    }
}
