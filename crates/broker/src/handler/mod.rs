//! One file per API, each headed by what it serves. This one finds the handler of a request and encodes its answer.
//!
//! A request of an unknown API, of a version that is not served or that cannot be decoded closes the connection, as in Kafka; only
//! ApiVersions answers a version it does not know.

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod alter_configs;
mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_producers;
mod end_txn;
mod fetch;
mod fetch_reply;
mod find_coordinator;
mod group_membership;
mod incremental_alter_configs;
mod init_producer_id;
mod list_groups;
mod list_offsets;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod txn_offset_commit;

use bytes::{BufMut, Bytes, BytesMut};
use kaframe_wire::frame::{self, RequestFrame};
use kaframe_wire::message::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AlterConfigsRequest, ApiKey, ApiVersionsRequest,
    ConsumerGroupHeartbeatRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
    DeleteRecordsRequest, DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, DescribeGroupsRequest,
    DescribeProducersRequest, EndTxnRequest, FetchRequest, FindCoordinatorRequest, HeartbeatRequest,
    IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest,
    ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest,
    OffsetForLeaderEpochRequest, ProduceRequest, Request, StrBytes, SyncGroupRequest, TopicName,
    TxnOffsetCommitRequest,
};
use kaframe_wire::{ErrorCode, WireError};

use crate::cluster::Cluster;
use crate::shared::Shared;

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared,
    /// Node id of the broker that was asked.
    pub(crate) node: i32,
    pub(crate) version: i16,
}

/// A whole response frame in pieces, length prefix included. Stored batches are pieces of their own, so they are never copied.
pub(crate) type Reply = Vec<Bytes>;

/// Answers a request; `None` where the protocol wants no answer (Produce with acks=0).
///
/// # Errors
/// The request makes no sense, the connection has to be closed.
pub(crate) async fn handle(shared: &Shared, node: i32, frame: &RequestFrame) -> Result<Option<Reply>, WireError> {
    let context = Context {
        shared,
        node,
        version: frame.api_version,
    };
    macro_rules! answer {
        ($request:ty, $handler:path) => {{
            let request = frame::decode_request_body::<$request>(frame)?;
            encode::<$request>(frame, &$handler(&context, request))
        }};
    }
    let Ok(key) = ApiKey::try_from(frame.api_key) else {
        return Err(WireError::Protocol {
            detail: format!("unknown API {}", frame.api_key),
        });
    };
    match key {
        ApiKey::Produce => {
            let request = frame::decode_request_body::<ProduceRequest>(frame)?;
            match produce::handle(&context, request) {
                Some(response) => encode::<ProduceRequest>(frame, &response),
                None => Ok(None),
            }
        }
        ApiKey::Fetch => {
            let request = frame::decode_request_body::<FetchRequest>(frame)?;
            let answer = fetch::handle(&context, request).await;
            Ok(Some(fetch_reply::encode(
                frame.api_version,
                frame.correlation_id,
                &answer,
            )))
        }
        ApiKey::ListOffsets => answer!(ListOffsetsRequest, list_offsets::handle),
        ApiKey::Metadata => answer!(MetadataRequest, metadata::handle),
        ApiKey::OffsetCommit => answer!(OffsetCommitRequest, offset_commit::handle),
        ApiKey::OffsetFetch => answer!(OffsetFetchRequest, offset_fetch::handle),
        ApiKey::FindCoordinator => answer!(FindCoordinatorRequest, find_coordinator::handle),
        ApiKey::JoinGroup => answer!(JoinGroupRequest, group_membership::join),
        ApiKey::SyncGroup => answer!(SyncGroupRequest, group_membership::sync),
        ApiKey::Heartbeat => answer!(HeartbeatRequest, group_membership::heartbeat),
        ApiKey::LeaveGroup => answer!(LeaveGroupRequest, group_membership::leave),
        ApiKey::ConsumerGroupHeartbeat => {
            answer!(ConsumerGroupHeartbeatRequest, group_membership::consumer_heartbeat)
        }
        ApiKey::DescribeGroups => answer!(DescribeGroupsRequest, describe_groups::handle),
        ApiKey::ListGroups => answer!(ListGroupsRequest, list_groups::handle),
        ApiKey::DeleteGroups => answer!(DeleteGroupsRequest, delete_groups::handle),
        ApiKey::OffsetDelete => answer!(OffsetDeleteRequest, offset_delete::handle),
        ApiKey::ApiVersions => answer!(ApiVersionsRequest, api_versions::handle),
        ApiKey::CreateTopics => answer!(CreateTopicsRequest, create_topics::handle),
        ApiKey::DeleteTopics => answer!(DeleteTopicsRequest, delete_topics::handle),
        ApiKey::CreatePartitions => answer!(CreatePartitionsRequest, create_partitions::handle),
        ApiKey::DeleteRecords => answer!(DeleteRecordsRequest, delete_records::handle),
        ApiKey::InitProducerId => answer!(InitProducerIdRequest, init_producer_id::handle),
        ApiKey::OffsetForLeaderEpoch => answer!(OffsetForLeaderEpochRequest, offset_for_leader_epoch::handle),
        ApiKey::AddPartitionsToTxn => answer!(AddPartitionsToTxnRequest, add_partitions_to_txn::handle),
        ApiKey::AddOffsetsToTxn => answer!(AddOffsetsToTxnRequest, add_offsets_to_txn::handle),
        ApiKey::EndTxn => answer!(EndTxnRequest, end_txn::handle),
        ApiKey::TxnOffsetCommit => answer!(TxnOffsetCommitRequest, txn_offset_commit::handle),
        ApiKey::DescribeConfigs => answer!(DescribeConfigsRequest, describe_configs::handle),
        ApiKey::AlterConfigs => answer!(AlterConfigsRequest, alter_configs::handle),
        ApiKey::IncrementalAlterConfigs => {
            answer!(IncrementalAlterConfigsRequest, incremental_alter_configs::handle)
        }
        ApiKey::DescribeCluster => answer!(DescribeClusterRequest, describe_cluster::handle),
        ApiKey::DescribeProducers => answer!(DescribeProducersRequest, describe_producers::handle),
        other => Err(WireError::Protocol {
            detail: format!("API {other:?} is not served"),
        }),
    }
}

