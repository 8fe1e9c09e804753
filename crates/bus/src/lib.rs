//! Messages between roles: outbox and relay, envelope, consumers with inbox, held messages, topology of the broker.
//! PostgreSQL is the truth, RabbitMQ the courier (architecture §4). What a message means is its service's business.

mod backoff;
mod bus;
mod clockwork;
mod config;
mod consumer;
mod envelope;
mod health;
mod hearing;
mod link;
mod measure;
mod outbox;
mod pace;
mod parcel;
pub mod parked;
pub mod topology;
mod waiting;

pub use bus::Bus;
pub use config::BusConfig;
pub use consumer::{Handler, HandlerError, Outcome, Way};
pub use envelope::Message;
pub use health::{BusHealth, ConsumerHealth, RelayHealth};
pub use hearing::Hearing;
pub use outbox::{Outbox, Outgoing, enqueue, enqueue_together, enqueue_together_with, enqueue_with};
pub use pace::Pace;
pub use topology::{EXCHANGE, Queue};
pub use waiting::{Waiting, waiting};

/// The tables of every role that sends or takes messages: versions 1 to 99. A role's own begin at 200.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
