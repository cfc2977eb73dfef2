//! One connection to a leader on which produce requests follow each other without waiting for the answers.
//!
//! Order is the point: the batches of a partition travel on one connection, so they arrive as they were sent. When anything goes wrong with the connection,
//! every load that was on its way comes back in doubt, what was not sent comes back as such, and the courier ends. No retries here.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use kaframe_wire::ErrorCode;
use kaframe_wire::message::produce_response::PartitionProduceResponse;
use kaframe_wire::message::{ApiKey, ProduceRequest, ProduceResponse};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::line::Answer;
use super::message::{self, Fate, LAST_BY_NAME, fate};
use crate::answer::denied;
use crate::connection::{Connection, Flight, api_name};
use crate::error::ClientError;
use crate::printable::printable;
use crate::throttle::Throttled;
use crate::topic::TopicMetadata;
use crate::{Client, Result};

/// Which connection: the leader, and one of a few to it.
pub(super) type Route = (i32, usize);

/// A request: one batch for each of some partitions.
#[derive(Debug)]
pub(super) struct Load {
    pub id: u64,
    pub batches: Vec<Sent>,
    pub topic: Arc<TopicMetadata>,
    pub deadline: Instant,
}

/// A batch in a load.
#[derive(Debug)]
pub(super) struct Sent {
    /// The line it belongs to, for the sender's use.
    pub line: usize,
    pub partition: i32,
    pub bytes: Bytes,
}

/// What became of a load.
#[derive(Debug)]
pub(super) struct Delivered {
    pub route: Route,
    /// Which of the couriers that this route has had.
    pub courier: u64,
    pub load: u64,
    /// By line, for every batch of the load.
    pub answers: Vec<(usize, Answer)>,
    /// The courier takes no more.
    pub last: bool,
}

pub(super) struct Courier {
    pub client: Client,
    pub route: Route,
    /// Its number among all couriers.
    pub number: u64,
    pub deliveries: mpsc::UnboundedSender<Delivered>,
}

enum Step {
    Send(Option<Load>),
    Answer(Result<ProduceResponse>),
}

impl Courier {
    /// Carries loads until the sender has no more or the connection fails.
    pub async fn run(self, mut loads: mpsc::UnboundedReceiver<Load>) {
        let mut connection = None;
        let mut on_way: VecDeque<(Load, Flight)> = VecDeque::new();
        loop {
            let step = match (&mut connection, on_way.front()) {
                (Some(open), Some((oldest, flight))) => {
                    let open: &mut Connection = open;
                    tokio::select! {
                        biased;
                        answer = open.receive_next::<ProduceRequest>(*flight, oldest.deadline) => Step::Answer(answer),
                        load = loads.recv() => Step::Send(load),
                    }
                }
                _ => Step::Send(loads.recv().await),
            };
            let failed = match step {
                Step::Send(None) => {
                    if let Some(connection) = connection.filter(|_| on_way.is_empty()) {
                        self.client.cluster().give_back(connection);
                    }
                    return;
                }
                Step::Send(Some(load)) => match self.send(&mut connection, &load).await {
                    Ok(flight) => {
                        on_way.push_back((load, flight));
                        continue;
                    }
                    Err(answer) => {
                        // Those before it were sent earlier and are answered first.
                        let before: Vec<Load> = on_way.drain(..).map(|(load, _)| load).collect();
                        let lost = match &answer {
                            Answer::Again { error, .. } | Answer::Final { error, .. } => lost(error.clone()),
                            Answer::Written { .. } => answer.clone(),
                        };
                        before.into_iter().for_each(|load| self.tell_all(load, &lost));
                        self.tell_all(load, &answer);
                        answer
                    }
                },
                Step::Answer(Ok(response)) => {
                    let (Some(open), Some((load, flight))) = (&mut connection, on_way.pop_front()) else {
                        return;
                    };
                    open.throttle(response.throttle());
                    self.answered(load, flight.version, &open.peer().to_string(), response);
                    continue;
                }
                Step::Answer(Err(error)) => {
                    let answer = lost(error);
                    on_way.drain(..).for_each(|(load, _)| self.tell_all(load, &answer));
                    answer
                }
            };
            loads.close();
            while let Some(load) = loads.recv().await {
                self.tell_all(load, &not_sent(&failed));
            }
            return;
        }
    }

