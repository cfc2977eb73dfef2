//! One socket to one broker: requests go out with a correlation id, and the answer that comes back must carry it.
//!
//! A broker works on one request of a connection at a time, so there is at most one in flight here, save where the next request is large and its way to the
//! broker takes time: [`Connection::receive_next`] takes the answers of several in the order of the requests. Every step has a deadline for the whole of it, not for
//! each read: a peer that drips bytes gains nothing. A connection whose step failed, timed out or was dropped half-way is in an unknown state; whoever holds it
//! takes it out of circulation before the step and puts it back only after a success, so that a dropped future closes the socket. No retries here.

mod receive;
mod versions;

use std::fmt;
use std::time::Duration;

use kaframe_wire::frame;
use kaframe_wire::message::{ApiKey, Request};
use tokio::io::AsyncWriteExt;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::receive::ReceiveBuffer;
use self::receive::ReceiveError;
use self::versions::Versions;
pub(crate) use self::versions::api_name;
use crate::Result;
use crate::address::Address;
use crate::error::{ClientError, ConnectCause};
use crate::transport::{Stream, reason_of};

/// Largest answer before the peer has shown that it is a Kafka broker.
const CAP_UNKNOWN_PEER: usize = 1 << 20;
/// Largest answer about a whole cluster: a million partitions fit.
const CAP_METADATA: usize = 64 << 20;
/// Largest answer of every API that does not carry records.
const CAP_SMALL: usize = 16 << 20;

/// The broker at the other end, as errors name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its id, unknown while it is only a bootstrap address.
    pub id: Option<i32>,
    pub address: Address,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "broker {id} ({})", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

/// A connected broker whose API versions are known.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    peer: Peer,
    client_id: String,
    max_frame: usize,
    versions: Versions,
    correlation: i32,
    buffer: ReceiveBuffer,
    /// Until when the broker wants to be left alone.
    quiet_until: Option<Instant>,
    last_used: Instant,
    /// The shortest time in which it has answered a small request.
    round_trip: Option<Duration>,
}

/// A request on its way: what its answer must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flight {
    pub version: i16,
    correlation: i32,
}

