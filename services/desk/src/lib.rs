//! The front desk: pages for clerks, supervisors, the regulator and operations, over HTTP. It keeps accounts and sessions;
//! everything else it asks the other roles for, in the name of the person at the screen.

mod access;
pub mod accounts;
mod app;
mod assets;
pub mod domain;
mod live;
mod pages;
mod peers;
mod serve;
mod settings;
pub mod store;
mod text;

use host::Role;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The role as the binary starts it.
pub static ROLE: Role = Role {
    name: "desk",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &["intake", "whitelist", "catalog", "insurance", "statistics", "partner"],
    keys: settings::ALL,
    reasons: &[],
    serve: |host| Box::pin(serve::serve(host)),
};
