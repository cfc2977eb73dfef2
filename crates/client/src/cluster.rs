//! What all users of one cluster share: its brokers' addresses, idle connections, what is known of topics, and the retry quota.
//!
//! One attempt at a time: every function here asks once (a round over all brokers, where any will do) and fails with what happened. How often to ask is the
//! caller's decision, by `retry`. There are no tasks of its own: connections live in a pool while nobody uses them, and whoever takes one out owns it; a
//! future that is dropped half-way takes its connection with it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kaframe_wire::ErrorCode;
use kaframe_wire::message::Request;
use tokio::time::{Instant, sleep_until};

use crate::Result;
use crate::address::Address;
use crate::answer::{Answer, denied};
use crate::authentication::{Anonymous, Authentication};
use crate::config::ClientConfig;
use crate::connection::{Connection, Peer, api_name};
use crate::error::{ClientError, ConnectCause};
use crate::metadata::{self, Description, KnownTopic, View};
use crate::retry::Quota;
use crate::throttle::Throttled;
use crate::topic::TopicMetadata;
use crate::transport::{Tcp, Transport};

/// Connections kept per broker for the next small request.
const MOST_IDLE: usize = 4;

#[derive(Debug)]
pub(crate) struct Cluster {
    pub config: ClientConfig,
    pub quota: Quota,
    bootstrap: Vec<Address>,
    transport: Box<dyn Transport>,
    authentication: Box<dyn Authentication>,
    view: Mutex<View>,
    idle: Mutex<HashMap<Address, Vec<Connection>>>,
    /// Addresses that have answered as a Kafka broker: their refusals are outages, not mistakes.
    reached: Mutex<HashSet<Address>>,
    /// The shortest time in which a broker has answered a small request.
    round_trips: Mutex<HashMap<Address, Duration>>,
    /// One Metadata request at a time: when a leader moves, all its readers want to know at once.
    refreshing: tokio::sync::Mutex<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cluster {
    /// Reaches the cluster by one round over the bootstrap addresses.
    pub async fn connect(config: ClientConfig) -> Result<Self> {
        let cluster = Self {
            bootstrap: config.addresses()?,
            quota: Quota::new(),
            transport: Box::new(Tcp),
            authentication: Box::new(Anonymous),
            view: Mutex::default(),
            idle: Mutex::default(),
            reached: Mutex::default(),
            round_trips: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
            config,
        };
        let deadline = Instant::now() + cluster.config.timeout;
        cluster.describe(Some(&[]), deadline).await?;
        Ok(cluster)
    }

    pub fn cluster_id(&self) -> Option<String> {
        locked(&self.view).cluster_id.clone()
    }

    pub fn controller(&self) -> Option<i32> {
        locked(&self.view).controller
    }

    /// How the cluster is named in errors.
    pub fn name(&self) -> String {
        self.config.bootstrap_servers.join(",")
    }

    /// Asks Metadata of any broker, once around, and remembers the answer.
    pub async fn describe(&self, topics: Option<&[&str]>, deadline: Instant) -> Result<Description> {
        let answer = self
            .ask_any(|_| Ok(metadata::request(topics)), "the cluster", deadline)
            .await?;
        // Version 13 says here that this broker no longer belongs to the cluster (KIP-1102).
        let code = ErrorCode(answer.body.error_code);
        if !code.is_none() {
            return Err(answer.refused(code, None, None, None));
        }
        let body = answer.body.clone();
        let description = metadata::read(body).map_err(|detail| answer.nonsense(detail))?;
        locked(&self.view).learn(&description, Instant::now());
        Ok(description)
    }

    /// The newest that is known of a topic without asking.
    pub fn known_topic(&self, name: &str) -> Option<KnownTopic> {
        locked(&self.view).topic(name).cloned()
    }

    pub fn forget_topic(&self, name: &str) {
        locked(&self.view).forget(name);
    }

    /// What is known of a topic since `than`, asking once if nobody has asked meanwhile.
    pub async fn fresher_topic(&self, name: &str, than: Instant, deadline: Instant) -> Result<KnownTopic> {
        let _turn = self.refreshing.lock().await;
        if let Some(known) = self.known_topic(name).filter(|known| known.at > than) {
            return Ok(known);
        }
        let description = self.describe(Some(&[name]), deadline).await?;
        let answer = description.topics.iter().find(|answer| answer.topic.name == name);
        let code = answer.map_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, |answer| answer.code);
        match code {
            ErrorCode::NONE => self.known_topic(name).ok_or_else(|| self.no_topic(name, code)),
            ErrorCode::TOPIC_AUTHORIZATION_FAILED => Err(denied(name, code, "DESCRIBE")),
            code => Err(self.no_topic(name, code)),
        }
    }

