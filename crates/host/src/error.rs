//! Why a role could not start or go on.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::settings::Faults;

/// A boxed cause, for errors that come out of a role's own code.
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// What ends a role's process, or a migration, with a message for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    #[error(transparent)]
    Settings(#[from] Faults),
    #[error("tracing and logging could not be set up")]
    Telemetry(#[source] Cause),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot read {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the keys of this system cannot be used")]
    Identity(#[source] Cause),
    #[error("the working-day tables cannot be used")]
    Calendar(#[source] Cause),
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    #[error("a migration of role {role} failed")]
    Migration {
        role: &'static str,
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    #[error("two migrations of role {role} carry version {version}")]
    MigrationTwice { role: &'static str, version: i64 },
    #[error("database {name} does not exist; create it, or ask for it to be created")]
    NoDatabase { name: String },
    #[error("a password is empty or has characters that are not printable ASCII")]
    Password,
    #[error("the broker's topology could not be declared")]
    Broker(#[source] Cause),
    #[error("{what} is not a usable URL")]
    Url { what: &'static str },
    #[error("no secrets were given for role {0}")]
    NoSecrets(&'static str),
    #[error("the gRPC server ended with an error")]
    Serve(#[source] Cause),
    #[error("the role ended before it was asked to")]
    EndedEarly,
    #[error("work in hand was not finished within the time allowed for shutdown")]
    ShutdownTimeout,
    #[error("the role failed")]
    Role(#[source] Cause),
}

impl HostError {
    /// Wraps an error of a role's own code.
    pub fn role(cause: impl Into<Cause>) -> Self {
        Self::Role(cause.into())
    }

    /// The message with every cause behind it, for a log line or the terminal.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}
