//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

pub mod acts;
pub mod agreements;
pub mod branches;
mod conditions_row;
pub mod desks;
mod error;
pub mod institutions;
pub mod lpr;
pub mod parks;
pub mod policies;
pub mod products;
pub mod publications;
pub mod shelf;
mod terms_row;

pub use error::StoreError;

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [
        acts::STATEMENTS,
        agreements::STATEMENTS,
        branches::STATEMENTS,
        desks::STATEMENTS,
        institutions::STATEMENTS,
        lpr::STATEMENTS,
        parks::STATEMENTS,
        policies::STATEMENTS,
        products::STATEMENTS,
        publications::STATEMENTS,
        shelf::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
