//! Taking messages: a queue's reader, what it does with a batch, and what happens to messages that it cannot finish.

mod aside;
mod dead;
mod fault;
mod handler;
mod intake;
mod reader;
mod retry;
mod spans;
mod store;
mod worker;

use std::sync::Arc;

use kernel::Clock;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use handler::{Handler, HandlerError, Outcome, Way};

use crate::BusConfig;
use crate::health::Pulse;
use crate::link::Link;
use crate::outbox::Outbox;
use crate::topology::Queue;
use worker::Worker;

/// What a consumer is given by its bus.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) queue: &'static Queue,
    pub(crate) config: Arc<BusConfig>,
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: Outbox,
    pub(crate) link: Arc<Link>,
    pub(crate) shutdown: CancellationToken,
}

/// Starts the three tasks of one consumer: its queue, its retries, its queue's dead letters.
pub(crate) fn spawn<H: Handler>(tasks: &mut JoinSet<()>, parts: Parts, handler: H, pulses: [Arc<Pulse>; 3]) {
    let [reading, retrying, burying] = pulses;
    let due = Arc::new(Notify::new());
    let worker = |pulse: &Arc<Pulse>, handler: &Arc<H>| Worker {
        parts: parts.clone(),
        handler: Arc::clone(handler),
        due: Arc::clone(&due),
        pulse: Arc::clone(pulse),
    };
    let handler = Arc::new(handler);
    tasks.spawn(reader::run(worker(&reading, &handler)));
    tasks.spawn(retry::run(worker(&retrying, &handler)));
    tasks.spawn(dead::run(parts.clone(), burying));
}
