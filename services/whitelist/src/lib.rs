//! Enterprises, their IP assets and consents, what platforms outside tell of them, and their standing: the `whitelist`
//! role (授信白名单).

pub mod domain;
pub mod files;
pub mod messaging;
pub mod reasons;
pub mod rpc;
mod serve;
pub mod settings;
pub mod sources;
pub mod store;
pub mod upkeep;
pub mod work;

use host::Role;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How the binary and the tests start this service.
pub static ROLE: Role = Role {
    name: "whitelist",
    migrator: || host::migrations(&MIGRATOR),
    has_store: true,
    queues: &[messaging::ACKNOWLEDGEMENTS],
    publishes: messaging::PUBLISHES,
    unhurried: messaging::UNHURRIED,
    peers: &["catalog"],
    keys: settings::ALL,
    reasons: reasons::ALL,
    serve: |host| Box::pin(serve::serve(host)),
};
