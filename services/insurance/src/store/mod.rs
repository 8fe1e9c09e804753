//! All SQL of insurance, one file per aggregate. Every function takes the connection, so that the caller holds the
//! transaction; writes are multi-row statements.

pub mod appetites;
pub mod changes;
pub mod covers;
pub mod deadlines;
pub mod ends;
pub mod entries;
pub mod legs;
pub mod quotes;

pub use changes::Changes;

use sqlx::PgConnection;

/// A stored row that no rule of ours could have written, or a database that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("row {id} of {table} holds an impossible {what}")]
    Corrupt { table: &'static str, id: uuid::Uuid, what: &'static str },
}

/// A statement over arrays that is prepared while its tables are empty would read them whole ever after: every one of
/// ours has an index that serves it.
const KEEP_TO_INDEXES: &str = "SET LOCAL enable_seqscan = off";

/// At the beginning of a transaction that looks rows up by arrays.
pub async fn keep_to_indexes(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(KEEP_TO_INDEXES).execute(conn).await?;
    Ok(())
}

/// Every statement of this service, for the test that prepares each against the migrated schema.
pub const STATEMENTS: &[&str] = &[
    KEEP_TO_INDEXES,
    appetites::PUT,
    appetites::ALL,
    covers::LOCK_CASES,
    covers::INSERT,
    covers::LOCK,
    covers::LOCK_BY_CASES,
    covers::LOCK_BY_LEGS,
    covers::OF_CASE,
    covers::UPDATE,
    legs::INSERT,
    legs::UPDATE,
    legs::OF_COVERS,
    legs::FIND,
    quotes::INSERT,
    quotes::LATE,
    ends::INSERT,
    ends::OF_CASES,
    entries::INSERT,
    deadlines::PUT,
    deadlines::CLEAR,
    deadlines::POSTPONE,
    deadlines::DUE,
    deadlines::BACKLOG,
    deadlines::NEXT,
    deadlines::PENDING,
    deadlines::FIX,
];
