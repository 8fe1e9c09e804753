//! Private PostgreSQL and RabbitMQ for demos and tests: found on the machine, started as children, gone with their parent.
//! Knows nothing of schemas, queues or roles; whoever needs those asks the addresses given here.

mod both;
mod error;
mod guard;
pub mod ports;
mod postgres;
mod process;
mod programs;
mod rabbitmq;
mod run;
mod secret;
mod sweep;

pub use both::Engines;
pub use error::EngineError;
pub use postgres::Postgres;
pub use rabbitmq::RabbitMq;

/// Administrator's `postgres://` address of a PostgreSQL that is to be used instead of a private one.
pub const GIVEN_POSTGRES: &str = "ZHIRONG_ENGINES_POSTGRES";
/// `amqp://user:password@host:port` of a RabbitMQ that is to be used instead of a private one.
pub const GIVEN_AMQP: &str = "ZHIRONG_ENGINES_AMQP";
/// `http://user:password@host:port` of the same RabbitMQ's management interface.
pub const GIVEN_MANAGEMENT: &str = "ZHIRONG_ENGINES_MANAGEMENT";
/// Lines for the configuration of a private PostgreSQL, behind our own: for measurements.
pub const POSTGRES_SETTINGS: &str = "ZHIRONG_ENGINES_POSTGRES_SETTINGS";
/// Directory under which private engines keep their data; its engine users must be able to reach it.
pub const DIRECTORY: &str = "ZHIRONG_ENGINES_DIR";

/// Whether engines that the environment names may be used, or a private one is wanted whatever is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// What `ZHIRONG_ENGINES_*` names, else a private one.
    #[default]
    GivenOrPrivate,
    /// Always a private one: for tests that stop, kill and restart it.
    Private,
}