    fn no_topic(&self, name: &str, code: ErrorCode) -> ClientError {
        ClientError::Broker {
            code,
            api: "Metadata".to_owned(),
            topic: Some(name.to_owned()),
            partition: None,
            broker: self.name(),
            message: code.meaning().to_owned(),
        }
    }

    /// Asks one broker, once; `whose` says in errors why that one ("leader of orders-3").
    pub async fn ask<R>(
        &self,
        broker: i32,
        whose: &str,
        build: impl Fn(i16) -> Result<R>,
        deadline: Instant,
    ) -> Result<Answer<R::Response>>
    where
        R: Request,
        R::Response: Throttled,
    {
        let deadline = deadline.min(Instant::now() + self.config.request_timeout);
        let mut connection = self.lease(broker, whose, deadline).await?;
        let answer = exchange(&mut connection, build, deadline).await?;
        self.give_back(connection);
        Ok(answer)
    }

    /// A connection to a broker, from the pool or new.
    pub async fn lease(&self, broker: i32, whose: &str, deadline: Instant) -> Result<Connection> {
        let address = self.address_of(broker, whose)?;
        match self.take_idle(&address).await {
            Some(mut connection) => {
                connection.identify(broker);
                Ok(connection)
            }
            None => {
                self.open(
                    &Peer {
                        id: Some(broker),
                        address,
                    },
                    whose,
                    deadline,
                )
                .await
            }
        }
    }

    /// A new connection to a broker, which will not enter the pool unless it is given back.
    pub async fn open_to(&self, broker: i32, whose: &str, deadline: Instant) -> Result<Connection> {
        let address = self.address_of(broker, whose)?;
        self.open(
            &Peer {
                id: Some(broker),
                address,
            },
            whose,
            deadline,
        )
        .await
    }

    /// Learns where a broker is from an answer that said so in passing (KIP-951).
    pub fn learn_broker(&self, id: i32, host: &str, port: i32) {
        if let Ok(address) = Address::from_broker(host, port) {
            locked(&self.view).brokers.insert(id, Ok(address));
        }
    }

    pub fn knows_broker(&self, id: i32) -> bool {
        matches!(locked(&self.view).brokers.get(&id), Some(Ok(_)))
    }

    /// "broker 2 (host:9092)".
    pub fn broker_name(&self, id: i32) -> String {
        match locked(&self.view).brokers.get(&id) {
            Some(Ok(address)) => format!("broker {id} ({address})"),
            Some(Err(advertised)) => format!("broker {id} ({advertised})"),
            None => format!("broker {id}"),
        }
    }

    fn address_of(&self, broker: i32, whose: &str) -> Result<Address> {
        let advertised = locked(&self.view).brokers.get(&broker).cloned();
        let (address, cause, reason) = match advertised {
            Some(Ok(address)) => return Ok(address),
            Some(Err(advertised)) => (
                advertised,
                ConnectCause::Unresolved,
                "this is no address to connect to".to_owned(),
            ),
            // A broker that just left or joined: the next Metadata will tell.
            None => (
                format!("broker {broker}"),
                ConnectCause::Lost,
                "Metadata names no address for it".to_owned(),
            ),
        };
        Err(ClientError::Connect {
            what: format!("broker {broker}, {whose}"),
            attempts: vec![(address, reason)],
            cause,
            hint: None,
        })
    }

    /// Every address there is; those with a connection at hand come first.
    pub(crate) fn candidates(&self) -> Vec<Peer> {
        let mut peers: Vec<Peer> = {
            let view = locked(&self.view);
            let known = view.brokers.iter();
            known
                .filter_map(|(id, address)| {
                    Some(Peer {
                        id: Some(*id),
                        address: address.clone().ok()?,
                    })
                })
                .collect()
        };
        for address in &self.bootstrap {
            if !peers.iter().any(|peer| peer.address == *address) {
                peers.push(Peer {
                    id: None,
                    address: address.clone(),
                });
            }
        }
        let (idle, reached) = (locked(&self.idle), locked(&self.reached));
        peers.sort_by_key(|peer| (!idle.contains_key(&peer.address), !reached.contains(&peer.address)));
        peers
    }

    pub(crate) async fn take_idle(&self, address: &Address) -> Option<Connection> {
        loop {
            let mut connection = {
                let mut idle = locked(&self.idle);
                let pool = idle.get_mut(address)?;
                let connection = pool.pop();
                if pool.is_empty() {
                    idle.remove(address);
                }
                connection?
            };
            if connection.last_used().elapsed() < self.config.max_idle && !connection.is_stale().await {
                return Some(connection);
            }
        }
    }

    /// Puts a connection whose last exchange was completed back for others.
    pub fn give_back(&self, connection: Connection) {
        self.note_round_trip(&connection);
        let mut idle = locked(&self.idle);
        let pool = idle.entry(connection.peer().address.clone()).or_default();
        if pool.len() < MOST_IDLE {
            pool.push(connection);
        }
    }

