//! Checks the fields of a request and reports everything that is wrong at once.

mod checker;
mod page;
mod whole;

pub use checker::Checker;
pub use page::token as page_token;
pub use whole::Whole;
