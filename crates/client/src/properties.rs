//! Client properties as three families of clients spell them, and what becomes of each: one table, walked by the reader and by its tests.
//!
//! Canonical spelling is librdkafka's; the Java client mostly shares it, kafka-python and aiokafka write underscores. Files, environment and merging are not
//! read here. A value that could be a secret is never repeated in a message.
//!
//! Keys: <https://kafka.apache.org/documentation/#consumerconfigs>, librdkafka's `CONFIGURATION.md`, kafka-python's `KafkaConsumer`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Result;
use crate::config::ClientConfig;
use crate::error::ClientError;
use crate::nearest::nearest;
use crate::printable::printable;

/// What a known key does.
#[derive(Debug, Clone, Copy)]
enum Use {
    Servers,
    SecurityProtocol,
    ClientId,
    RequestTimeout,
    ConnectTimeout,
    Timeout,
    MaxFrame,
    MaxIdle,
    /// Belongs to TLS or SASL, which only matter with a security protocol that is refused anyway.
    Security,
    /// Has no meaning for a client that joins no group and reads a frozen range.
    Unused,
}

/// Known keys. Spellings of one setting stand on one line, canonical first.
const KEYS: &[(&[&str], Use)] = &[
    (
        &["bootstrap.servers", "metadata.broker.list", "bootstrap_servers"],
        Use::Servers,
    ),
    (&["security.protocol", "security_protocol"], Use::SecurityProtocol),
    (&["client.id", "client_id"], Use::ClientId),
    (
        &["request.timeout.ms", "socket.timeout.ms", "request_timeout_ms"],
        Use::RequestTimeout,
    ),
    (
        &[
            "socket.connection.setup.timeout.ms",
            "socket_connection_setup_timeout_ms",
            "socket.connection.setup.timeout.max.ms",
        ],
        Use::ConnectTimeout,
    ),
    (&["default.api.timeout.ms", "default_api_timeout_ms"], Use::Timeout),
    (&["receive.message.max.bytes"], Use::MaxFrame),
    (&["connections.max.idle.ms", "connections_max_idle_ms"], Use::MaxIdle),
    (
        &[
            "sasl.mechanism",
            "sasl.mechanisms",
            "sasl_mechanism",
            "sasl.username",
            "sasl_plain_username",
            "sasl.password",
            "sasl_plain_password",
            "sasl.jaas.config",
            "sasl.oauthbearer.method",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.client.id",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.scope",
            "sasl.oauthbearer.extensions",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl_oauth_token_provider",
            "sasl.login.callback.handler.class",
            "sasl.client.callback.handler.class",
            "sasl.kerberos.service.name",
            "ssl.ca.location",
            "ssl.ca.pem",
            "ssl_cafile",
            "ssl.truststore.location",
            "ssl.truststore.type",
            "ssl.truststore.password",
            "ssl.truststore.certificates",
            "ssl.certificate.location",
            "ssl.certificate.pem",
            "ssl_certfile",
            "ssl.key.location",
            "ssl.key.pem",
            "ssl_keyfile",
            "ssl.key.password",
            "ssl_password",
            "ssl.keystore.location",
            "ssl.keystore.type",
            "ssl.keystore.password",
            "ssl.keystore.certificate.chain",
            "ssl.keystore.key",
            "ssl.endpoint.identification.algorithm",
            "ssl_check_hostname",
            "ssl_context",
            "enable.ssl.certificate.verification",
            "ssl.protocol",
            "ssl.enabled.protocols",
            "ssl.cipher.suites",
        ],
        Use::Security,
    ),
    (
        &[
            "group.id",
            "group_id",
            "group.instance.id",
            "group_instance_id",
            "group.protocol",
            "group.remote.assignor",
            "enable.auto.commit",
            "enable_auto_commit",
            "auto.commit.interval.ms",
            "auto_commit_interval_ms",
            "auto.offset.reset",
            "auto_offset_reset",
            "enable.auto.offset.store",
            "session.timeout.ms",
            "session_timeout_ms",
            "heartbeat.interval.ms",
            "heartbeat_interval_ms",
            "max.poll.interval.ms",
            "max_poll_interval_ms",
            "max.poll.records",
            "max_poll_records",
            "partition.assignment.strategy",
            "partition_assignment_strategy",
            "isolation.level",
            "isolation_level",
            "consumer_timeout_ms",
            "check.crcs",
            "check_crcs",
            "client.rack",
            "client_rack",
            "enable.partition.eof",
            "exclude.internal.topics",
            "fetch.min.bytes",
            "fetch_min_bytes",
            "fetch.max.bytes",
            "fetch_max_bytes",
            "fetch.wait.max.ms",
            "fetch.max.wait.ms",
            "fetch_max_wait_ms",
            "fetch.message.max.bytes",
            "max.partition.fetch.bytes",
            "max_partition_fetch_bytes",
            "fetch.error.backoff.ms",
            "queued.min.messages",
            "queued.max.messages.kbytes",
            "allow.auto.create.topics",
            "allow_auto_create_topics",
            "key.deserializer",
            "key_deserializer",
            "value.deserializer",
            "value_deserializer",
            "key.serializer",
            "key_serializer",
            "value.serializer",
            "value_serializer",
            "acks",
            "request.required.acks",
            "enable.idempotence",
            "enable_idempotence",
            "retries",
            "message.send.max.retries",
            "linger.ms",
            "linger_ms",
            "queue.buffering.max.ms",
            "batch.size",
            "batch_size",
            "batch.num.messages",
            "buffer.memory",
            "buffer_memory",
            "compression.type",
            "compression_type",
            "compression.codec",
            "max.request.size",
            "max_request_size",
            "message.max.bytes",
            "max.in.flight.requests.per.connection",
            "max_in_flight_requests_per_connection",
            "delivery.timeout.ms",
            "delivery_timeout_ms",
            "transactional.id",
            "transactional_id",
            "transaction.timeout.ms",
            "partitioner",
            "partitioner.class",
            "retry.backoff.ms",
            "retry_backoff_ms",
            "retry.backoff.max.ms",
            "retry_backoff_max_ms",
            "reconnect.backoff.ms",
            "reconnect_backoff_ms",
            "reconnect.backoff.max.ms",
            "reconnect_backoff_max_ms",
            "metadata.max.age.ms",
            "metadata_max_age_ms",
            "topic.metadata.refresh.interval.ms",
            "client.dns.lookup",
            "broker.address.family",
            "broker.address.ttl",
            "api.version.request",
            "api_version",
            "broker.version.fallback",
            "socket.keepalive.enable",
            "socket.nagle.disable",
            "receive.buffer.bytes",
            "receive_buffer_bytes",
            "send.buffer.bytes",
            "send_buffer_bytes",
            "statistics.interval.ms",
            "debug",
            "log_level",
            "log.connection.close",
            "interceptor.classes",
            "metric.reporters",
            "enable.metrics.push",
        ],
        Use::Unused,
    ),
];

