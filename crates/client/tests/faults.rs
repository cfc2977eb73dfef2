//! What no asking again can mend: truncated, deleted, recreated, damaged and forbidden logs, and writes of which nobody knows.

mod support;

use std::time::{Duration, Instant};

use kaframe_broker::{Action, KafkaVersion};
use kaframe_client::{ClientError, Isolation, OffsetQuery, PartitionFetcher, Producer, ProducerOptions};
use support::*;

#[tokio::test(flavor = "multi_thread")]
async fn truncation_below_the_position_is_noticed() {
    for version in [KafkaVersion::V2_8, KafkaVersion::V3_9, KafkaVersion::V4_1] {
        let broker = broker(1, version);
        let client = client(&broker).await;
        write(&client, 0..100).await;
        let control = broker.control();
        let error = read(&client, 0, |position| {
            if (40..60).contains(&position) {
                control.truncate("foo", 0, 20);
            }
        });
        let error = error.await.unwrap_err();
        let ClientError::Truncated {
            position, epoch_end, ..
        } = &error
        else {
            panic!("{version:?}: {error}")
        };
        assert!(*position >= 40 && *epoch_end <= 20, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_election_without_loss_is_no_truncation() {
    for version in KafkaVersion::ALL {
        let broker = broker(1, version);
        let client = client(&broker).await;
        write(&client, 0..100).await;
        let control = broker.control();
        let found = read(&client, 0, |_| control.bump_leader_epoch("foo", 0)).await.unwrap();
        assert_eq!(found.len(), 100, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_that_overtakes_the_reader_is_told_with_the_bounds() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..100).await;
    let control = broker.control();
    let error = read(&client, 0, |position| {
        if position < 50 {
            control.set_log_start("foo", 0, 70);
        }
    });
    let error = error.await.unwrap_err();
    let ClientError::OffsetOutOfRange {
        offset, log_start, end, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(*offset < 70 && *log_start == Some(70) && *end == Some(100), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recreated_topic_is_noticed_with_and_without_topic_ids_in_fetch() {
    for version in [KafkaVersion::V2_8, KafkaVersion::V3_9, KafkaVersion::V4_1] {
        let broker = broker(1, version);
        let client = client(&broker).await;
        write(&client, 0..100).await;
        let control = broker.control();
        let error = read(&client, 0, |_| control.recreate_topic("foo")).await.unwrap_err();
        assert!(
            matches!(error, ClientError::TopicRecreated { .. }),
            "{version:?}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_acknowledgement_does_not_write_twice() {
    for version in KafkaVersion::ALL {
        let broker = broker(1, version);
        let client = client(&broker).await;
        let control = broker.control();
        // Handled, but the answer comes after the client has given up on it.
        control.intercept(|request| match request.api_key {
            PRODUCE if request.count_of_api % 3 == 1 => Action::Delay(Duration::from_millis(1300)),
            _ => Action::Pass,
        });
        write(&client, 0..40).await;
        control.clear();
        let found = read(&client, 0, |_| ()).await.unwrap();
        assert_eq!(found, (0..40).collect::<Vec<i32>>(), "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_without_an_answer_is_unknown_and_so_is_what_follows() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    let producer = Producer::open(&client, "foo", ProducerOptions::default())
        .await
        .unwrap();
    let rule = broker.control().intercept(|request| match request.api_key {
        PRODUCE => Action::Silence,
        _ => Action::Pass,
    });
    for round in 0..2 {
        let mut batch = producer.batch();
        batch.push(0, None, Some(b"1"), &[]);
        let error = producer.produce(0, batch).await.unwrap_err();
        assert!(
            matches!(error, ClientError::UnknownOutcome { records: 1, .. }),
            "{round}: {error}"
        );
        broker.control().remove(rule);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_a_broker_that_is_gone_is_not_written() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    let producer = Producer::open(&client, "foo", ProducerOptions::default())
        .await
        .unwrap();
    let topic = client.topic("foo").await.unwrap();
    broker.stop();
    let mut batch = producer.batch();
    batch.push(0, None, Some(b"1"), &[]);
    let started = Instant::now();
    let error = producer.produce(0, batch).await.unwrap_err();
    assert!(matches!(error, ClientError::NoProgress { .. }), "{error}");
    let error = client
        .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::NoProgress { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_not_there_is_said_to_be_so() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    let topic = client.topic("foo").await.unwrap();
    let listed = client
        .list_offsets(&topic, &[(7, OffsetQuery::Latest)], Isolation::ReadCommitted)
        .await
        .unwrap_err();
    let opened = PartitionFetcher::open(&client, &topic, -1, OPTIONS).await.unwrap_err();
    assert_eq!(
        listed.to_string(),
        "topic \"foo\" has no partition 7: it has 1, numbered from 0"
    );
    assert!(matches!(opened, ClientError::UnknownPartition { partition: -1, .. }));
}
