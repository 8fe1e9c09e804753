//! Which platforms are asked about which enterprise, and when next.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{EnterpriseId, Uscc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::source::{Outcome, SourceCode};

/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "source_watch_enterprise_fkey";

/// Asked before: it becomes due if it was not. Whoever waits, waits from the first request on.
const REQUEST: &str = "INSERT INTO source_watch (enterprise_id, source, due_at, pending_since, attempts)
    SELECT wanted.enterprise_id, wanted.source, $3, $3, 0
    FROM unnest($1::uuid[], $2::text[]) AS wanted (enterprise_id, source)
    ON CONFLICT ON CONSTRAINT source_watch_pkey DO UPDATE SET due_at = least(source_watch.due_at, $3),
        pending_since = coalesce(source_watch.pending_since, $3)";
/// For who waits without hurry: what is asked for already keeps its time.
const REQUEST_MISSING: &str =
    "INSERT INTO source_watch (enterprise_id, source, due_at, pending_since, attempts)
    SELECT wanted.enterprise_id, wanted.source, $3, $3, 0
    FROM unnest($1::uuid[], $2::text[]) AS wanted (enterprise_id, source)
    ON CONFLICT ON CONSTRAINT source_watch_pkey DO UPDATE
        SET pending_since = coalesce(source_watch.pending_since, $3)";
/// For who has an entry: what has been told comes due again sooner than it becomes stale. What is due within minutes keeps
/// its time, because it may be taken already.
const FOLLOW: &str = "INSERT INTO source_watch (enterprise_id, source, due_at, pending_since, attempts)
    SELECT wanted.enterprise_id, wanted.source, $3, $3, 0
    FROM unnest($1::uuid[], $2::text[]) AS wanted (enterprise_id, source)
    ON CONFLICT ON CONSTRAINT source_watch_pkey DO UPDATE SET due_at = source_watch.last_at + $4
        WHERE source_watch.last_at + $4 < source_watch.due_at AND source_watch.due_at > $3 + interval '10 minutes'";
/// Taken until the lease ends: whoever dies with it leaves it to the next.
const CLAIM: &str = "WITH taken AS (
        SELECT enterprise_id, source FROM source_watch WHERE source = $1 AND due_at <= $2
        ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED)
    UPDATE source_watch w SET due_at = $3 FROM taken JOIN enterprise e ON e.enterprise_id = taken.enterprise_id
    WHERE w.enterprise_id = taken.enterprise_id AND w.source = taken.source
    RETURNING w.enterprise_id, e.uscc, w.attempts";
const SETTLE: &str = "UPDATE source_watch SET due_at = $3, last_outcome = $4, last_at = $5,
        attempts = CASE WHEN $4 = 'GOOD' THEN 0 ELSE attempts + 1 END,
        pending_since = CASE WHEN $4 = 'GOOD' THEN NULL ELSE coalesce(pending_since, $5) END
    WHERE enterprise_id = $1 AND source = $2";
/// A new consent may allow what none did.
const WAKE: &str = "UPDATE source_watch SET due_at = least(due_at, $2)
    WHERE enterprise_id = $1 AND last_outcome = 'NO_CONSENT'";
const LIST: &str = "SELECT source, due_at, pending_since, attempts, last_outcome, last_at FROM source_watch
    WHERE enterprise_id = $1";
/// Without those that wait for a consent: no platform keeps them waiting.
const PENDING: &str = "SELECT count(*), min(pending_since) FROM source_watch
    WHERE source = $1 AND pending_since IS NOT NULL AND last_outcome IS DISTINCT FROM 'NO_CONSENT'";

pub(super) const STATEMENTS: &[&str] =
    &[REQUEST, REQUEST_MISSING, FOLLOW, CLAIM, SETTLE, WAKE, LIST, PENDING];

/// What is to be asked now.
#[derive(Debug, Clone)]
pub struct Due {
    pub enterprise_id: EnterpriseId,
    pub uscc: Uscc,
    /// Failures in a row before this.
    pub failures: i32,
}

/// Where the asking of one source stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub source: SourceCode,
    pub due_at: DateTime<Utc>,
    pub pending_since: Option<DateTime<Utc>>,
    pub failures: i32,
    pub last: Option<(Outcome, DateTime<Utc>)>,
}

/// Has these sources asked about these enterprises at `now`. Fails on [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn request(
    conn: &mut PgConnection,
    wanted: &[(EnterpriseId, SourceCode)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(REQUEST)
        .bind(wanted.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, source)| source.code()).collect::<Vec<_>>())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has these sources asked, each in its own time where it is asked for already. Fails on [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn request_missing(
    conn: &mut PgConnection,
    wanted: &[(EnterpriseId, SourceCode)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(REQUEST_MISSING)
        .bind(wanted.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, source)| source.code()).collect::<Vec<_>>())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has these sources asked once where nobody has, and the others at most `every` after they were asked last. Fails on
/// [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn follow(
    conn: &mut PgConnection,
    wanted: &[(EnterpriseId, SourceCode)],
    now: DateTime<Utc>,
    every: TimeDelta,
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    sqlx::query(FOLLOW)
        .bind(wanted.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, source)| source.code()).collect::<Vec<_>>())
        .bind(now)
        .bind(every)
        .execute(conn)
        .await?;
    Ok(())
}

/// At most `limit` that are due, taken until `lease`.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn claim(
    conn: &mut PgConnection,
    source: SourceCode,
    now: DateTime<Utc>,
    lease: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, StoreError> {
    let rows: Vec<(Uuid, String, i32)> =
        sqlx::query_as(CLAIM).bind(source.code()).bind(now).bind(lease).bind(limit).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(id, uscc, failures)| {
            let impossible = StoreError::Impossible { table: "enterprise", id, column: "uscc" };
            let uscc = Uscc::parse(&uscc).map_err(|_| impossible)?.value;
            Ok(Due { enterprise_id: EnterpriseId::from_uuid(id), uscc, failures })
        })
        .collect()
}

/// How an attempt at `now` ended, and when the next one is.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn settle(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    source: SourceCode,
    outcome: Outcome,
    next_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(SETTLE)
        .bind(enterprise_id.uuid())
        .bind(source.code())
        .bind(next_at)
        .bind(outcome.code())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has what waited for a consent tried again.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn wake(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(WAKE).bind(enterprise_id.uuid()).bind(now).execute(conn).await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection, enterprise_id: EnterpriseId) -> Result<Vec<Watch>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST).bind(enterprise_id.uuid()).fetch_all(conn).await?;
    let watch = |row: Row| {
        let impossible =
            |column| StoreError::Impossible { table: "source_watch", id: enterprise_id.uuid(), column };
        let last = match row.last_outcome.zip(row.last_at) {
            None => None,
            Some((code, at)) => {
                Some((Outcome::from_code(&code).ok_or_else(|| impossible("last_outcome"))?, at))
            }
        };
        Ok(Watch {
            source: SourceCode::from_code(&row.source).ok_or_else(|| impossible("source"))?,
            due_at: row.due_at,
            pending_since: row.pending_since,
            failures: row.attempts,
            last,
        })
    };
    rows.into_iter().map(watch).collect()
}

/// How many wait for this source, and since when the first of them.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn pending(
    conn: &mut PgConnection,
    source: SourceCode,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    Ok(sqlx::query_as(PENDING).bind(source.code()).fetch_one(conn).await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    source: String,
    due_at: DateTime<Utc>,
    pending_since: Option<DateTime<Utc>>,
    attempts: i32,
    last_outcome: Option<String>,
    last_at: Option<DateTime<Utc>>,
}
