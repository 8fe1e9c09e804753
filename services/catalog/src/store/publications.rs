//! Products on the 信易贷 platform.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::publication::{Publication, State};

const LOCK: &str =
    "SELECT product_id, state, version, sequence, external_id, attempts, last_failure, due_at, changed_at
    FROM xyd_publication WHERE product_id = $1 FOR UPDATE";
const LOCK_OF_INSTITUTION: &str =
    "SELECT x.product_id, x.state, x.version, x.sequence, x.external_id, x.attempts, x.last_failure, x.due_at, x.changed_at
    FROM xyd_publication x JOIN product p ON p.product_id = x.product_id WHERE p.institution_id = $1
    ORDER BY x.product_id FOR UPDATE OF x";
const PUT: &str =
    "INSERT INTO xyd_publication (product_id, state, version, sequence, external_id, attempts, last_failure,
        due_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (product_id) DO UPDATE SET state = excluded.state, version = excluded.version,
        sequence = excluded.sequence, external_id = excluded.external_id, attempts = excluded.attempts,
        last_failure = excluded.last_failure, due_at = excluded.due_at, changed_at = excluded.changed_at";
/// Takes up the attempts that are due: until the lease $2 nobody else does.
const TAKE: &str = "UPDATE xyd_publication SET due_at = $2
    WHERE product_id IN (SELECT product_id FROM xyd_publication WHERE due_at <= $1 ORDER BY due_at LIMIT $3
        FOR UPDATE SKIP LOCKED)
    RETURNING product_id, state, version, sequence, external_id, attempts, last_failure, due_at, changed_at";
const HURRY: &str = "UPDATE xyd_publication SET due_at = $2 WHERE product_id = $1 AND due_at IS NOT NULL";
const LIST: &str =
    "SELECT product_id, state, version, sequence, external_id, attempts, last_failure, due_at, changed_at
    FROM xyd_publication
    WHERE ($1::uuid IS NULL OR product_id > $1) AND ($3::text IS NULL OR state = $3) ORDER BY product_id LIMIT $2";
/// Rows of each state, and how many of them fail: a failed attempt has a reason.
const COUNT: &str = "SELECT state, count(*), count(last_failure) FROM xyd_publication GROUP BY state";

pub(super) const STATEMENTS: &[&str] = &[LOCK, LOCK_OF_INSTITUTION, PUT, TAKE, HURRY, LIST, COUNT];

/// Reads a publication for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: ProductId) -> Result<Option<Publication>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Publication::try_from).transpose()
}

/// As [`lock`], everything of one institution: a few dozen at most.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock_of(conn: &mut PgConnection, id: InstitutionId) -> Result<Vec<Publication>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LOCK_OF_INSTITUTION).bind(id.uuid()).fetch_all(conn).await?;
    rows.into_iter().map(Publication::try_from).collect()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn put(conn: &mut PgConnection, publication: &Publication) -> Result<(), StoreError> {
    sqlx::query(PUT)
        .bind(publication.product_id.uuid())
        .bind(publication.state.code())
        .bind(publication.version)
        .bind(publication.sequence)
        .bind(publication.external_id.as_deref())
        .bind(publication.attempts)
        .bind(publication.last_failure.as_deref())
        .bind(publication.due_at)
        .bind(publication.changed_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// At most `limit` attempts that are due, taken up until `lease`.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn take(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Publication>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(TAKE).bind(now).bind(lease).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(Publication::try_from).collect()
}

/// Makes the next attempt due now, if one is owed.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn hurry(conn: &mut PgConnection, id: ProductId, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(HURRY).bind(id.uuid()).bind(now).execute(conn).await?;
    Ok(())
}

/// At most `limit` publications after `after`, of one state or of all, in the order of the products' ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    state: Option<State>,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<Publication>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(after.map(ProductId::uuid))
        .bind(limit)
        .bind(state.map(State::code))
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Publication::try_from).collect()
}

/// How many publications are of each state, and how many of all fail.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn count(conn: &mut PgConnection) -> Result<(Vec<(State, i64)>, i64), StoreError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(COUNT).fetch_all(conn).await?;
    let failing = rows.iter().map(|(_, _, failing)| failing).sum();
    let counted = State::ALL.into_iter().map(|state| {
        let found = rows.iter().find(|(code, ..)| code == state.code());
        (state, found.map_or(0, |(_, rows, ..)| *rows))
    });
    Ok((counted.collect(), failing))
}

#[derive(sqlx::FromRow)]
struct Row {
    product_id: Uuid,
    state: String,
    version: i32,
    sequence: i64,
    external_id: Option<String>,
    attempts: i32,
    last_failure: Option<String>,
    due_at: Option<DateTime<Utc>>,
    changed_at: DateTime<Utc>,
}

impl TryFrom<Row> for Publication {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            StoreError::Impossible { table: "xyd_publication", id: row.product_id, column: "state" };
        Ok(Self {
            product_id: ProductId::from_uuid(row.product_id),
            state: State::from_code(&row.state).ok_or(impossible)?,
            version: row.version,
            sequence: row.sequence,
            external_id: row.external_id,
            attempts: row.attempts,
            last_failure: row.last_failure,
            due_at: row.due_at,
            changed_at: row.changed_at,
        })
    }
}
