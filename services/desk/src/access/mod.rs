//! Who is at the screen: passwords, sessions, the check that a form was sent from a page of ours.

mod cookie;
mod csrf;
mod guard;
pub(crate) mod login;
mod password;
mod session;

pub(crate) use guard::{Person, require};
pub(crate) use password::{Hasher, HasherError, initial as initial_password};
