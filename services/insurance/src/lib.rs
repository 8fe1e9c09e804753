//! Cover for loans (增信): what insurers and guarantors are ready to cover, legs to them, their quotes and commitments,
//! what is held, bound and released. Policies in force, claims and the compensation pool come later.

mod config;
pub mod domain;
mod journal;
mod messaging;
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
    name: "insurance",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::CASES, messaging::REPLIES],
    publishes: messaging::publish::TYPES,
    unhurried: messaging::publish::UNHURRIED,
    peers: &["intake"],
    keys: config::KEYS,
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve::serve(host)),
};
