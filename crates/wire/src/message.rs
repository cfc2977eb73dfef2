//! The message types of the Kafka protocol, by name. The only file that names the crate they come from (`kafka-protocol`),
//! so that it can be swapped for another: everything above says `kaframe_wire::message`.
//!
//! Not here: decoding a body that came from a peer. That is [`crate::frame`], which checks every count and length first;
//! calling [`Decodable::decode`] on foreign bytes reserves memory by counts from the wire.
//!
//! The modules hold the nested types of a message (`metadata_response::MetadataResponseTopic`, ...). Definitions:
//! <https://kafka.apache.org/protocol.html>.

pub use kafka_protocol::messages::{
    ApiKey, BrokerId, GroupId, ProducerId, RequestHeader, ResponseHeader, TopicName, TransactionalId,
};
pub use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, Request, StrBytes, VersionRange};

pub use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AlterClientQuotasRequest, AlterClientQuotasResponse, AlterConfigsRequest, AlterConfigsResponse,
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse, ApiVersionsRequest, ApiVersionsResponse, ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, CreateAclsRequest,
    CreateAclsResponse, CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteAclsRequest, DeleteAclsResponse, DeleteGroupsRequest, DeleteGroupsResponse, DeleteRecordsRequest,
    DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse, DescribeAclsRequest, DescribeAclsResponse,
    DescribeClientQuotasRequest, DescribeClientQuotasResponse, DescribeClusterRequest, DescribeClusterResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeProducersRequest, DescribeProducersResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, DescribeTransactionsRequest,
    DescribeTransactionsResponse, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    ElectLeadersRequest, ElectLeadersResponse, EndTxnRequest, EndTxnResponse, FetchRequest, FetchResponse,
    FindCoordinatorRequest, FindCoordinatorResponse, GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse, HeartbeatRequest, HeartbeatResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse, InitProducerIdRequest, InitProducerIdResponse, JoinGroupRequest,
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListConfigResourcesRequest, ListConfigResourcesResponse,
    ListGroupsRequest, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse, ListTransactionsRequest, ListTransactionsResponse, MetadataRequest,
    MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, ProduceRequest,
    ProduceResponse, PushTelemetryRequest, PushTelemetryResponse, SaslAuthenticateRequest, SaslAuthenticateResponse,
    SaslHandshakeRequest, SaslHandshakeResponse, SyncGroupRequest, SyncGroupResponse, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
};
#[doc(no_inline)]
pub use kafka_protocol::messages::{
    add_offsets_to_txn_request, add_offsets_to_txn_response, add_partitions_to_txn_request,
    add_partitions_to_txn_response, alter_client_quotas_request, alter_client_quotas_response, alter_configs_request,
    alter_configs_response, alter_partition_reassignments_request, alter_partition_reassignments_response,
    alter_user_scram_credentials_request, alter_user_scram_credentials_response, api_versions_request,
    api_versions_response, consumer_group_describe_request, consumer_group_describe_response,
    consumer_group_heartbeat_request, consumer_group_heartbeat_response, create_acls_request, create_acls_response,
    create_partitions_request, create_partitions_response, create_topics_request, create_topics_response,
    delete_acls_request, delete_acls_response, delete_groups_request, delete_groups_response, delete_records_request,
    delete_records_response, delete_topics_request, delete_topics_response, describe_acls_request,
    describe_acls_response, describe_client_quotas_request, describe_client_quotas_response, describe_cluster_request,
    describe_cluster_response, describe_configs_request, describe_configs_response, describe_groups_request,
    describe_groups_response, describe_log_dirs_request, describe_log_dirs_response, describe_producers_request,
    describe_producers_response, describe_topic_partitions_request, describe_topic_partitions_response,
    describe_transactions_request, describe_transactions_response, describe_user_scram_credentials_request,
    describe_user_scram_credentials_response, elect_leaders_request, elect_leaders_response, end_txn_request,
    end_txn_response, fetch_request, fetch_response, find_coordinator_request, find_coordinator_response,
    get_telemetry_subscriptions_request, get_telemetry_subscriptions_response, heartbeat_request, heartbeat_response,
    incremental_alter_configs_request, incremental_alter_configs_response, init_producer_id_request,
    init_producer_id_response, join_group_request, join_group_response, leave_group_request, leave_group_response,
    list_config_resources_request, list_config_resources_response, list_groups_request, list_groups_response,
    list_offsets_request, list_offsets_response, list_partition_reassignments_request,
    list_partition_reassignments_response, list_transactions_request, list_transactions_response, metadata_request,
    metadata_response, offset_commit_request, offset_commit_response, offset_delete_request, offset_delete_response,
    offset_fetch_request, offset_fetch_response, offset_for_leader_epoch_request, offset_for_leader_epoch_response,
    produce_request, produce_response, push_telemetry_request, push_telemetry_response, sasl_authenticate_request,
    sasl_authenticate_response, sasl_handshake_request, sasl_handshake_response, sync_group_request,
    sync_group_response, txn_offset_commit_request, txn_offset_commit_response,
};
