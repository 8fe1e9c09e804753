//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

mod error;
pub mod institutions;
pub mod products;
pub mod shelf;
mod terms_row;

pub use error::StoreError;

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [institutions::STATEMENTS, products::STATEMENTS, shelf::STATEMENTS].into_iter().flatten().copied()
}
