//! All SQL of the partner edge, one file per table; `acts`, `pulls`, `acknowledgements` and `notices` are the
//! transactions.

mod acknowledgements;
mod acts;
mod answers;
pub mod assignments;
pub mod contacts;
pub mod credentials;
mod error;
mod events;
mod handed;
mod known;
pub mod lists;
mod notices;
mod plan;
pub mod polls;
mod pulls;
mod replies;
pub mod retention;

pub use acknowledgements::Acknowledgements;
pub use acts::{Act, Acts, Outcome, Publication, Request, ValidUntil};
pub use error::StoreError;
pub use events::{Delivery, Pull};
pub use handed::{GiveBack, Handed, give_back};
pub use known::Known;
pub use notices::{Handing, Heard, Told, hear};
pub use polls::LongPolls;
pub use pulls::Pulls;

/// Opens a transaction. Plans keep to the indexes because the role's connections do (`host::PLANS`).
const BEGIN: &str = "BEGIN";

/// As [`BEGIN`], for bookkeeping whose loss does no harm.
const BEGIN_LOOSELY: &str = "BEGIN; SET LOCAL synchronous_commit = off";

/// Every statement, so that a test can prepare each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [assignments::ALL, contacts::ALL, credentials::ALL, events::ALL, lists::ALL, replies::ALL, retention::ALL]
        .into_iter()
        .flatten()
        .copied()
}
