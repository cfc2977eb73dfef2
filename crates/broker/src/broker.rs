//! The handle of a running broker: starts it on a thread of its own, stops it when dropped.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::cluster::{Cluster, NewTopic, Node};
use crate::control::Control;
use crate::error::BrokerError;
use crate::options::BrokerOptions;
use crate::server;
use crate::shared::Shared;

/// Most brokers of one cluster: each takes a listener.
const MAX_BROKERS: usize = 100;
const WORKERS: usize = 2;

/// A running embedded cluster. It listens on 127.0.0.1 only and stops when dropped.
#[derive(Debug)]
pub struct Broker {
    shared: Arc<Shared>,
    ports: Vec<u16>,
    /// Dropped to stop the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts the brokers and returns once all of them accept connections.
    ///
    /// # Errors
    /// [`BrokerError`] when a port is taken, a topic is not valid or the runtime cannot start.
    pub fn start(options: BrokerOptions) -> Result<Broker, BrokerError> {
        if !(1..=MAX_BROKERS).contains(&options.brokers) {
            let message = format!("a cluster has 1 to {MAX_BROKERS} brokers, not {}", options.brokers);
            return Err(BrokerError::Config(message));
        }
        let mut listeners = Vec::with_capacity(options.brokers);
        let mut nodes = Vec::with_capacity(options.brokers);
        for id in 1..=options.brokers as i32 {
            let port = if id == 1 { options.port.unwrap_or(0) } else { 0 };
            let listener = listen(port).map_err(|source| BrokerError::Listen { port, source })?;
            let port = listener
                .local_addr()
                .map_err(|source| BrokerError::Listen { port, source })?
                .port();
            nodes.push(Node {
                id,
                host: Ipv4Addr::LOCALHOST.to_string(),
                port,
            });
            listeners.push((id, listener));
        }
        let ports = nodes.iter().map(|node| node.port).collect();

        let mut cluster = Cluster::new(options.version, options.auto_create_topics, nodes);
        for topic in options.topics {
            let new = NewTopic {
                name: topic.name.clone(),
                partitions: topic.partitions,
                replication_factor: -1,
                assignments: Vec::new(),
                configs: topic.configs,
            };
            cluster
                .create_topic(new, false)
                .map_err(|(code, reason)| BrokerError::Config(format!("topic {:?}: {reason} ({code})", topic.name)))?;
        }
        let shared = Arc::new(Shared::new(cluster));
        let (stop, stopped) = oneshot::channel();
        let thread = run(Arc::clone(&shared), listeners, stopped)?;
        Ok(Broker {
            shared,
            ports,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Addresses of all brokers, as `127.0.0.1:PORT`, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        let addresses: Vec<String> = self
            .ports
            .iter()
            .map(|port| format!("{}:{port}", Ipv4Addr::LOCALHOST))
            .collect();
        addresses.join(",")
    }

    /// The hook for tests.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Stops the broker and waits until its sockets are closed.
    pub fn stop(self) {}
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in a task was caught by the runtime; there is nothing to report from here.
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A thread that owns the runtime: it may be dropped there, whatever thread the handle is dropped on.
fn run(
    shared: Arc<Shared>,
    listeners: Vec<(i32, TcpListener)>,
    stopped: oneshot::Receiver<()>,
) -> Result<JoinHandle<()>, BrokerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("kaframe-broker")
        .enable_all()
        .build()
        .map_err(BrokerError::Runtime)?;
    for (node, listener) in listeners {
        let _guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(BrokerError::Runtime)?;
        runtime.spawn(server::accept(listener, Arc::clone(&shared), node));
    }
    runtime.spawn(server::watch_transactions(shared));
    std::thread::Builder::new()
        .name("kaframe-broker".to_owned())
        .spawn(move || {
            // Ends with an error when the handle drops its side, which is the signal.
            let _ = runtime.block_on(stopped);
        })
        .map_err(BrokerError::Runtime)
}
