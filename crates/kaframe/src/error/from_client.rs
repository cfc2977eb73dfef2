//! Errors of the client become errors of this crate: which kind, where, and what to do next.

use kaframe_client::{ClientError, ConnectCause};
use kaframe_wire::{ErrorCode, ForeignPeer};

use super::{Error, ErrorKind};

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Error {
        let message = error.to_string();
        let new = |kind| Error::new(kind, message.clone());
        match error {
            ClientError::Config { .. } => new(ErrorKind::Config),
            ClientError::Connect { cause, hint, .. } => {
                let error = new(ErrorKind::Connect);
                match (hint, cause) {
                    // The message carries it already.
                    (Some(_), _) => error,
                    (None, ConnectCause::Refused) => {
                        error.with_hint("is a broker running there, and is it the right port?")
                    }
                    (None, ConnectCause::Unresolved) => error.with_hint("check the name of the host"),
                    (None, _) => error,
                }
            }
            ClientError::NotKafka { addr, peer } => {
                let error = new(match peer {
                    ForeignPeer::Tls => ErrorKind::Tls,
                    _ => ErrorKind::Connect,
                });
                error.with_broker(addr)
            }
            ClientError::Protocol { broker, .. } => new(ErrorKind::Protocol).with_broker(broker),
            ClientError::Limit { broker, .. } => new(ErrorKind::Limit).with_broker(broker),
            ClientError::NotFound { topic, nearest, .. } => {
                let error = new(ErrorKind::TopicNotFound).with_topic(topic);
                if nearest.is_empty() { error.with_hint("list the topics to see their names") } else { error }
            }
            ClientError::UnknownPartition { topic, partition, .. } => {
                new(ErrorKind::TopicNotFound).with_topic(topic).with_partition(partition)
            }
            ClientError::Authorization { .. } => new(ErrorKind::Auth),
            ClientError::Authentication { broker, .. } => new(ErrorKind::Auth).with_broker(broker),
            ClientError::OffsetOutOfRange { topic, partition, offset, broker, .. } => new(ErrorKind::DataLoss)
                .with_topic(topic)
                .with_partition(partition)
                .with_offset(offset)
                .with_broker(broker)
                .with_hint(
                    "records of the plan were deleted during the read; allow_partial reads the rest and lists what is lost",
                ),
            ClientError::Truncated { topic, partition, position, broker, .. } => new(ErrorKind::DataLoss)
                .with_topic(topic)
                .with_partition(partition)
                .with_offset(position)
                .with_broker(broker)
                .with_hint("an unclean leader election lost records; read again from the start"),
            ClientError::TopicRecreated { topic, .. } => new(ErrorKind::DataLoss).with_topic(topic),
            ClientError::NoProgress { topic, partition, broker, offset, .. } => {
                let mut error = new(ErrorKind::ReadTimeout);
                if let Some(topic) = topic {
                    error = error.with_topic(topic);
                }
                if let Some(partition) = partition {
                    error = error.with_partition(partition);
                }
                if let Some(offset) = offset {
                    error = error.with_offset(offset);
                }
                if broker.is_empty() { error } else { error.with_broker(broker) }
            }
            ClientError::Broker { code, topic, partition, broker, .. } => {
                let kind = match code {
                    ErrorCode::TOPIC_AUTHORIZATION_FAILED
                    | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
                    | ErrorCode::SASL_AUTHENTICATION_FAILED => ErrorKind::Auth,
                    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => ErrorKind::TopicNotFound,
                    ErrorCode::INVALID_TOPIC_EXCEPTION
                    | ErrorCode::TOPIC_ALREADY_EXISTS
                    | ErrorCode::INVALID_PARTITIONS
                    | ErrorCode::INVALID_REPLICATION_FACTOR
                    | ErrorCode::INVALID_CONFIG
                    | ErrorCode::POLICY_VIOLATION => ErrorKind::Config,
                    ErrorCode::CORRUPT_MESSAGE => ErrorKind::Corrupt,
                    _ => ErrorKind::Protocol,
                };
                let mut error = new(kind).with_broker(broker);
                if let Some(topic) = topic {
                    error = error.with_topic(topic);
                }
                if let Some(partition) = partition {
                    error = error.with_partition(partition);
                }
                if code == ErrorCode::TOPIC_ALREADY_EXISTS {
                    error = error.with_hint("read it or write to it as it is, choose another name, or delete it first");
                }
                error
            }
            ClientError::UnknownOutcome { topic, partition, .. } => {
                new(ErrorKind::UnknownOutcome).with_topic(topic).with_partition(partition)
            }
            ClientError::HeldBack { topic, partition, .. } => {
                new(ErrorKind::ReadTimeout).with_topic(topic).with_partition(partition)
            }
            ClientError::TooLarge { topic, partition, .. } => {
                new(ErrorKind::Limit).with_topic(topic).with_partition(partition)
            }
            ClientError::Corrupt { topic, partition, offset, broker, .. } => new(ErrorKind::Corrupt)
                .with_topic(topic)
                .with_partition(partition)
                .with_offset(offset)
                .with_broker(broker),
            _ => new(ErrorKind::Internal),
        }
    }
}
