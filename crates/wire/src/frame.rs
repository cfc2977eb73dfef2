//! Frames: a length of four bytes, a header, a message body. Written for either side of a connection; where the bytes come
//! from and go to is the caller's.
//!
//! Nothing of a foreign body is decoded before it was walked ([`guard_body`]). Bytes behind a body are tolerated: newer peers may append.
//!
//! <https://kafka.apache.org/protocol.html>; headers: KIP-482; ApiVersions: KIP-511.

use bytes::{Buf, BufMut, Bytes, BytesMut};

pub use crate::guard::BodyKind;

use crate::error::{ForeignPeer, WireError};
use crate::guard;
use crate::message::{ApiKey, Decodable, Encodable, HeaderVersion, Request, RequestHeader, ResponseHeader, StrBytes};

/// The largest frame that is read, in bytes, unless the caller says otherwise: that of librdkafka's
/// `receive.message.max.bytes`.
pub const DEFAULT_MAX_FRAME: usize = 100_000_000;

/// The smallest frame: a correlation id.
const SMALLEST: i32 = 4;

/// Reads the length prefix of a frame that may take up to `cap` bytes. Reserves nothing.
///
/// # Errors
/// [`WireError::NotKafka`] if the four bytes are the first of a TLS, HTTP, SSH or mail server's answer, which as a length
/// would be 350 MB and more; [`WireError::Limit`] for other lengths above `cap`; [`WireError::Protocol`] for a length that
/// is negative or too short for a header.
pub fn body_length(prefix: [u8; 4], cap: usize) -> Result<usize, WireError> {
    let length = i32::from_be_bytes(prefix);
    if length < SMALLEST {
        return Err(WireError::protocol(format!("a frame length of {length}")));
    }
    let length = length as usize;
    if length <= cap {
        return Ok(length);
    }
    Err(match foreign_peer(prefix) {
        Some(peer) => WireError::NotKafka { peer },
        None => WireError::Limit {
            what: "frame",
            size: length as u64,
            limit: cap as u64,
        },
    })
}

fn foreign_peer(prefix: [u8; 4]) -> Option<ForeignPeer> {
    match &prefix {
        // Record type alert or handshake, major version 3.
        [0x15 | 0x16, 0x03, ..] => Some(ForeignPeer::Tls),
        b"HTTP" => Some(ForeignPeer::Http),
        b"SSH-" => Some(ForeignPeer::Ssh),
        b"220 " | b"220-" => Some(ForeignPeer::Smtp),
        _ => None,
    }
}

/// Encodes a request: length, header, body, ready to be written.
///
/// # Errors
/// [`WireError::Protocol`] if this version of the API cannot carry what `body` holds, or does not exist.
pub fn encode_request<R: Request>(
    api_version: i16,
    correlation_id: i32,
    client_id: &str,
    body: &R,
) -> Result<BytesMut, WireError> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(api_version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_string(client_id.to_owned())));
    let wrong = |e| unencodable("request", R::KEY, api_version, e);
    let mut frame = start();
    header
        .encode(&mut frame, R::header_version(api_version))
        .map_err(wrong)?;
    body.encode(&mut frame, api_version).map_err(wrong)?;
    seal(frame)
}

/// Encodes a response: length, header, body, ready to be written.
///
/// # Errors
/// As [`encode_request`].
pub fn encode_response<R: Request>(
    api_version: i16,
    correlation_id: i32,
    body: &R::Response,
) -> Result<BytesMut, WireError> {
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    let wrong = |e| unencodable("response", R::KEY, api_version, e);
    let mut frame = start();
    header
        .encode(&mut frame, R::Response::header_version(api_version))
        .map_err(wrong)?;
    body.encode(&mut frame, api_version).map_err(wrong)?;
    seal(frame)
}

/// Room for the length.
fn start() -> BytesMut {
    let mut frame = BytesMut::with_capacity(256);
    frame.put_i32(0);
    frame
}

