//! What the store may fail with.

use uuid::Uuid;

/// Why the store gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    /// A row that the code cannot have written.
    #[error("account {id} has a duty that there is not")]
    Impossible { id: Uuid },
}
