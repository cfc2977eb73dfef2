//! Every future of the public API can be spawned: a user with a multi-threaded runtime needs that, and the compiler says so only where it is tried.

use std::time::Duration;

use kaframe_client::{
    Client, ClientConfig, FetchOptions, Isolation, NewTopic, OffsetQuery, PartitionFetcher, Producer, ProducerOptions,
    TopicMetadata,
};

fn spawnable<T: Send + 'static>(_: T) {}

/// Never run, only compiled.
#[allow(dead_code)]
fn every_future_is_send(client: Client, topic: TopicMetadata, new: NewTopic, options: FetchOptions) {
    spawnable(async move {
        let client = Client::connect(ClientConfig::clone(client.config())).await?;
        client.topics().await?;
        client.topic("foo").await?;
        client
            .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
            .await?;
        client.end_offset_for_leader_epoch(&topic, 0, 0).await?;
        client.topic_configs("foo").await?;
        client.create_topic(&new).await?;
        client.delete_topic("foo").await?;
        client.delete_records(&topic, &[(0, 1)]).await?;
        let mut fetcher = PartitionFetcher::open(&client, &topic, 0, options).await?;
        fetcher.request(0, 1, Duration::ZERO).await?;
        fetcher.response().await?;
        fetcher.check_truncation(0, 0).await?;
        let producer = Producer::open(&client, "foo", ProducerOptions::default()).await?;
        producer.produce(0, producer.batch()).await
    });
}
