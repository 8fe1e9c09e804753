//! Pure rules of the desk: what an account is, when a log-in is locked, what a password must be.

mod account;
mod lockout;
mod password;

pub use account::{Account, Duty, LoginError, LoginName, Pages};
pub use lockout::{QUIET, Subject, locked_for};
pub use password::{PasswordError, check_new};
