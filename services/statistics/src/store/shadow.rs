//! A second book beside the one in use, and how it takes its place.

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};

use super::StoreError;
use crate::domain::tally::Measure;

/// Held by who computes the figures anew, in any process: a number of our own choosing.
const TRY_TURN: &str = "SELECT pg_try_advisory_lock(5273846190217)";
const CREATE: &str = "INSERT INTO book (in_use, folded_to) VALUES (false, 'epoch') RETURNING book";
const ABANDONED: &str = "SELECT book FROM book WHERE NOT in_use ORDER BY book";
const SAME: &str = "SELECT NOT EXISTS (
    (SELECT measure, a, b, park, n FROM figure WHERE book = $1 AND n <> 0
      EXCEPT SELECT measure, a, b, park, n FROM figure WHERE book = $2 AND n <> 0)
    UNION ALL
    (SELECT measure, a, b, park, n FROM figure WHERE book = $2 AND n <> 0
      EXCEPT SELECT measure, a, b, park, n FROM figure WHERE book = $1 AND n <> 0))";
const FACTS: &str =
    "SELECT coalesce(sum(n), 0)::bigint FROM figure WHERE book = $1 AND measure = $2 AND a = 0 AND b = 0";
const RETIRE: &str = "UPDATE book SET in_use = false WHERE book = $1";
const PUT_IN_USE: &str = "UPDATE book SET in_use = true WHERE book = $1";
const CLEAR_SHEETS: &str =
    "DELETE FROM case_now WHERE ctid = ANY (ARRAY (SELECT ctid FROM case_now WHERE book = $1 LIMIT $2))";
const CLEAR_SUMS: &str =
    "DELETE FROM figure WHERE ctid = ANY (ARRAY (SELECT ctid FROM figure WHERE book = $1 LIMIT $2))";
const DROP: &str = "DELETE FROM book WHERE book = $1 AND NOT in_use";

pub(super) const STATEMENTS: &[&str] =
    &[TRY_TURN, CREATE, ABANDONED, SAME, FACTS, RETIRE, PUT_IN_USE, CLEAR_SHEETS, CLEAR_SUMS, DROP];

/// Rows that one transaction of the clearing removes.
const CLEARED_AT_ONCE: i64 = 5_000;

/// The right to write a second book. It is a lock of its connection, which is not used again.
#[derive(Debug)]
pub struct Turn(
    #[expect(dead_code, reason = "the lock lasts as long as the connection")] PoolConnection<Postgres>,
);

/// `None` while somebody else computes the figures anew.
pub async fn try_turn(pool: &PgPool) -> Result<Option<Turn>, StoreError> {
    let mut connection = pool.acquire().await?;
    connection.close_on_drop();
    let mine: bool = sqlx::query_scalar(TRY_TURN).fetch_one(&mut *connection).await?;
    Ok(mine.then_some(Turn(connection)))
}

/// An empty book, not in use.
pub async fn create(conn: &mut PgConnection) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar(CREATE).fetch_one(conn).await?)
}

/// Books that somebody has begun and not finished, or whose place another has taken.
pub async fn abandoned(conn: &mut PgConnection) -> Result<Vec<i32>, StoreError> {
    Ok(sqlx::query_scalar(ABANDONED).fetch_all(conn).await?)
}

/// Whether all sums of two books are the same.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn same(conn: &mut PgConnection, one: i32, other: i32) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(SAME).bind(one).bind(other).fetch_one(conn).await?)
}

/// How many facts the figures of a book rest on.
pub async fn facts(conn: &mut PgConnection, book: i32) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(FACTS).bind(book).bind(Measure::Facts.number()).fetch_one(conn).await?)
}

/// Puts `new` into the place of `old`.
pub async fn change_over(conn: &mut PgConnection, old: i32, new: i32) -> Result<(), StoreError> {
    sqlx::query(RETIRE).bind(old).execute(&mut *conn).await?;
    sqlx::query(PUT_IN_USE).bind(new).execute(conn).await?;
    Ok(())
}

/// Removes a book that is not in use, some rows at a time.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn clear(conn: &mut PgConnection, book: i32) -> Result<(), StoreError> {
    for statement in [CLEAR_SHEETS, CLEAR_SUMS] {
        loop {
            let done = sqlx::query(statement).bind(book).bind(CLEARED_AT_ONCE).execute(&mut *conn).await?;
            if done.rows_affected() == 0 {
                break;
            }
        }
    }
    sqlx::query(DROP).bind(book).execute(conn).await?;
    Ok(())
}
