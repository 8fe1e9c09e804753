//! All SQL of this service, one file per aggregate. Functions take the connection of the caller's transaction.

pub mod books;
mod error;
pub mod facts;
pub mod figures;
pub mod shadow;
mod sheet_row;

pub use error::StoreError;

use sqlx::{PgConnection, PgPool, PgTransaction};

/// Plans must not depend on what the tables were when they were last analysed: they may have been empty.
const KEEP_TO_INDEXES: &str =
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
    set_config('enable_bitmapscan', 'off', true)";
/// Several statements that see one state.
const BEGIN_ONE_STATE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub fn statements() -> impl Iterator<Item = &'static str> {
    [&[KEEP_TO_INDEXES], facts::STATEMENTS, books::STATEMENTS, figures::STATEMENTS, shadow::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
}

/// For the rest of the transaction.
pub async fn keep_to_indexes(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(KEEP_TO_INDEXES).execute(conn).await?;
    Ok(())
}

/// A short transaction that keeps to indexes.
pub async fn begin(pool: &PgPool) -> Result<PgTransaction<'static>, StoreError> {
    let mut transaction = pool.begin().await?;
    keep_to_indexes(&mut transaction).await?;
    Ok(transaction)
}

/// The same for reading, all of it in one state.
pub async fn begin_one_state(pool: &PgPool) -> Result<PgTransaction<'static>, StoreError> {
    let mut transaction = pool.begin_with(BEGIN_ONE_STATE).await?;
    keep_to_indexes(&mut transaction).await?;
    Ok(transaction)
}
