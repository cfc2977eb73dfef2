//! Every version of every API that a pose advertises is answered and can be decoded; the versions beside it close the connection.

mod support;

use kaframe_broker::KafkaVersion;
use kaframe_wire::message::create_topics_request::CreatableTopic;
use kaframe_wire::message::describe_configs_request::DescribeConfigsResource;
use kaframe_wire::message::find_coordinator_request;
use kaframe_wire::message::metadata_request::MetadataRequestTopic;
use kaframe_wire::message::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kaframe_wire::message::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kaframe_wire::message::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, AlterConfigsRequest, ApiKey, ApiVersionsRequest, BrokerId,
    ConsumerGroupHeartbeatRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
    DeleteRecordsRequest, DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, DescribeGroupsRequest,
    DescribeProducersRequest, EndTxnRequest, FindCoordinatorRequest, GroupId, HeartbeatRequest,
    IncrementalAlterConfigsRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest,
    ListOffsetsRequest, Message, MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest,
    OffsetForLeaderEpochRequest, Request, StrBytes, SyncGroupRequest, TxnOffsetCommitRequest,
};
use support::{Connection, batch, broker_as, fetch_request, text, topic_name, values};

/// Sends a request in every version that the pose serves.
fn in_every_version<R: Request>(
    connection: &mut Connection,
    served: &[(i16, i16, i16)],
    body: impl Fn(i16) -> R,
) -> usize {
    let Some((_, min, max)) = served.iter().find(|(key, ..)| *key == R::KEY) else {
        return 0;
    };
    for version in *min..=*max {
        let request = body(version);
        connection.ask(version, &request);
    }
    1
}

fn served(connection: &mut Connection) -> Vec<(i16, i16, i16)> {
    let response = connection.ask(0, &ApiVersionsRequest::default());
    response
        .api_keys
        .iter()
        .map(|api| (api.api_key, api.min_version, api.max_version))
        .collect()
}

