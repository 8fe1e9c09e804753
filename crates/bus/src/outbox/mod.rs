//! Sending: rows written with the state change, and the one relay per role that brings them to the broker.

mod bags;
mod company;
mod leader;
mod outgoing;
mod publisher;
mod relay;
mod store;

use std::sync::Arc;

use tokio::sync::Notify;

pub use outgoing::Outgoing;
pub(crate) use relay::Relay;
pub(crate) use store::backlog;
pub use store::{enqueue, enqueue_together, enqueue_together_with, enqueue_with};

/// Wakes the relay of this process.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    wake: Arc<Notify>,
}

impl Outbox {
    /// Call after the commit of a transaction that enqueued. Without it the relay finds the rows within its poll time.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
