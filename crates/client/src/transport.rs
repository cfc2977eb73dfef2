//! How bytes get to a broker and back: TCP, behind a trait so that other ways (TLS) can stand beside it.
//!
//! A name may resolve to many addresses; each is tried (Kafka's `client.dns.lookup=use_all_dns_ips`), a little later than the one before, and it is resolved
//! afresh for every connection. Which broker to talk to, and whether to try again, is decided elsewhere.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::address::Address;
use crate::error::ConnectCause;
use crate::stagger::Stagger;

/// A connected byte stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug> Stream for T {}

/// A way to connect.
pub(crate) trait Transport: Send + Sync + Debug {
    /// Connects to the first address of that name that answers; `patience` is for the resolver and for each address by itself.
    fn connect<'a>(
        &'a self,
        address: &'a Address,
        patience: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, Unreachable>>;
}

/// Every address that was tried, and why it failed.
#[derive(Debug)]
pub(crate) struct Unreachable {
    pub attempts: Vec<(String, String)>,
    pub cause: ConnectCause,
}

/// Plain TCP.
#[derive(Debug)]
pub(crate) struct Tcp;

impl Transport for Tcp {
    fn connect<'a>(
        &'a self,
        address: &'a Address,
        patience: Duration,
    ) -> BoxFuture<'a, Result<Box<dyn Stream>, Unreachable>> {
        Box::pin(async move {
            let mut unreachable = Unreachable {
                attempts: Vec::new(),
                cause: ConnectCause::Unresolved,
            };
            let sockets = match resolve(address, patience).await {
                Ok(sockets) => sockets,
                Err(reason) => {
                    unreachable.attempts.push((address.to_string(), reason));
                    return Err(unreachable);
                }
            };
            let mut attempts = Stagger::new(sockets.into_iter().enumerate().map(|(index, socket)| async move {
                let connected = timeout(patience, TcpStream::connect(socket)).await;
                (index, socket, connected)
            }));
            let mut failures = Vec::new();
            while let Some((index, socket, connected)) = attempts.next().await {
                let (cause, reason) = match connected {
                    Ok(Ok(stream)) => match set_options(&stream) {
                        Ok(()) => return Ok(Box::new(stream) as Box<dyn Stream>),
                        Err(error) => (ConnectCause::Refused, error.to_string()),
                    },
                    Ok(Err(error)) => (cause_of(&error), reason_of(&error)),
                    Err(_) => (
                        ConnectCause::Silent,
                        format!("no answer within {:.1} s", patience.as_secs_f64()),
                    ),
                };
                failures.push((index, cause, (shown(address, socket), reason)));
            }
            failures.sort_by_key(|(index, ..)| *index);
            for (_, cause, attempt) in failures {
                // Silence may be a passing condition; it decides over a refusal from another address of the same name.
                if unreachable.cause != ConnectCause::Silent {
                    unreachable.cause = cause;
                }
                unreachable.attempts.push(attempt);
            }
            Err(unreachable)
        })
    }
}

/// Looks the name up. The system's resolver blocks and cannot be interrupted, so it runs on a thread of its own that nobody waits for: neither our deadline
/// nor the shutdown of the caller's runtime hangs on it.
async fn resolve(address: &Address, patience: Duration) -> Result<Vec<SocketAddr>, String> {
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, address.port)]);
    }
    let (send, receive) = oneshot::channel();
    let name = (address.host.clone(), address.port);
    std::thread::Builder::new()
        .name("kaframe-resolve".to_owned())
        .spawn(move || {
            let found = (name.0.as_str(), name.1)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            // The receiver is gone when the deadline has passed: the answer is of no use then.
            let _ = send.send(found);
        })
        .map_err(|error| format!("cannot start a thread to resolve the name: {error}"))?;
    match timeout(patience, receive).await {
        Err(_) => Err(format!(
            "the name did not resolve within {:.1} s",
            patience.as_secs_f64()
        )),
        Ok(Ok(Ok(sockets))) if !sockets.is_empty() => {
            let mut seen = Vec::with_capacity(sockets.len());
            for socket in sockets {
                if !seen.contains(&socket) {
                    seen.push(socket);
                }
            }
            Ok(seen)
        }
        Ok(Ok(Err(error))) => {
            let text = error.to_string();
            let why = text.rsplit(": ").next().unwrap_or(&text);
            Err(format!("the name does not resolve ({why})"))
        }
        Ok(_) => Err("the name does not resolve (no addresses)".to_owned()),
    }
}

/// Requests are small and wait for answers, so they must not be held back; and a peer that vanished must be noticed long before the kernel's two hours.
fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10));
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

fn cause_of(error: &io::Error) -> ConnectCause {
    match error.kind() {
        io::ErrorKind::TimedOut => ConnectCause::Silent,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ConnectCause::Lost,
        _ => ConnectCause::Refused,
    }
}

/// An input or output error in a few words.
pub(crate) fn reason_of(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset by the peer".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route to the host".to_owned(),
        io::ErrorKind::TimedOut => "no answer (timed out)".to_owned(),
        _ => error.to_string(),
    }
}

fn shown(address: &Address, socket: SocketAddr) -> String {
    if address.host.parse::<IpAddr>().is_ok() {
        address.to_string()
    } else {
        format!("{address} ({})", socket.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    async fn refused(setting: &str) -> Unreachable {
        Tcp.connect(&Address::from_setting(setting).unwrap(), PATIENCE)
            .await
            .unwrap_err()
    }

    #[tokio::test]
    async fn a_closed_port_is_refused() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let unreachable = refused(&closed.to_string()).await;
        assert_eq!(unreachable.cause, ConnectCause::Refused);
        assert_eq!(
            unreachable.attempts,
            [(closed.to_string(), "connection refused".to_owned())]
        );
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_said_to_be_one() {
        let unreachable = refused("no-such-host.invalid:9092").await;
        assert_eq!(unreachable.cause, ConnectCause::Unresolved);
        assert!(
            unreachable.attempts[0].1.contains("does not resolve"),
            "{:?}",
            unreachable.attempts
        );
    }

    #[tokio::test]
    async fn a_name_is_tried_at_each_of_its_addresses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address::from_setting(&format!("localhost:{port}")).unwrap();
        assert!(Tcp.connect(&address, PATIENCE).await.is_ok());
    }
}