    pub(crate) async fn open(&self, peer: &Peer, whose: &str, deadline: Instant) -> Result<Connection> {
        let patience = self
            .config
            .connect_timeout
            .min(deadline.saturating_duration_since(Instant::now()));
        let stream = match self.transport.connect(&peer.address, patience).await {
            Ok(stream) => stream,
            Err(unreachable) => {
                let known = locked(&self.reached).contains(&peer.address);
                return Err(ClientError::Connect {
                    what: match peer.id {
                        Some(_) => format!("{peer}, {whose}"),
                        None => whose.to_owned(),
                    },
                    hint: if known {
                        None
                    } else {
                        self.advertised_hint(peer, unreachable.cause)
                    },
                    cause: if known && unreachable.cause != ConnectCause::Silent {
                        ConnectCause::Lost
                    } else {
                        unreachable.cause
                    },
                    attempts: unreachable.attempts,
                });
            }
        };
        tracing::debug!(%peer, whose, "connected");
        let limit = self.config.max_frame;
        let greeting = Connection::greet(stream, peer.clone(), &self.config.client_id, limit, deadline);
        let mut connection = greeting.await.map_err(|error| self.explain(error, peer))?;
        self.authentication.authenticate(&mut connection, deadline).await?;
        locked(&self.reached).insert(peer.address.clone());
        self.note_round_trip(&connection);
        Ok(connection)
    }

    /// How far away a broker is: the shortest time in which it has answered a small request.
    pub fn round_trip(&self, broker: i32) -> Option<Duration> {
        let address = locked(&self.view).brokers.get(&broker)?.clone().ok()?;
        locked(&self.round_trips).get(&address).copied()
    }

    fn note_round_trip(&self, connection: &Connection) {
        let Some(took) = connection.round_trip() else { return };
        let mut known = locked(&self.round_trips);
        let shortest = known.entry(connection.peer().address.clone()).or_insert(took);
        *shortest = took.min(*shortest);
    }

    /// The classic trap: the bootstrap address works, and the broker behind it then names an address that only works elsewhere.
    fn advertised_hint(&self, peer: &Peer, cause: ConnectCause) -> Option<String> {
        let id = peer.id?;
        let reached = locked(&self.reached);
        let answered = self.bootstrap.iter().find(|address| reached.contains(*address))?;
        let problem = match cause {
            ConnectCause::Unresolved => "does not resolve here",
            ConnectCause::Refused => "refuses connections",
            ConnectCause::Silent | ConnectCause::Lost => "does not answer",
        };
        Some(format!(
            "bootstrap server {answered} answered, but broker {id} advertises {}, which {problem}: check advertised.listeners of the broker",
            peer.address
        ))
    }

    /// A peer that hangs up on its first request without a word is often no Kafka listener at all.
    fn explain(&self, error: ClientError, peer: &Peer) -> ClientError {
        let known = locked(&self.reached).contains(&peer.address);
        match error {
            ClientError::Connect { what, attempts, cause: ConnectCause::Lost, .. } if !known => ClientError::Connect {
                what,
                attempts,
                cause: ConnectCause::Refused,
                hint: Some(
                    "a listener that closes the connection at the first request is often a TLS or SASL listener, or no Kafka broker"
                        .to_owned(),
                ),
            },
            other => other,
        }
    }
}

/// One request and its answer on a connection that is the caller's.
pub(crate) async fn exchange<R>(
    connection: &mut Connection,
    build: impl Fn(i16) -> Result<R>,
    deadline: Instant,
) -> Result<Answer<R::Response>>
where
    R: Request,
    R::Response: Throttled,
{
    let version = connection.version::<R>()?;
    let request = build(version)?;
    let quiet = connection.quiet_for();
    if !quiet.is_zero() {
        sleep_until((Instant::now() + quiet).min(deadline)).await;
    }
    let body = connection.call(version, &request, deadline).await?;
    connection.throttle(body.throttle());
    Ok(Answer {
        body,
        peer: connection.peer().clone(),
        api: api_name(R::KEY, version),
    })
}

/// Fails if the topic is no longer the one that was first seen under its name.
pub(crate) fn same_topic(first: &TopicMetadata, now: &TopicMetadata) -> Result<()> {
    match (first.id, now.id) {
        (Some(expected), Some(found)) if expected != found => Err(ClientError::TopicRecreated {
            topic: first.name.clone(),
            expected: expected.to_string(),
            found: format!("now it is {found}"),
        }),
        _ => Ok(()),
    }
}

/// Shared by all handles of a client.
pub(crate) type SharedCluster = Arc<Cluster>;
