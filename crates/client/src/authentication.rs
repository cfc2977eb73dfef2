//! Who we say we are, once per connection, right after ApiVersions: behind a trait so that SASL mechanisms can stand beside "nobody in particular".

use std::fmt::Debug;

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::Result;
use crate::connection::Connection;

/// A way to authenticate a connection.
pub(crate) trait Authentication: Send + Sync + Debug {
    /// Does whatever the broker must see before any other request. Fails with [`crate::ClientError::Authentication`], which is never tried again.
    fn authenticate<'a>(&'a self, connection: &'a mut Connection, deadline: Instant) -> BoxFuture<'a, Result<()>>;
}

/// No authentication: what PLAINTEXT listeners expect.
#[derive(Debug)]
pub(crate) struct Anonymous;

impl Authentication for Anonymous {
    fn authenticate<'a>(&'a self, _connection: &'a mut Connection, _deadline: Instant) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
