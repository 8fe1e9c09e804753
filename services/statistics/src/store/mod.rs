//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

mod error;
pub mod facts;

pub use error::StoreError;

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    facts::STATEMENTS.iter().copied()
}
