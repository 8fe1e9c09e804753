//! Channels to other roles: lazy, with token, trace and deadline; every failure of the way comes as a status with a
//! reason.

mod channel;
mod credential;
mod endpoint;

pub use channel::{ActAs, Channel};
pub use endpoint::{ClientTls, channel, nowhere, secure};
