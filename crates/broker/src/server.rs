//! Accepts connections of one broker and gives each a task of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::connection;
use crate::shared::{Shared, now_ms};

/// How often transactions are looked at for their timeout.
const TRANSACTION_TICK: Duration = Duration::from_millis(100);
/// After an accept that failed (usually: no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves one listener until the runtime stops.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>, node: i32) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let number = shared.interceptor.connection();
                // Answers are small and waited for; a socket that cannot do this still works.
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection::serve(stream, Arc::clone(&shared), node, number));
            }
            Err(error) => {
                tracing::debug!(%error, node, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Aborts transactions that run into their timeout.
pub(crate) async fn watch_transactions(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(TRANSACTION_TICK).await;
        if shared.cluster().abort_expired(now_ms()) {
            shared.changed();
        }
    }
}
