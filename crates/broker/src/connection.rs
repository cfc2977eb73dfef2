//! One connection: frames in, frames out, one request at a time and in order, as Kafka does it.
//!
//! What a peer may make this use is bounded before anything is decoded: a request other than Produce has at most 1 MiB, a Produce at
//! most what `socket.request.max.bytes` allows in Kafka, and memory is taken as bytes arrive, not as they are announced. Whatever
//! makes no sense closes the connection.

use std::io::IoSlice;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use kaframe_wire::frame::{self, RequestFrame};
use kaframe_wire::message::ApiKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::control::Action;
use crate::handler::{self, Reply};
use crate::shared::Shared;

/// Largest request other than Produce.
const MAX_REQUEST: usize = 1 << 20;
/// Largest Produce request (`socket.request.max.bytes`).
const MAX_PRODUCE: usize = 100 << 20;
/// Length prefix, API key, version, correlation id.
const HEAD: usize = 12;
/// Room made for each read.
const READ_STEP: usize = 64 << 10;
/// Pieces handed to one system call.
const MAX_PIECES: usize = 256;

/// Serves a connection until either side has enough.
pub(crate) async fn serve(mut stream: TcpStream, shared: Arc<Shared>, node: i32, number: u64) {
    let mut buffer = BytesMut::new();
    while let Some(bytes) = read_frame(&mut stream, &mut buffer).await {
        if answer(&mut stream, &shared, node, number, bytes).await.is_none() {
            break;
        }
    }
}

/// Reads one frame without its length prefix. `None`: the peer went away, or what it sends is no request.
async fn read_frame(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<Bytes> {
    fill(stream, buffer, HEAD).await?;
    let prefix = buffer.first_chunk::<4>().copied()?;
    let api_key = i16::from_be_bytes([buffer[4], buffer[5]]);
    let cap = if api_key == ApiKey::Produce as i16 {
        MAX_PRODUCE
    } else {
        MAX_REQUEST
    };
    let length = match frame::body_length(prefix, cap) {
        Ok(length) if length >= HEAD - 4 => length,
        Ok(_) => return None,
        Err(error) => {
            tracing::debug!(%error, "closing a connection");
            return None;
        }
    };
    buffer.advance(4);
    fill(stream, buffer, length).await?;
    Some(buffer.split_to(length).freeze())
}

/// Reads until the buffer holds `wanted` bytes.
async fn fill(stream: &mut TcpStream, buffer: &mut BytesMut, wanted: usize) -> Option<()> {
    while buffer.len() < wanted {
        let missing = wanted - buffer.len();
        // Doubling keeps the copies of a large frame few while never running far ahead of what has arrived.
        buffer.reserve(missing.min(buffer.len().max(READ_STEP)));
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(())
}

/// Handles one request. `None`: the connection has to be closed.
async fn answer(stream: &mut TcpStream, shared: &Shared, node: i32, number: u64, bytes: Bytes) -> Option<()> {
    let api_key = i16::from_be_bytes([bytes[0], bytes[1]]);
    let api_version = i16::from_be_bytes([bytes[2], bytes[3]]);
    let correlation_id = i32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);

    let range = shared.cluster().version.range(api_key);
    let served = range.is_some_and(|(min, max)| (min..=max).contains(&api_version));
    if !served && api_key != ApiKey::ApiVersions as i16 {
        tracing::debug!(api_key, api_version, "closing a connection: not served");
        return None;
    }
    let request = if served {
        frame::decode_request_frame(bytes)
            .inspect_err(|error| tracing::debug!(%error, "bad request header"))
            .ok()?
    } else {
        RequestFrame {
            api_key,
            api_version,
            correlation_id,
            client_id: None,
            body: bytes.slice(HEAD - 4..),
        }
    };
    let mut delay = Duration::ZERO;
    let mut drip = None;
    match shared.interceptor.ask(&request, node, number) {
        Action::Pass => {}
        Action::Delay(time) => delay = time,
        Action::Drip { bytes, every } => drip = Some((bytes, every)),
        Action::Drop => return None,
        Action::Silence => return Some(()),
        Action::ReplaceBody(body) => {
            let reply = handler::frame_around(api_key, api_version, correlation_id, &body);
            return write(stream, reply).await;
        }
        Action::ReplaceFrame(raw) => return write(stream, vec![raw]).await,
    }
    let reply = if served {
        let handled = handler::handle(shared, node, &request).await;
        handled
            .inspect_err(|error| tracing::warn!(%error, api_key, api_version, "closing a connection"))
            .ok()?
    } else {
        handler::unsupported_api_versions(shared, correlation_id)
    };
    let Some(reply) = reply else { return Some(()) };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match drip {
        None => write(stream, reply).await,
        Some((bytes, every)) => write_slowly(stream, reply, bytes.max(1), every).await,
    }
}

/// Writes the pieces of a frame with as few system calls as possible.
async fn write(stream: &mut TcpStream, mut reply: Reply) -> Option<()> {
    let mut first = 0;
    while first < reply.len() {
        if reply[first].is_empty() {
            first += 1;
            continue;
        }
        let slices: Vec<IoSlice<'_>> = reply[first..]
            .iter()
            .take(MAX_PIECES)
            .map(|piece| IoSlice::new(piece))
            .collect();
        let mut written = stream.write_vectored(&slices).await.ok()?;
        if written == 0 {
            return None;
        }
        while written > 0 {
            let step = written.min(reply[first].len());
            reply[first].advance(step);
            written -= step;
            if reply[first].is_empty() {
                first += 1;
            }
        }
    }
    Some(())
}

async fn write_slowly(stream: &mut TcpStream, reply: Reply, bytes: usize, every: Duration) -> Option<()> {
    for piece in reply {
        for drop in piece.chunks(bytes) {
            tokio::time::sleep(every).await;
            stream.write_all(drop).await.ok()?;
        }
    }
    Some(())
}
