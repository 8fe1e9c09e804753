//! What can go wrong between the tables and the domain.

use thiserror::Error;
use uuid::Uuid;

#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    /// A row that the rules do not allow: somebody has to look at it.
    #[error("row {id} of {table} has an impossible {column}")]
    Row { table: &'static str, id: Uuid, column: &'static str },
    /// What was to be done together with others could not be begun.
    #[error("the database cannot be reached")]
    Away,
    /// The same request was carried out in another transaction at the same time.
    #[error("another transaction carried out the same request")]
    Raced,
    /// The worker that should have answered is gone, because the process ends.
    #[error("the process is ending")]
    Ending,
}

impl From<host::Ended> for StoreError {
    fn from(_: host::Ended) -> Self {
        Self::Ending
    }
}

/// The answers when nothing can be done for any of a batch: trying each alone would only make them wait.
pub(super) fn unreachable<T, R>(batch: &[T], error: &StoreError) -> Vec<Result<R, StoreError>> {
    tracing::warn!(items = batch.len(), %error, "a batch could not be begun");
    batch.iter().map(|_| Err(StoreError::Away)).collect()
}

impl StoreError {
    /// Whether the same work may succeed at once in a new transaction: a deadlock or a serialisation conflict.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(refusal)) => {
                matches!(refusal.code().as_deref(), Some("40P01" | "40001"))
            }
            Self::Raced => true,
            Self::Database(_) | Self::Row { .. } | Self::Away | Self::Ending => false,
        }
    }

    /// Whether nothing can be done at this moment, whatever it is.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Away => true,
            Self::Database(error) => matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::BeginFailed
            ),
            Self::Row { .. } | Self::Raced | Self::Ending => false,
        }
    }
}
