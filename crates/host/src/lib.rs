//! What the process of every role has in common: settings, pool, bus, admin face, gRPC, shutdown, migration.
//! Nothing here knows what a role does; nothing here is compiled into a service's domain.

mod admin;
mod batcher;
mod change;
mod error;
mod health;
mod house;
mod migrations;
pub mod operations;
pub mod outward;
mod pool;
mod recent;
mod role;
mod run;
#[cfg(test)]
mod testing;

pub mod migrate;
pub mod probe;
pub mod settings;
pub mod turns;

pub use batcher::{Batcher, Ended};
pub use change::{Begun, Change, Changes};
pub use error::{Cause, HostError};
pub use futures::future::BoxFuture;
pub use health::{Flag, HealthBoard};
pub use migrate::migrate;
pub use migrations::{migrations, shared_migrations};
pub use pool::PLANS;
pub use recent::Recent;
pub use role::{Host, Role};
pub use run::{Surroundings, run, run_until};
pub use settings::{AnyKey, FromSetting, Key, Secret, Settings};