/// Makes settings of properties.
pub(crate) fn read(properties: &BTreeMap<String, String>) -> Result<ClientConfig> {
    let mut config = ClientConfig::new("");
    let (mut unused, mut security): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (key, value) in properties {
        let (key, value) = (key.trim(), value.trim());
        let Some((_, usage)) = KEYS.iter().find(|(names, _)| names.contains(&key)) else {
            config.warnings.push(unknown(key));
            continue;
        };
        match usage {
            Use::Servers => config.bootstrap_servers = ClientConfig::new(value).bootstrap_servers,
            Use::SecurityProtocol => check_protocol(key, value)?,
            Use::ClientId => config.client_id = value.to_owned(),
            Use::RequestTimeout => config.request_timeout = millis(key, value)?,
            Use::ConnectTimeout => config.connect_timeout = millis(key, value)?,
            Use::Timeout => config.timeout = millis(key, value)?,
            Use::MaxFrame => config.max_frame = number(key, value, 1000, i32::MAX as u64)? as usize,
            Use::MaxIdle => config.max_idle = millis(key, value)?,
            Use::Security => security.push(key),
            Use::Unused => unused.push(key),
        }
    }
    if !unused.is_empty() {
        config
            .warnings
            .push(format!("not used for reading or writing: {}", unused.join(", ")));
    }
    if !security.is_empty() {
        config.warnings.push(format!(
            "without effect on a PLAINTEXT connection: {}",
            security.join(", ")
        ));
    }
    config.addresses()?;
    Ok(config)
}