/// The answer to an ApiVersions request of a version that is not served: version 0 with an error (KIP-511).
pub(crate) fn unsupported_api_versions(shared: &Shared, correlation_id: i32) -> Option<Reply> {
    let version = shared.cluster().version;
    let response = api_versions::unsupported(version);
    frame::encode_response::<ApiVersionsRequest>(0, correlation_id, &response)
        .ok()
        .map(|bytes| vec![bytes.freeze()])
}

fn encode<R: Request>(frame: &RequestFrame, response: &R::Response) -> Result<Option<Reply>, WireError> {
    let bytes = frame::encode_response::<R>(frame.api_version, frame.correlation_id, response)?;
    Ok(Some(vec![bytes.freeze()]))
}

/// A frame around a body that a test wrote by hand.
pub(crate) fn frame_around(api_key: i16, version: i16, correlation_id: i32, body: &Bytes) -> Reply {
    let flexible = ApiKey::try_from(api_key).is_ok_and(|key| key.response_header_version(version) >= 1);
    let mut head = BytesMut::with_capacity(9);
    head.put_i32((4 + usize::from(flexible) + body.len()) as i32);
    head.put_i32(correlation_id);
    if flexible {
        head.put_u8(0);
    }
    vec![head.freeze(), body.clone()]
}

/// Text for a response.
fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A topic name for a response.
fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// NOT_COORDINATOR unless this broker answers for the group or transactional id.
fn check_coordinator(cluster: &Cluster, node: i32, key: &str) -> Result<(), ErrorCode> {
    if cluster.coordinator(key).id == node {
        Ok(())
    } else {
        Err(ErrorCode::NOT_COORDINATOR)
    }
}

/// PRODUCER_FENCED is newer than some versions of the transaction APIs: those know INVALID_PRODUCER_EPOCH instead.
fn fenced_code(code: ErrorCode, version: i16, since: i16) -> ErrorCode {
    if code == ErrorCode::PRODUCER_FENCED && version < since {
        ErrorCode::INVALID_PRODUCER_EPOCH
    } else {
        code
    }
}

/// Every operation that a caller may do on a resource of this kind, as a bit field: nobody is refused anything here.
mod operations {
    /// Read, write, create, delete, alter, describe, describe and alter configs.
    pub(super) const TOPIC: i32 = 0b1101_1111_1000;
    /// Create, alter, describe, cluster action, describe and alter configs, idempotent write.
    pub(super) const CLUSTER: i32 = 0b1_1111_1010_0000;
    /// Read, delete, describe.
    pub(super) const GROUP: i32 = 0b1_0100_1000;
    /// The caller did not ask.
    pub(super) const NOT_ASKED: i32 = i32::MIN;
}
