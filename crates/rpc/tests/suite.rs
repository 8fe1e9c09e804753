//! Identity, checks and faults by themselves; the server and the client over loopback; replay and audit against
//! PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test stands on fails the test at once")]

mod audit;
mod checks;
mod client;
mod faults;
mod identity;
mod mtls;
mod probe;
mod refusals;
mod replay;
mod shutdown;
mod trace;
