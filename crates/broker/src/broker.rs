//! The handle of a running broker: starts it on a thread of its own, stops it when dropped.

use crate::control::Control;
use crate::error::BrokerError;
use crate::options::BrokerOptions;

/// A running embedded cluster. It listens on 127.0.0.1 only and stops when dropped.
pub struct Broker {}

#[allow(unused_variables)]
impl Broker {
    /// Starts the brokers and returns once all of them accept connections.
    ///
    /// # Errors
    /// [`BrokerError`] when a port is taken, a topic is not valid or the runtime cannot start.
    pub fn start(options: BrokerOptions) -> Result<Broker, BrokerError> {
        todo!()
    }
    /// Addresses of all brokers, as `127.0.0.1:PORT`, separated by commas.
    pub fn bootstrap_servers(&self) -> String {
        todo!()
    }
    /// The hook for tests.
    pub fn control(&self) -> Control {
        todo!()
    }
    /// Stops the broker and waits until its sockets are closed.
    pub fn stop(self) {}
}
