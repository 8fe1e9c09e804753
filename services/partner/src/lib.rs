//! The partner edge (机构接入): the only face that institutions see. Credentials, assignments, their events and replies.

pub mod domain;
pub mod messaging;
pub mod reasons;
pub mod rpc;
pub mod settings;
pub mod store;
mod upkeep;
mod wire;

static OWN: sqlx::migrate::Migrator = sqlx::migrate!();

/// The role `partner`.
pub static ROLE: host::Role = host::Role {
    name: "partner",
    migrator: || host::migrations(&OWN),
    has_store: true,
    queues: &messaging::QUEUES,
    publishes: messaging::PUBLISHES,
    unhurried: &[],
    peers: &["intake", "insurance", "whitelist", "catalog"],
    keys: settings::ALL,
    reasons: reasons::ALL,
    serve: |host| Box::pin(rpc::serve(host)),
};
