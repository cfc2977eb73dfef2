//! Bodies of every API, direction and version: what the guard lets through, the message crate decodes in bounded memory
//! (`-malloc_limit_mb`, `-rss_limit_mb`). Input: API key, version and direction in three bytes, then the body.
#![no_main]

use bytes::Bytes;
use kaframe_wire::frame::{BodyKind, guard_body};
use kaframe_wire::message::*;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[key, version, direction], body)) = data.split_first_chunk::<3>() else {
        return;
    };
    let (key, version) = (i16::from(key), i16::from(version));
    let kind = if direction & 1 == 0 {
        BodyKind::Request
    } else {
        BodyKind::Response
    };
    if guard_body(key, version, kind, body).is_ok() {
        decode(key, version, kind, Bytes::copy_from_slice(body));
    }
});

macro_rules! every {
    ($($request:ident $response:ident,)*) => {
        fn decode(key: i16, version: i16, kind: BodyKind, mut body: Bytes) {
            $(if key == $request::KEY {
                let _ = match kind {
                    BodyKind::Request => $request::decode(&mut body, version).map(drop),
                    BodyKind::Response => $response::decode(&mut body, version).map(drop),
                };
            })*
        }
    };
}

every! {
    ProduceRequest ProduceResponse,
    FetchRequest FetchResponse,
    ListOffsetsRequest ListOffsetsResponse,
    MetadataRequest MetadataResponse,
    OffsetCommitRequest OffsetCommitResponse,
    OffsetFetchRequest OffsetFetchResponse,
    FindCoordinatorRequest FindCoordinatorResponse,
    JoinGroupRequest JoinGroupResponse,
    HeartbeatRequest HeartbeatResponse,
    LeaveGroupRequest LeaveGroupResponse,
    SyncGroupRequest SyncGroupResponse,
    DescribeGroupsRequest DescribeGroupsResponse,
    ListGroupsRequest ListGroupsResponse,
    SaslHandshakeRequest SaslHandshakeResponse,
    ApiVersionsRequest ApiVersionsResponse,
    CreateTopicsRequest CreateTopicsResponse,
    DeleteTopicsRequest DeleteTopicsResponse,
    DeleteRecordsRequest DeleteRecordsResponse,
    InitProducerIdRequest InitProducerIdResponse,
    OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse,
    AddPartitionsToTxnRequest AddPartitionsToTxnResponse,
    AddOffsetsToTxnRequest AddOffsetsToTxnResponse,
    EndTxnRequest EndTxnResponse,
    TxnOffsetCommitRequest TxnOffsetCommitResponse,
    DescribeAclsRequest DescribeAclsResponse,
    CreateAclsRequest CreateAclsResponse,
    DeleteAclsRequest DeleteAclsResponse,
    DescribeConfigsRequest DescribeConfigsResponse,
    AlterConfigsRequest AlterConfigsResponse,
    DescribeLogDirsRequest DescribeLogDirsResponse,
    SaslAuthenticateRequest SaslAuthenticateResponse,
    CreatePartitionsRequest CreatePartitionsResponse,
    DeleteGroupsRequest DeleteGroupsResponse,
    ElectLeadersRequest ElectLeadersResponse,
    IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse,
    AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse,
    ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse,
    OffsetDeleteRequest OffsetDeleteResponse,
    DescribeClientQuotasRequest DescribeClientQuotasResponse,
    AlterClientQuotasRequest AlterClientQuotasResponse,
    DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse,
    AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse,
    DescribeClusterRequest DescribeClusterResponse,
    DescribeProducersRequest DescribeProducersResponse,
    DescribeTransactionsRequest DescribeTransactionsResponse,
    ListTransactionsRequest ListTransactionsResponse,
    ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse,
    ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse,
    GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse,
    PushTelemetryRequest PushTelemetryResponse,
    ListConfigResourcesRequest ListConfigResourcesResponse,
    DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse,
}
