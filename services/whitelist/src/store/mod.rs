//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

pub mod assets;
pub mod consents;
pub mod enterprises;
pub mod entries;
pub mod entries_tasks;
mod error;
pub mod files;
pub mod list_deliveries;
pub mod list_versions;
mod lists;
pub mod retention;
pub mod reveals;
pub mod screening_books;
pub mod screening_exclusions;
pub mod screening_results;
pub mod screening_runs;
pub mod screening_subjects;
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
        screening_books::STATEMENTS,
        screening_exclusions::STATEMENTS,
        screening_results::STATEMENTS,
        screening_runs::STATEMENTS,
        screening_subjects::STATEMENTS,
        entries::STATEMENTS,
        entries_tasks::STATEMENTS,
        list_deliveries::STATEMENTS,
        list_versions::STATEMENTS,
        retention::STATEMENTS,
        reveals::STATEMENTS,
        snapshots::STATEMENTS,
        watches::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(files::statements())
}