#[test]
fn everything_advertised_is_answered() {
    for version in KafkaVersion::ALL {
        let broker = broker_as(version, &["foo"]);
        let mut connection = Connection::open(&broker);
        let served = served(&mut connection);
        let group = || GroupId(text("g"));
        let mut seen = 0;
        macro_rules! each {
            ($($request:ty => $body:expr),* $(,)?) => {$(
                seen += in_every_version::<$request>(&mut connection, &served, $body);
            )*};
        }
        each! {
            ApiVersionsRequest => |version| {
                let name = if version >= 3 { "test" } else { "" };
                ApiVersionsRequest::default()
                    .with_client_software_name(text(name))
                    .with_client_software_version(text(name))
            },
            ListOffsetsRequest => |_| ListOffsetsRequest::default(),
            MetadataRequest => |version| {
                let topic = MetadataRequestTopic::default().with_name(Some(topic_name("foo")));
                let unknown = MetadataRequestTopic::default().with_name(Some(topic_name("bar")));
                let request = MetadataRequest::default().with_topics(Some(vec![topic, unknown]));
                if version >= 4 { request.with_allow_auto_topic_creation(false) } else { request }
            },
            OffsetCommitRequest => |version| {
                let partition = OffsetCommitRequestPartition::default().with_committed_offset(4);
                let topic = OffsetCommitRequestTopic::default().with_partitions(vec![partition]);
                let topic = if version < 10 { topic.with_name(topic_name("foo")) } else { topic };
                OffsetCommitRequest::default().with_group_id(group()).with_topics(vec![topic])
            },
            OffsetFetchRequest => |version| {
                if version < 8 {
                    let topic = OffsetFetchRequestTopic::default()
                        .with_name(topic_name("foo"))
                        .with_partition_indexes(vec![0, 1]);
                    return OffsetFetchRequest::default().with_group_id(group()).with_topics(Some(vec![topic]));
                }
                let topic = OffsetFetchRequestTopics::default()
                    .with_name(topic_name("foo"))
                    .with_partition_indexes(vec![0, 1]);
                let asked = OffsetFetchRequestGroup::default().with_group_id(group()).with_topics(Some(vec![topic]));
                OffsetFetchRequest::default().with_groups(vec![asked])
            },
            FindCoordinatorRequest => |version| {
                let request: find_coordinator_request::FindCoordinatorRequest = FindCoordinatorRequest::default();
                if version >= 4 {
                    request.with_coordinator_keys(vec![text("g"), text("h")])
                } else {
                    request.with_key(text("g"))
                }
            },
            JoinGroupRequest => |_| JoinGroupRequest::default(),
            SyncGroupRequest => |_| SyncGroupRequest::default(),
            HeartbeatRequest => |_| HeartbeatRequest::default(),
            LeaveGroupRequest => |_| LeaveGroupRequest::default(),
            ConsumerGroupHeartbeatRequest => |_| ConsumerGroupHeartbeatRequest::default(),
            DescribeGroupsRequest => |_| DescribeGroupsRequest::default().with_groups(vec![group(), GroupId(text("no"))]),
            ListGroupsRequest => |_| ListGroupsRequest::default(),
            CreateTopicsRequest => |version| {
                let topic = CreatableTopic::default()
                    .with_name(topic_name(&format!("new-{version}")))
                    .with_num_partitions(1)
                    .with_replication_factor(1);
                let bad = CreatableTopic::default().with_name(topic_name("no spaces")).with_num_partitions(1);
                CreateTopicsRequest::default().with_topics(vec![topic, bad])
            },
            DeleteRecordsRequest => |_| DeleteRecordsRequest::default(),
            InitProducerIdRequest => |_| InitProducerIdRequest::default().with_transactional_id(None),
            OffsetForLeaderEpochRequest => |_| OffsetForLeaderEpochRequest::default(),
            AddPartitionsToTxnRequest => |_| AddPartitionsToTxnRequest::default(),
            AddOffsetsToTxnRequest => |_| AddOffsetsToTxnRequest::default(),
            EndTxnRequest => |_| EndTxnRequest::default(),
            TxnOffsetCommitRequest => |_| TxnOffsetCommitRequest::default(),
            DescribeConfigsRequest => |_| {
                let topic = DescribeConfigsResource::default().with_resource_type(2).with_resource_name(text("foo"));
                let node = DescribeConfigsResource::default().with_resource_type(4).with_resource_name(text("1"));
                let all = [topic, node, DescribeConfigsResource::default()];
                let all = all.into_iter().map(|resource| resource.with_configuration_keys(None)).collect();
                DescribeConfigsRequest::default().with_resources(all).with_include_synonyms(true)
            },
            AlterConfigsRequest => |_| AlterConfigsRequest::default(),
            IncrementalAlterConfigsRequest => |_| IncrementalAlterConfigsRequest::default(),
            CreatePartitionsRequest => |_| CreatePartitionsRequest::default(),
            DeleteGroupsRequest => |_| DeleteGroupsRequest::default().with_groups_names(vec![group()]),
            OffsetDeleteRequest => |_| OffsetDeleteRequest::default(),
            DescribeClusterRequest => |_| DescribeClusterRequest::default(),
            DescribeProducersRequest => |_| DescribeProducersRequest::default(),
            DeleteTopicsRequest => |version| {
                let request = DeleteTopicsRequest::default();
                if version < 6 { request.with_topic_names(vec![topic_name(&format!("new-{version}"))]) } else { request }
            },
        }
        // Produce and Fetch are tried with data below.
        assert_eq!(
            seen + 2,
            served.len(),
            "{version}: an API is advertised that this test does not know"
        );

        let (_, min, max) = served[0];
        assert_eq!(served[0].0, ApiKey::Produce as i16);
        for produce in min..=max.min(12) {
            assert_eq!(
                connection.produce_as(produce, None, "foo", 0, batch(&["a"])).error_code,
                0
            );
        }
        let (_, min, max) = served[1];
        for fetch in min..=max {
            let mut request = fetch_request("foo", 0, 0, true);
            if fetch >= 13 {
                let topic = MetadataRequestTopic::default().with_name(Some(topic_name("foo")));
                let metadata = connection.ask(12, &MetadataRequest::default().with_topics(Some(vec![topic])));
                request.topics[0].topic = topic_name("");
                request.topics[0].topic_id = metadata.topics[0].topic_id;
            }
            if fetch >= 15 {
                request.replica_id = BrokerId(-1);
            }
            let response = connection.ask(fetch, &request);
            let data = &response.responses[0].partitions[0];
            assert_eq!(
                (data.error_code, values(data).is_empty()),
                (0, false),
                "{version}: Fetch {fetch}"
            );
        }
    }
}

#[test]
fn versions_beside_the_advertised_ones_close_the_connection() {
    for version in KafkaVersion::ALL {
        let broker = broker_as(version, &["foo"]);
        let mut connection = Connection::open(&broker);
        let (_, min, max) = served(&mut connection)
            .into_iter()
            .find(|(key, ..)| *key == MetadataRequest::KEY)
            .unwrap();
        let all = MetadataRequest::default().with_topics(None);
        if max < MetadataRequest::VERSIONS.max {
            let mut beside = Connection::open(&broker);
            beside.send(max + 1, &all);
            assert!(beside.is_closed(), "{version}: Metadata {}", max + 1);
        }
        assert_eq!(min, 0);
        assert_eq!(connection.ask(max, &all).topics.len(), 1);
    }
}

#[test]
fn older_kafka_has_no_topic_ids() {
    let broker = broker_as(KafkaVersion::V0_11, &["foo"]);
    let mut connection = Connection::open(&broker);
    let response = connection.ask(4, &MetadataRequest::default().with_topics(None));
    assert!(response.topics[0].topic_id.is_nil());
    assert!(
        !served(&mut connection)
            .iter()
            .any(|(key, ..)| *key == DescribeConfigsRequest::KEY)
    );
    let _: StrBytes = response.cluster_id.unwrap();
}
