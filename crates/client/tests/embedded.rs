//! The client against the embedded broker in each of its poses, and while things go wrong that pass.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kaframe_broker::{Action, Control, KafkaVersion};
use kaframe_client::{Client, ClientConfig, ClientError, Isolation, NewTopic, OffsetQuery, PartitionFetcher};
use support::*;

fn expected(numbers: std::ops::Range<i32>) -> Vec<i32> {
    numbers.collect()
}

/// Applies an action to the first `times` requests of an API.
fn spoil(control: &Control, api: i16, times: u32, action: Action) -> Arc<AtomicU32> {
    let seen = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&seen);
    control.intercept(move |request| {
        if request.api_key == api && counted.fetch_add(1, Ordering::SeqCst) < times {
            action.clone()
        } else {
            Action::Pass
        }
    });
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pose_can_be_written_and_read() {
    for version in KafkaVersion::ALL {
        let broker = broker(1, version);
        let client = client(&broker).await;
        write(&client, 0..100).await;
        assert_eq!(read(&client, 0, |_| ()).await.unwrap(), expected(0..100), "{version:?}");
        assert_eq!(
            read(&client, 37, |_| ()).await.unwrap(),
            expected(37..100),
            "{version:?}"
        );
        let topic = client.topic("foo").await.unwrap();
        assert_eq!(topic.id.is_some(), version >= KafkaVersion::V2_8);
        let queries = [
            (0, OffsetQuery::Earliest),
            (0, OffsetQuery::AtTime(1_042)),
            (0, OffsetQuery::AtTime(9_999)),
            (0, OffsetQuery::LocalLogStart),
        ];
        let listed = client
            .list_offsets(&topic, &queries, Isolation::ReadCommitted)
            .await
            .unwrap();
        let offsets: Vec<_> = listed.iter().map(|listed| listed.offset).collect();
        assert_eq!(offsets, [Some(0), Some(42), None, Some(0)], "{version:?}");
        let apis: Vec<i16> = broker.control().requests().iter().map(|(api, _)| *api).collect();
        assert!(
            apis.iter().all(|api| [0, 1, 2, 3, 18, 22].contains(api)),
            "no groups, no commits: {apis:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_and_deleted() {
    for version in KafkaVersion::ALL {
        let broker = broker(1, version);
        let client = client(&broker).await;
        let topic = NewTopic {
            name: "bar".into(),
            partitions: 3,
            replication_factor: 1,
            configs: Default::default(),
        };
        client.create_topic(&topic).await.unwrap();
        assert_eq!(client.topic("bar").await.unwrap().partitions.len(), 3);
        match client.topic_configs("bar").await {
            Ok(configs) => assert_eq!(configs["cleanup.policy"].as_deref(), Some("delete"), "{version:?}"),
            // Kafka 0.11 only speaks the first version of DescribeConfigs, which this client does not.
            Err(error) => assert!(
                version == KafkaVersion::V0_11 && error.to_string().contains("DescribeConfigs"),
                "{error}"
            ),
        }
        client.delete_topic("bar").await.unwrap();
        let names: Vec<String> = client
            .topics()
            .await
            .unwrap()
            .into_iter()
            .map(|topic| topic.name)
            .collect();
        assert_eq!(names, ["foo"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_topic_never_creates_it() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    let error = client.topic("fooo").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "topic \"fooo\" does not exist on {}; did you mean \"foo\"?",
            broker.bootstrap_servers()
        )
    );
    assert_eq!(client.topics().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bootstrap_server_of_three_is_enough() {
    let broker = broker(1, KafkaVersion::default());
    let servers = format!("no-such-host.invalid:9092,127.0.0.1:1,{}", broker.bootstrap_servers());
    let client = Client::connect(ClientConfig::new(&servers)).await.unwrap();
    assert_eq!(client.topics().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_server_that_says_nothing_holds_nobody_up() {
    let broker = broker(1, KafkaVersion::default());
    // The system accepts for it; nothing ever reads or answers.
    let silent: Vec<_> = (0..3)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let mut servers: Vec<String> = silent.iter().map(|s| s.local_addr().unwrap().to_string()).collect();
    servers.push(broker.bootstrap_servers());
    let started = Instant::now();
    let client = Client::connect(ClientConfig::new(&servers.join(","))).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(client.topics().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_advertised_address_that_leads_nowhere_is_named_beside_the_bootstrap_address() {
    for (host, port, problem) in [
        ("kafka.internal.invalid", 9092, "does not resolve"),
        ("127.0.0.1", 1, "refused"),
    ] {
        let broker = broker(1, KafkaVersion::default());
        broker.control().advertise(1, host, port);
        let client = client(&broker).await;
        let topic = client.topic("foo").await.unwrap();
        let started = Instant::now();
        let listed = client
            .list_offsets(&topic, &[(0, OffsetQuery::Latest)], Isolation::ReadCommitted)
            .await;
        let opened = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await;
        assert!(
            started.elapsed() < Duration::from_millis(1500),
            "{:?}",
            started.elapsed()
        );
        for error in [listed.unwrap_err(), opened.unwrap_err()] {
            let text = error.to_string();
            assert!(matches!(error, ClientError::Connect { .. }), "{text}");
            let names = [
                problem,
                &format!("advertises {host}:{port}"),
                &broker.bootstrap_servers(),
            ];
            assert!(names.iter().all(|name| text.contains(*name)), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_follows_the_leader_and_goes_on_where_it_was() {
    for version in KafkaVersion::ALL {
        let broker = broker(3, version);
        let client = client(&broker).await;
        write(&client, 0..200).await;
        let control = broker.control();
        let mut answers = 0;
        let found = read(&client, 0, |_| {
            answers += 1;
            control.set_leader("foo", 0, answers % 3 + 1);
        });
        assert_eq!(found.await.unwrap(), expected(0..200), "{version:?}");
        assert!(answers > 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_connections_are_made_again_and_nothing_is_lost_or_doubled() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..200).await;
    let control = broker.control();
    for action in [Action::Drop, Action::Silence, Action::Delay(Duration::from_millis(700))] {
        for api in [FETCH, LIST_OFFSETS, METADATA, API_VERSIONS] {
            let seen = spoil(&control, api, 2, action.clone());
            // Idle connections are used again, so that the spoilt ApiVersions is met only by a reader that connects anew.
            assert_eq!(
                read(&client, 0, |_| ()).await.unwrap(),
                expected(0..200),
                "{action:?} {api}"
            );
            assert!(seen.load(Ordering::SeqCst) > 0);
            control.clear();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stops_half_way_is_asked_for_again() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..50).await;
    let control = broker.control();
    spoil(
        &control,
        FETCH,
        1,
        Action::ReplaceFrame(vec![0, 0, 1, 0, 0, 0, 0, 2, 0, 0].into()),
    );
    assert_eq!(read(&client, 0, |_| ()).await.unwrap(), expected(0..50));
    control.clear();
    spoil(
        &control,
        FETCH,
        1,
        Action::Drip {
            bytes: 1,
            every: Duration::from_millis(50),
        },
    );
    assert_eq!(read(&client, 0, |_| ()).await.unwrap(), expected(0..50));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_a_read_at_the_limit_and_says_how_far_it_got() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..50).await;
    let control = broker.control();
    let started = Instant::now();
    let error = read(&client, 0, |position| {
        if position >= 20 {
            spoil(&control, FETCH, u32::MAX, Action::Silence);
        }
    });
    let error = error.await.unwrap_err();
    let ClientError::NoProgress {
        partition,
        offset,
        waited,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(*partition, Some(0));
    assert!(offset.unwrap() >= 20 && offset.unwrap() < 50);
    assert!(
        *waited > Duration::from_secs(1) && started.elapsed() < Duration::from_secs(6),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_up_at_once_is_not_stormed() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..20).await;
    let topic = client.topic("foo").await.unwrap();
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    let control = broker.control();
    control.intercept(|_| Action::Drop);
    let before = control.requests().len();
    fetcher.request(0, 1000, OPTIONS.max_wait).await.unwrap();
    let error = fetcher.response().await.unwrap_err();
    assert!(matches!(error, ClientError::NoProgress { .. }), "{error}");
    let requests = control.requests().len() - before;
    assert!((3..60).contains(&requests), "{requests} requests in three seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_answer_is_not_asked_for_in_a_tight_loop() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    let topic = client.topic("foo").await.unwrap();
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    let (started, mut answers) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(1) {
        fetcher.request(0, 1000, Duration::ZERO).await.unwrap();
        assert!(fetcher.response().await.unwrap().records.is_empty());
        answers += 1;
    }
    assert!((2..20).contains(&answers), "{answers} answers in a second");
    assert!(fetcher.since_progress() > Duration::from_millis(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_future_leaves_nothing_behind() {
    let broker = broker(1, KafkaVersion::default());
    let client = client(&broker).await;
    write(&client, 0..100).await;
    let control = broker.control();
    let rule = control.intercept(|_| Action::Delay(Duration::from_millis(60)));
    let topic = client.topic("foo").await.unwrap();
    let mut fetcher = PartitionFetcher::open(&client, &topic, 0, OPTIONS).await.unwrap();
    let (mut position, mut found) = (0, Vec::new());
    for round in 0_u64.. {
        let patience = Duration::from_millis(round * 7 % 90);
        // Operations of the client are dropped half-way, then the reader's, at ever different places.
        let _ = tokio::time::timeout(patience, client.topic("foo")).await;
        let query = [(0, OffsetQuery::Latest)];
        let _ = tokio::time::timeout(patience, client.list_offsets(&topic, &query, Isolation::ReadCommitted)).await;
        if tokio::time::timeout(patience, fetcher.request(position, 200, OPTIONS.max_wait))
            .await
            .is_err()
        {
            continue;
        }
        let mut answer = None;
        for step in 0..30 {
            match tokio::time::timeout(patience + Duration::from_millis(10 * step), fetcher.response()).await {
                Ok(fetched) => {
                    answer = Some(fetched.unwrap());
                    break;
                }
                Err(_) => continue,
            }
        }
        found.extend(numbers(&answer.unwrap(), &mut position));
        fetcher.progressed();
        if position >= 100 {
            break;
        }
    }
    assert_eq!(found, expected(0..100));
    control.remove(rule);
    assert_eq!(client.topic("foo").await.unwrap().name, "foo");
}
