//! Topics: list, create, describe, delete.

mod write_support;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use kaframe::{ErrorKind, NewTopic, WriteOptions, blocking};
use kaframe_broker::TopicSpec;
use write_support::{broker, cluster};

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_created_described_and_deleted() {
    let broker = broker(&[TopicSpec::new("other", 1)]);
    let cluster = cluster(&broker).await;
    let new = NewTopic::new("foo", 3).config("retention.ms", "86400000");
    cluster.create_topic(&new).await.expect("created");
    let topics = cluster.topics().await.expect("topics");
    let listed: Vec<_> = topics
        .iter()
        .map(|t| (t.name.as_str(), t.partitions, t.internal))
        .collect();
    assert_eq!(listed, [("foo", 3, false), ("other", 1, false)]);

    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    let rows = RecordBatch::try_from_iter([("n", numbers)]).expect("one column");
    let options = WriteOptions {
        partition: Some(2),
        ..WriteOptions::default()
    };
    cluster.write("foo", [rows], options).await.expect("written");
    let described = cluster.describe_topic("foo").await.expect("described");
    assert_eq!(
        (described.name.as_str(), described.internal, described.partitions.len()),
        ("foo", false, 3)
    );
    assert!(described.id.is_some());
    let configs = described.configs.expect("readable");
    assert_eq!(configs["retention.ms"].as_deref(), Some("86400000"));
    let bounds: Vec<_> = described
        .partitions
        .iter()
        .map(|p| (p.log_start_offset, p.last_stable_offset, p.high_watermark))
        .collect();
    assert_eq!(
        bounds,
        [
            (Some(0), Some(0), Some(0)),
            (Some(0), Some(0), Some(0)),
            (Some(0), Some(10), Some(10))
        ]
    );
    assert!(
        described
            .partitions
            .iter()
            .all(|p| p.leader == Some(1) && p.replicas == [1] && p.isr == [1])
    );

    cluster.delete_topic("foo").await.expect("deleted");
    let error = cluster.describe_topic("foo").await.expect_err("deleted");
    assert_eq!(error.kind(), ErrorKind::TopicNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused() {
    let broker = broker(&[TopicSpec::new("foo", 1)]);
    let cluster = cluster(&broker).await;
    for (name, partitions) in [("bar", 0), ("bar", -7)] {
        let error = cluster
            .create_topic(&NewTopic::new(name, partitions))
            .await
            .expect_err("no partitions");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    }
    let error = cluster
        .create_topic(&NewTopic::new("foo", 1))
        .await
        .expect_err("it exists");
    assert!(error.message().contains("foo"), "{error}");
    cluster
        .create_topic(&NewTopic::new("a/b", 1))
        .await
        .expect_err("no such name");
    let error = cluster.delete_topic("fooo").await.expect_err("no such topic");
    assert_eq!(error.kind(), ErrorKind::TopicNotFound);
    assert_eq!(cluster.topics().await.expect("topics").len(), 1);
}

#[test]
fn the_same_without_async() {
    let broker = broker(&[]);
    let cluster = blocking::Cluster::connect(&broker.bootstrap_servers()).expect("connected");
    cluster.create_topic(&NewTopic::new("foo", 1)).expect("created");
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
    let rows = RecordBatch::try_from_iter([("n", numbers)]).expect("one column");
    assert_eq!(
        cluster
            .write("foo", [rows], WriteOptions::default())
            .expect("written")
            .rows,
        10
    );
    assert_eq!(
        cluster.describe_topic("foo").expect("described").partitions[0].high_watermark,
        Some(10)
    );
    assert_eq!(cluster.topics().expect("topics").len(), 1);
    cluster.delete_topic("foo").expect("deleted");
}
