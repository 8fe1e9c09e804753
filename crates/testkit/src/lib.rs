//! The ground that tests against real engines stand on: a migrated database each, a virtual host each, keys, a given
//! clock, and roles served inside the test. Builders of domain objects live with the services.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "only tests call this crate, and a test whose ground is missing has to fail at once"
)]

mod broker;
mod caller;
mod clock;
mod contract;
mod database;
mod ground;
mod janitor;
mod keys;
mod serve;
mod server;
pub mod tls;
mod wait;

pub use caller::{Acting, CallerChannel};
pub use clock::GivenClock;
pub use contract::every_method_has_one_policy;
pub use ground::{Ground, ground};
pub use serve::Served;
pub use wait::{Settled, eventually};
