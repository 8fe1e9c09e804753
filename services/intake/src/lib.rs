//! The single window (一窗通办): applications, cases, their legs to banks and evaluators, offers, the
//! enterprise's choice, deadlines.

mod config;
pub mod domain;
mod journal;
mod messaging;
mod numbers;
mod reasons;
mod rpc;
mod serve;
pub mod store;
mod wire;
mod work;

pub use crate::rpc::POLICY;
pub use reasons::ALL as REASONS;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The role, as the binary and the tests start it.
pub static ROLE: host::Role = host::Role {
    name: "intake",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::REPLIES, messaging::CONSENTS, messaging::COVERS],
    publishes: messaging::publish::TYPES,
    unhurried: messaging::publish::UNHURRIED,
    peers: &["whitelist", "catalog"],
    keys: config::KEYS,
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve::serve(host)),
};
