//! What exists on the broker: one topic exchange, a quorum queue per consumer and purpose, and its dead-letter queue.
//! Roles own nothing and configure nothing; `declare` runs with the administrator's rights, `check` with the role's.

mod admin;
mod check;
mod declare;

pub use admin::{AdminError, BrokerAdmin};
pub use check::{TopologyError, check};
pub use declare::{declare, user};

/// The exchange that every event goes to; its routing key is the message type.
pub const EXCHANGE: &str = "zhirong.events";

/// A consumer's queue. Arguments of a queue can never change, so the name carries a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Such as `intake.replies.v1`.
    pub name: &'static str,
    /// Topic patterns on [`EXCHANGE`]; a pattern's `*` stands for a whole dot-separated word.
    pub binds: &'static [&'static str],
}

impl Queue {
    /// Where the broker puts what it has redelivered too often.
    pub fn dead(&self) -> String {
        format!("{}.dead", self.name)
    }
}

/// What one role reads and writes.
#[derive(Debug, Clone, Copy)]
pub struct RoleTopology {
    pub role: &'static str,
    pub queues: &'static [Queue],
    /// Message types.
    pub publishes: &'static [&'static str],
}
