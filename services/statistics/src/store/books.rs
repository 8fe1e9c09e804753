//! Books: which facts they hold, the sheets of their cases and the sums over these.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    sheet_row::{decoded, encoded},
};
use crate::domain::{sheet::Sheet, tally::Tally};

const IS_BEHIND: &str =
    "SELECT book.folded_to < fact_head.last_fact_at FROM book, fact_head WHERE book.in_use";
const LOCK_IN_USE: &str = "SELECT book.book, book.folded_to, fact_head.last_fact_at FROM book, fact_head
    WHERE book.in_use FOR UPDATE OF book";
const LOCK: &str = "SELECT book.book, book.folded_to, fact_head.last_fact_at FROM book, fact_head
    WHERE book.book = $1 FOR UPDATE OF book";
const SHEETS: &str = "SELECT given.case_id, kept.sheet FROM unnest($2::uuid[]) AS given (case_id)
    CROSS JOIN LATERAL (SELECT sheet FROM case_now WHERE book = $1 AND case_id = given.case_id LIMIT 1) AS kept";
/// One statement for a page of facts, whatever their number. Sums grow by what changed.
const WRITE: &str = "WITH sheets AS (
        INSERT INTO case_now (book, case_id, sheet) SELECT $1::int, * FROM unnest($2::uuid[], $3::bytea[])
        ON CONFLICT ON CONSTRAINT case_now_pkey DO UPDATE SET sheet = excluded.sheet),
    sums AS (
        INSERT INTO figure (book, measure, a, b, park, n)
        SELECT $1::int, * FROM unnest($4::smallint[], $5::int[], $6::bigint[], $7::text[], $8::bigint[])
        ON CONFLICT ON CONSTRAINT figure_pkey DO UPDATE SET n = figure.n + excluded.n)
    UPDATE book SET folded_to = $9 WHERE book = $1";

pub(super) const STATEMENTS: &[&str] = &[IS_BEHIND, LOCK_IN_USE, LOCK, SHEETS, WRITE];

/// A book whose row is locked: nobody else folds facts into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Book {
    pub book: i32,
    /// It holds all facts recorded up to this, and none recorded later.
    pub folded_to: DateTime<Utc>,
    /// When the last fact was recorded, as far as it was known while the lock was waited for.
    pub last_fact_at: DateTime<Utc>,
}

/// Whether there are facts that the book in use does not hold.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn is_behind(conn: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(IS_BEHIND).fetch_one(conn).await?)
}

/// Locks the book in use. `None`: another has taken its place meanwhile; ask again.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock_in_use(conn: &mut PgConnection) -> Result<Option<Book>, StoreError> {
    Ok(sqlx::query_as(LOCK_IN_USE).fetch_optional(conn).await?)
}

/// Locks this one.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, book: i32) -> Result<Book, StoreError> {
    Ok(sqlx::query_as(LOCK).bind(book).fetch_one(conn).await?)
}

/// The sheets of these cases, as far as there are any.
#[tracing::instrument(level = "debug", skip_all, fields(cases = cases.len()))]
pub async fn sheets(
    conn: &mut PgConnection,
    book: i32,
    cases: &[Uuid],
) -> Result<BTreeMap<Uuid, Sheet>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(SHEETS).bind(book).bind(cases).fetch_all(conn).await?;
    rows.into_iter().map(|(case_id, sheet)| Ok((case_id, decoded(case_id, &sheet)?))).collect()
}

/// Keeps sheets, adds what changed to the sums, and says up to where the book holds all facts.
#[tracing::instrument(level = "debug", skip_all, fields(cases = sheets.len()))]
pub async fn write(
    conn: &mut PgConnection,
    book: i32,
    sheets: &BTreeMap<Uuid, Sheet>,
    changes: &Tally,
    folded_to: DateTime<Utc>,
) -> Result<(), StoreError> {
    let keys = || changes.numbers().map(|(key, _)| key);
    sqlx::query(WRITE)
        .bind(book)
        .bind(sheets.keys().copied().collect::<Vec<_>>())
        .bind(sheets.values().map(encoded).collect::<Vec<_>>())
        .bind(keys().map(|key| key.measure.number()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.a).collect::<Vec<_>>())
        .bind(keys().map(|key| key.b).collect::<Vec<_>>())
        .bind(keys().map(|key| key.park.as_str()).collect::<Vec<_>>())
        .bind(changes.numbers().map(|(_, n)| n).collect::<Vec<_>>())
        .bind(folded_to)
        .execute(conn)
        .await?;
    Ok(())
}
