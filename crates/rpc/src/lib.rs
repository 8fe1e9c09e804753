//! Server and client set-up that every role shares: identity, authorisation, errors, deadlines, request ids, audit.
//! What a service does lives in the service.

mod caller;
mod deadline;
mod fault;
mod reason;

pub mod audit;
pub mod check;
pub mod client;
pub mod identity;
pub mod policy;
pub mod reasons;
pub mod replay;
pub mod server;
pub mod status;

pub use caller::{Actor, Caller, Duty, caller};
pub use fault::Fault;
pub use reason::Reason;

/// `request_replay`, `audit_entry`, `audit_seal`: versions 100 to 199 of every role with a store.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What a handler returns.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;
