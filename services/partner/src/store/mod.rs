//! All SQL of the partner edge, one file per table; `acts`, `pulls`, `acknowledgements` and `notices` are the
//! transactions.

mod acknowledgements;
mod acts;
pub mod assignments;
mod batcher;
mod beside;
pub mod contacts;
pub mod credentials;
mod error;
mod events;
mod notices;
mod plan;
mod pulls;
mod replies;
pub mod retention;
mod wakeups;

pub use acknowledgements::acknowledge;
pub use acts::{Act, Acts, Outcome, Publication, Request, ValidUntil};
pub use error::StoreError;
pub use events::{Delivery, Pull};
pub use notices::{Heard, Told, hear};
pub use pulls::Pulls;
pub use wakeups::Wakeups;

/// Opens a transaction. Array statements that are planned while tables are empty would read whole tables for as long as
/// the plan lives; without sequential scans they keep to the indexes from the beginning.
const BEGIN: &str = "BEGIN; SET LOCAL enable_seqscan = off";

/// As [`BEGIN`], for bookkeeping whose loss does no harm.
const BEGIN_LOOSELY: &str = "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL synchronous_commit = off";

/// For a transaction that others have opened.
const KEEP_TO_INDEXES: &str = "SET LOCAL enable_seqscan = off";

/// Every statement, so that a test can prepare each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [
        assignments::ALL,
        beside::ALL,
        contacts::ALL,
        credentials::ALL,
        events::ALL,
        replies::ALL,
        retention::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}
