//! All SQL of the desk.

pub mod accounts;
mod error;
pub mod failures;
pub mod sessions;

pub use error::StoreError;

/// Every statement, for the test that prepares them.
pub fn statements() -> Vec<&'static str> {
    [accounts::STATEMENTS, failures::STATEMENTS, sessions::STATEMENTS].concat()
}