impl Connection {
    /// Takes a fresh stream and asks the broker which API versions it speaks.
    pub async fn greet(
        stream: Box<dyn Stream>,
        peer: Peer,
        client_id: &str,
        max_frame: usize,
        deadline: Instant,
    ) -> Result<Self> {
        let mut connection = Self {
            stream,
            peer,
            client_id: client_id.to_owned(),
            max_frame,
            versions: Versions::default(),
            correlation: 0,
            buffer: ReceiveBuffer::default(),
            quiet_until: None,
            last_used: Instant::now(),
            round_trip: None,
        };
        connection.versions = versions::negotiate(&mut connection, deadline).await?;
        Ok(connection)
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Names the broker behind an address that was only a bootstrap address before.
    pub fn identify(&mut self, id: i32) {
        self.peer.id = Some(id);
    }

    pub fn last_used(&self) -> Instant {
        self.last_used
    }

    /// The shortest time in which it has answered a small request: how far away it is, as far as that can be told from here.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Whether the peer has closed it, or said something unasked, while it lay idle.
    pub async fn is_stale(&mut self) -> bool {
        self.buffer.has_news(&mut self.stream).await
    }

    /// The version to use for an API: the newest that both sides speak.
    pub fn version<R: Request>(&self) -> Result<i16> {
        self.versions.pick::<R>(&self.peer)
    }

    /// The newest version that both sides speak, at most `most`.
    pub fn version_up_to<R: Request>(&self, most: i16) -> Result<i16> {
        Ok(self.version::<R>()?.min(most))
    }

    /// Notes that the broker asked to be left alone for a while.
    pub fn throttle(&mut self, quiet: Duration) {
        if !quiet.is_zero() {
            tracing::info!(broker = %self.peer, ?quiet, "the broker asks to be left alone");
            self.quiet_until = Some(Instant::now() + quiet);
        }
    }

    /// How long the broker still wants to be left alone.
    pub fn quiet_for(&self) -> Duration {
        self.quiet_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// Sends a request and waits for its answer.
    pub async fn call<R: Request>(&mut self, version: i16, body: &R, deadline: Instant) -> Result<R::Response> {
        let asked = Instant::now();
        let flight = self.send(version, body, deadline).await?;
        let response = self.receive::<R>(flight, 0, deadline).await?;
        self.answered(asked);
        Ok(response)
    }

    /// Takes note of how long a small request took.
    fn answered(&mut self, asked: Instant) {
        let took = asked.elapsed();
        self.round_trip = Some(self.round_trip.map_or(took, |known| known.min(took)));
    }

    /// Sends a request.
    pub async fn send<R: Request>(&mut self, version: i16, body: &R, deadline: Instant) -> Result<Flight> {
        self.correlation = self.correlation.checked_add(1).unwrap_or(0);
        let flight = Flight {
            version,
            correlation: self.correlation,
        };
        let doing = api_name(R::KEY, version);
        let bytes = frame::encode_request(version, flight.correlation, &self.client_id, body)
            .map_err(|error| ClientError::from_wire(error, &self.peer.to_string(), &doing))?;
        match timeout_at(deadline, self.stream.write_all(&bytes)).await {
            Ok(Ok(())) => {
                self.last_used = Instant::now();
                Ok(flight)
            }
            Ok(Err(error)) => Err(self.lost(format!("{} while sending {doing}", reason_of(&error)))),
            Err(_) => Err(self.silent(format!("{doing} could not be sent in time: the peer does not read"))),
        }
    }

    /// Waits for the answer to `flight`; `expected` is how many bytes it will probably have.
    pub async fn receive<R: Request>(
        &mut self,
        flight: Flight,
        expected: usize,
        deadline: Instant,
    ) -> Result<R::Response> {
        let frame = self.receive_frame(R::KEY, flight.version, expected, deadline).await?;
        frame::decode_response::<R>(flight.version, flight.correlation, frame)
            .map_err(|error| ClientError::from_wire(error, &self.peer.to_string(), &api_name(R::KEY, flight.version)))
    }

    /// Waits for the answer to the oldest of several requests on their way. May be given up and called again.
    pub async fn receive_next<R: Request>(&mut self, flight: Flight, deadline: Instant) -> Result<R::Response> {
        let cap = CAP_SMALL.min(self.max_frame);
        let doing = api_name(R::KEY, flight.version);
        let frame = timeout_at(deadline, self.buffer.next_frame(&mut self.stream, cap)).await;
        let frame = self.frame_or_error(frame, &doing)?;
        frame::decode_response::<R>(flight.version, flight.correlation, frame)
            .map_err(|error| ClientError::from_wire(error, &self.peer.to_string(), &doing))
    }

    /// Bytes of the present answer that have arrived so far, complete or not.
    pub fn received(&self) -> usize {
        self.buffer.received()
    }

    async fn receive_frame(
        &mut self,
        api: i16,
        version: i16,
        expected: usize,
        deadline: Instant,
    ) -> Result<bytes::Bytes> {
        let cap = match ApiKey::try_from(api) {
            Ok(ApiKey::Fetch) => self.max_frame,
            Ok(ApiKey::Metadata) => CAP_METADATA,
            Ok(ApiKey::ApiVersions) => CAP_UNKNOWN_PEER,
            _ => CAP_SMALL,
        };
        let cap = cap.min(self.max_frame);
        let frame = timeout_at(deadline, self.buffer.frame(&mut self.stream, cap, expected)).await;
        self.frame_or_error(frame, &api_name(api, version))
    }

    fn frame_or_error(
        &mut self,
        frame: Result<Result<bytes::Bytes, ReceiveError>, Elapsed>,
        doing: &str,
    ) -> Result<bytes::Bytes> {
        match frame {
            Ok(Ok(frame)) => {
                self.last_used = Instant::now();
                Ok(frame)
            }
            Ok(Err(ReceiveError::Wire(error))) => Err(ClientError::from_wire(error, &self.peer.to_string(), doing)),
            Ok(Err(ReceiveError::Closed { received: 0 })) => {
                Err(self.lost(format!("the peer closed the connection instead of answering {doing}")))
            }
            Ok(Err(ReceiveError::Closed { received })) => Err(self.lost(format!(
                "the peer closed the connection {received} bytes into its answer to {doing}"
            ))),
            Ok(Err(ReceiveError::Io(error))) => {
                Err(self.lost(format!("{} while waiting for the answer to {doing}", reason_of(&error))))
            }
            Err(_) => {
                let so_far = match self.buffer.received() {
                    0 => String::new(),
                    received => format!(" ({received} bytes of it came)"),
                };
                Err(self.silent(format!("no answer to {doing} in time{so_far}")))
            }
        }
    }

    fn lost(&self, reason: String) -> ClientError {
        self.failed(ConnectCause::Lost, reason)
    }

    fn silent(&self, reason: String) -> ClientError {
        self.failed(ConnectCause::Silent, reason)
    }

    fn failed(&self, cause: ConnectCause, reason: String) -> ClientError {
        ClientError::Connect {
            what: self.peer.to_string(),
            attempts: vec![(self.peer.address.to_string(), reason)],
            cause,
            hint: None,
        }
    }
}