fn unknown(key: &str) -> String {
    let names = KEYS.iter().flat_map(|(names, _)| names.iter().copied());
    match nearest(key, names).first() {
        Some(name) => format!("unknown property {:?}; did you mean {name:?}?", printable(key)),
        None => format!("unknown property {:?}", printable(key)),
    }
}

fn check_protocol(key: &str, value: &str) -> Result<()> {
    let protocol = value.to_ascii_uppercase();
    match protocol.as_str() {
        "PLAINTEXT" => Ok(()),
        "SSL" | "SASL_SSL" | "SASL_PLAINTEXT" => Err(ClientError::config(format!(
            "{key}={protocol}: TLS and SASL are not built in yet; only PLAINTEXT listeners can be read"
        ))),
        _ => Err(ClientError::config(format!(
            "{key}={:?} is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
            printable(value)
        ))),
    }
}

fn millis(key: &str, value: &str) -> Result<Duration> {
    number(key, value, 1, i32::MAX as u64).map(Duration::from_millis)
}

fn number(key: &str, value: &str, least: u64, most: u64) -> Result<u64> {
    match value.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(ClientError::config(format!(
            "{key}={:?} is not a whole number from {least} to {most}",
            printable(value)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<ClientConfig> {
        read(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn every_spelling_of_a_setting_is_taken() {
        for (names, usage) in KEYS {
            for name in *names {
                let value = match usage {
                    Use::Servers => "b:1",
                    Use::SecurityProtocol => "plaintext",
                    Use::ClientId => "me",
                    _ => "1234",
                };
                let config = from(&[("bootstrap.servers", "a:9092"), (name, value)]).unwrap();
                let taken = match usage {
                    Use::Servers => *name == "bootstrap.servers" || config.bootstrap_servers.len() == 1,
                    Use::SecurityProtocol => config.warnings.is_empty(),
                    Use::ClientId => config.client_id == "me",
                    Use::RequestTimeout => config.request_timeout.as_millis() == 1234,
                    Use::ConnectTimeout => config.connect_timeout.as_millis() == 1234,
                    Use::Timeout => config.timeout.as_millis() == 1234,
                    Use::MaxFrame => config.max_frame == 1234,
                    Use::MaxIdle => config.max_idle.as_millis() == 1234,
                    Use::Security | Use::Unused => config.warnings.len() == 1 && config.warnings[0].contains(name),
                };
                assert!(taken, "{name}: {config:?}");
            }
        }
    }

    #[test]
    fn no_spelling_stands_twice() {
        let mut names: Vec<&str> = KEYS.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let config = from(&[
            ("bootstrap.servers", "a"),
            ("request.timout.ms", "1"),
            ("zzz", "secret"),
        ])
        .unwrap();
        assert_eq!(
            config.warnings,
            [
                "unknown property \"request.timout.ms\"; did you mean \"request.timeout.ms\"?",
                "unknown property \"zzz\""
            ]
        );
    }

    #[test]
    fn anything_but_plaintext_is_refused_and_secrets_are_not_repeated() {
        for protocol in ["SSL", "sasl_ssl", "SASL_PLAINTEXT"] {
            let error = from(&[
                ("bootstrap.servers", "a"),
                ("security.protocol", protocol),
                ("sasl.password", "hunter2"),
            ])
            .unwrap_err()
            .to_string();
            assert!(
                error.contains("not built in yet") && !error.contains("hunter2"),
                "{error}"
            );
        }
        assert!(from(&[("bootstrap.servers", "a"), ("security.protocol", "tls")]).is_err());
        let config = from(&[("bootstrap.servers", "a"), ("sasl.password", "hunter2")]).unwrap();
        assert!(!config.warnings.concat().contains("hunter2"));
    }

    #[test]
    fn bad_values_and_missing_servers_are_errors() {
        assert!(from(&[]).unwrap_err().to_string().contains("no bootstrap servers"));
        assert!(from(&[("bootstrap.servers", "a"), ("request.timeout.ms", "soon")]).is_err());
        assert!(from(&[("bootstrap.servers", "http://a")]).is_err());
    }
}
