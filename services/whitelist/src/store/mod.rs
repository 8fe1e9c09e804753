//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

pub mod assets;
pub mod consents;
pub mod enterprises;
mod error;
pub mod files;
mod lists;
pub mod reveals;
pub mod snapshots;
pub mod standings;
pub mod watches;

pub use error::StoreError;

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [
        enterprises::STATEMENTS,
        assets::STATEMENTS,
        consents::STATEMENTS,
        standings::STATEMENTS,
        reveals::STATEMENTS,
        snapshots::STATEMENTS,
        watches::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(files::statements())
}
