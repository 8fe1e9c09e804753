//! Imports of files: what is known of each, the rows that wait, and how they become part of the register.

mod apply;
pub mod clearing;
pub mod imports;
pub mod reading;
pub mod staging;

pub use apply::{QUALIFICATIONS_CHECK, REGISTERED_MEANWHILE, apply};

/// Every statement but `COPY`, which cannot be prepared.
pub(super) fn statements() -> impl Iterator<Item = &'static str> {
    [imports::STATEMENTS, clearing::STATEMENTS, staging::STATEMENTS, apply::STATEMENTS, reading::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
}