    /// Sends a load; on failure, what that means for its batches.
    async fn send(&self, connection: &mut Option<Connection>, load: &Load) -> Result<Flight, Answer> {
        let config = self.client.config();
        let refused = |error| Answer::Final { error, in_doubt: false };
        if connection.is_none() {
            let first = load.batches.first().map_or(0, |sent| sent.partition);
            let whose = format!("leader of {}-{first}", load.topic.name);
            let leased = self.client.cluster().lease(self.route.0, &whose, load.deadline).await;
            *connection = Some(leased.map_err(|error| Answer::Again { error, in_doubt: false })?);
        }
        let Some(open) = connection else {
            return Err(refused(ClientError::config("no connection")));
        };
        let quiet = open.quiet_for();
        if !quiet.is_zero() {
            sleep_until((Instant::now() + quiet).min(load.deadline)).await;
        }
        let version = match load.topic.id {
            Some(_) => open.version::<ProduceRequest>(),
            None => open.version_up_to::<ProduceRequest>(LAST_BY_NAME),
        };
        let version = version.map_err(refused)?;
        // The broker waits for its replicas at most this long before it answers; the answer itself may take as long again.
        let limit_ms = i32::try_from(config.request_timeout.as_millis()).unwrap_or(i32::MAX);
        let batches = load.batches.iter().map(|sent| (sent.partition, sent.bytes.clone()));
        let request = message::build(version, &load.topic, batches, limit_ms);
        open.send(version, &request, load.deadline).await.map_err(lost)
    }

    /// Tells what a response says about every batch of its load.
    fn answered(&self, load: Load, version: i16, broker: &str, response: ProduceResponse) {
        for endpoint in &response.node_endpoints {
            let (host, port) = (&endpoint.host, endpoint.port);
            self.client.cluster().learn_broker(endpoint.node_id.0, host, port);
        }
        let api = api_name(ApiKey::Produce as i16, version);
        let answers = load.batches.iter().map(|sent| {
            let answer = match message::find(&response, version, &load.topic, sent.partition) {
                Some(result) => verdict(&load.topic, sent, &api, broker, result),
                None => lost(ClientError::protocol(
                    broker,
                    format!("{api}: no word about the partition that was written"),
                )),
            };
            (sent.line, answer)
        });
        self.tell(load.id, answers.collect(), false);
    }

    fn tell_all(&self, load: Load, answer: &Answer) {
        let answers = load.batches.iter().map(|sent| (sent.line, answer.clone())).collect();
        self.tell(load.id, answers, true);
    }

    fn tell(&self, load: u64, answers: Vec<(usize, Answer)>, last: bool) {
        // Without a sender nobody wants to know.
        let _ = self.deliveries.send(Delivered {
            route: self.route,
            courier: self.number,
            load,
            answers,
            last,
        });
    }
}

/// A load that was sent, at least in part, without an answer that can be understood.
fn lost(error: ClientError) -> Answer {
    // From the first byte on it is the broker's word that counts, and it has not spoken, or not in a way that can be understood.
    if matches!(error, ClientError::Connect { .. }) {
        Answer::Again { error, in_doubt: true }
    } else {
        Answer::Final { error, in_doubt: true }
    }
}

/// What a failure means for loads that were never sent.
fn not_sent(failed: &Answer) -> Answer {
    match failed.clone() {
        Answer::Again { error, .. } => Answer::Again { error, in_doubt: false },
        Answer::Final { error, .. } => Answer::Final { error, in_doubt: false },
        written @ Answer::Written { .. } => written,
    }
}

/// What a broker's answer about one batch means for it.
fn verdict(topic: &TopicMetadata, sent: &Sent, api: &str, broker: &str, result: PartitionProduceResponse) -> Answer {
    let code = ErrorCode(result.error_code);
    let fate = fate(code);
    if fate == Fate::Written {
        return Answer::Written {
            base_offset: result.base_offset,
            log_append_time: Some(result.log_append_time_ms).filter(|time| *time >= 0),
        };
    }
    let said = result.error_message.or_else(|| {
        result
            .record_errors
            .into_iter()
            .find_map(|bad| bad.batch_index_error_message)
    });
    let message = said.map_or_else(|| code.meaning().to_owned(), |said| printable(&said));
    let error = match (fate, code) {
        (Fate::TooLarge, _) => ClientError::TooLarge {
            topic: topic.name.clone(),
            partition: sent.partition,
            size: sent.bytes.len(),
            limit: format!("{broker} says {code}: max.message.bytes of the topic"),
        },
        (_, ErrorCode::TOPIC_AUTHORIZATION_FAILED) => denied(&topic.name, code, "WRITE"),
        _ => ClientError::Broker {
            code,
            api: api.to_owned(),
            topic: Some(topic.name.clone()),
            partition: Some(sent.partition),
            broker: broker.to_owned(),
            message,
        },
    };
    match fate {
        Fate::Again => Answer::Again { error, in_doubt: false },
        Fate::AgainInDoubt => Answer::Again { error, in_doubt: true },
        Fate::TooLarge | Fate::Refused | Fate::OutOfSequence | Fate::Written => {
            Answer::Final { error, in_doubt: false }
        }
    }
}