fn seal(mut frame: BytesMut) -> Result<BytesMut, WireError> {
    let size = frame.len() - 4;
    let length = i32::try_from(size).map_err(|_| WireError::Limit {
        what: "frame",
        size: size as u64,
        limit: i32::MAX as u64,
    })?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

#[cold]
fn unencodable(what: &str, key: i16, version: i16, error: impl std::fmt::Display) -> WireError {
    WireError::protocol(format!(
        "a {what} of API {key} cannot be written in version {version}: {error}"
    ))
}

/// The correlation id of a response frame (without its length): the first four bytes in every version.
///
/// # Errors
/// [`WireError::Protocol`] if the frame is shorter.
pub fn response_correlation_id(frame: &[u8]) -> Result<i32, WireError> {
    match frame.first_chunk() {
        Some(bytes) => Ok(i32::from_be_bytes(*bytes)),
        None => Err(WireError::protocol(format!(
            "a response of {} bytes has no correlation id",
            frame.len()
        ))),
    }
}

/// Decodes a response frame (without its length) to the request of `R` that was sent with this version and correlation id.
/// Byte fields of the result share the frame's memory.
///
/// # Errors
/// [`WireError::Protocol`] if the correlation id is another one or the body breaks the protocol, [`WireError::Limit`] if
/// decoding it would take unreasonable memory.
pub fn decode_response<R: Request>(
    api_version: i16,
    correlation_id: i32,
    mut frame: Bytes,
) -> Result<R::Response, WireError> {
    let came = response_correlation_id(&frame)?;
    if came != correlation_id {
        let key = R::KEY;
        return Err(WireError::protocol(format!(
            "a response with correlation id {came} to request {correlation_id} of API {key}"
        )));
    }
    frame.advance(4);
    // That of ApiVersions is always 0, so that it can be read before versions are agreed on.
    if R::Response::header_version(api_version) >= 1 {
        let tags = guard::header_tags(&frame)?;
        frame.advance(tags);
    }
    decode_body(R::KEY, api_version, BodyKind::Response, frame)
}

/// A request as a broker takes it off a connection: the header decoded, the body not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame {
    /// Which API; may be one that nobody knows.
    pub api_key: i16,
    /// In which version; may be one that nobody knows.
    pub api_version: i16,
    /// To be repeated in the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<String>,
    /// What follows the header. For an API that is not known that may begin with the header's tagged fields.
    pub body: Bytes,
}

/// Decodes the header of a request frame (without its length), also for APIs and versions that are not known: the broker
/// answers those with UNSUPPORTED_VERSION, and an ApiVersions request of any version with its own.
///
/// # Errors
/// [`WireError::Protocol`] if the header is cut or its client id is not UTF-8.
pub fn decode_request_frame(mut frame: Bytes) -> Result<RequestFrame, WireError> {
    let cut = |_| WireError::protocol("a request is shorter than its header");
    let api_key = frame.try_get_i16().map_err(cut)?;
    let api_version = frame.try_get_i16().map_err(cut)?;
    let correlation_id = frame.try_get_i32().map_err(cut)?;
    // Not compact in any version: a broker must be able to read it before it knows the version.
    let client_id = match frame.try_get_i16().map_err(cut)? {
        -1 => None,
        length => {
            let size = usize::try_from(length).ok().filter(|&size| size <= frame.len());
            let size = size.ok_or_else(|| {
                WireError::protocol(format!("a client id of {length} bytes where {} are left", frame.len()))
            })?;
            let text = std::str::from_utf8(&frame[..size]);
            let text = text.map_err(|e| WireError::protocol(format!("a client id that is not UTF-8: {e}")))?;
            let text = text.to_owned();
            frame.advance(size);
            Some(text)
        }
    };
    if ApiKey::try_from(api_key).is_ok_and(|key| key.request_header_version(api_version) >= 2) {
        let tags = guard::header_tags(&frame)?;
        frame.advance(tags);
    }
    Ok(RequestFrame {
        api_key,
        api_version,
        correlation_id,
        client_id,
        body: frame,
    })
}

/// Decodes the body of a request of `R`.
///
/// # Errors
/// [`WireError::Protocol`] if it is a request of another API or breaks the protocol, [`WireError::Limit`] if decoding it
/// would take unreasonable memory.
pub fn decode_request_body<R: Request>(frame: &RequestFrame) -> Result<R, WireError> {
    if frame.api_key != R::KEY {
        return Err(WireError::protocol(format!(
            "a request of API {} read as one of {}",
            frame.api_key,
            R::KEY
        )));
    }
    decode_body(R::KEY, frame.api_version, BodyKind::Request, frame.body.clone())
}

fn decode_body<M: Decodable>(key: i16, version: i16, kind: BodyKind, mut body: Bytes) -> Result<M, WireError> {
    guard_body(key, version, kind, &body)?;
    M::decode(&mut body, version)
        .map_err(|e| WireError::protocol(format!("{kind:?} of API {key} version {version}: {e}")))
}

/// Walks a body (what follows the header) without decoding it: every count, length, varint and tagged field against the
/// bytes left, and the memory that decoding would take against a limit. Bytes behind the body are tolerated.
///
/// # Errors
/// [`WireError::Protocol`] naming API, version and byte; [`WireError::Limit`].
pub fn guard_body(api_key: i16, version: i16, kind: BodyKind, body: &[u8]) -> Result<(), WireError> {
    guard::check(api_key, version, kind, body).map(drop)
}
