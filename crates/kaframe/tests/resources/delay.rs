//! A broker that is further away than loopback: a TCP proxy that gives every byte on only after a while, both ways, in order, and takes
//! in what comes meanwhile.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes taken off a socket at once.
const PIECE: usize = 256 << 10;

/// Its threads end with the connections; the listener lives as long as the process.
pub struct Delay {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Delay {
    /// In front of `broker`, half of `round_trip` each way. Port 0 is any.
    pub fn start(port: u16, broker: SocketAddr, round_trip: Duration) -> Delay {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let Ok(far) = TcpStream::connect(broker) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let _ = to.set_nodelay(true);
                    let (send, receive) = channel();
                    thread::spawn(move || take_in(from, &send));
                    thread::spawn(move || give_on(to, &receive, round_trip / 2));
                }
            }
        });
        Delay { address, connections }
    }

    /// How many were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn take_in(mut from: TcpStream, send: &Sender<(Instant, Vec<u8>)>) {
    loop {
        let mut piece = vec![0; PIECE];
        match from.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(length) => piece.truncate(length),
        }
        if send.send((Instant::now(), piece)).is_err() {
            return;
        }
    }
}

fn give_on(mut to: TcpStream, receive: &Receiver<(Instant, Vec<u8>)>, delay: Duration) {
    for (came, piece) in receive {
        thread::sleep((came + delay).saturating_duration_since(Instant::now()));
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
