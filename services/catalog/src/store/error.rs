//! Why a store call failed.

use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused a statement or is away")]
    Database(#[from] sqlx::Error),
    /// A row that the schema's checks should have made impossible.
    #[error("row {id} of {table} has an impossible {column}")]
    Impossible { table: &'static str, id: Uuid, column: &'static str },
}

impl StoreError {
    /// Whether the statement failed on this named constraint.
    pub fn violates(&self, constraint: &str) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint() == Some(constraint),
            Self::Database(_) | Self::Impossible { .. } => false,
        }
    }
}
