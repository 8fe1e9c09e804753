//! Runs and how far they are.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::EnterpriseId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    ids::RunId,
    screening::{Digest, Run, RunState},
};

const INSERT: &str =
    "INSERT INTO screening_run (run_id, as_of, scorecard_version, rules_version, scope, state,
        cursor_id, screened, digest, started_at, finished_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const FIND: &str =
    "SELECT run_id, as_of, scorecard_version, rules_version, scope, cursor_id, screened, digest,
        started_at, finished_at
    FROM screening_run WHERE run_id = $1";
/// The oldest that nobody is at.
const TAKE: &str =
    "SELECT run_id, as_of, scorecard_version, rules_version, scope, cursor_id, screened, digest,
        started_at, finished_at
    FROM screening_run WHERE state = 'RUNNING' ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED";
const ADVANCE: &str =
    "UPDATE screening_run SET cursor_id = $2, screened = $3, digest = $4, state = $5, finished_at = $6
    WHERE run_id = $1";
const KEYS: &str = "SELECT enterprise_id FROM enterprise WHERE $1::uuid IS NULL OR enterprise_id > $1
    ORDER BY enterprise_id LIMIT $2";
const RUNNING: &str = "SELECT count(*), min(started_at) FROM screening_run WHERE state = 'RUNNING'";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, TAKE, ADVANCE, KEYS, RUNNING];

#[derive(sqlx::FromRow)]
struct Row {
    run_id: Uuid,
    as_of: NaiveDate,
    scorecard_version: i32,
    rules_version: i32,
    scope: Option<Vec<Uuid>>,
    cursor_id: Option<Uuid>,
    screened: i64,
    digest: Vec<u8>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Run {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let digest = Digest::from_stored(&row.digest);
        let impossible = StoreError::Impossible { table: "screening_run", id: row.run_id, column: "digest" };
        Ok(Self {
            id: RunId::from_uuid(row.run_id),
            as_of: row.as_of,
            scorecard_version: row.scorecard_version,
            rules_version: row.rules_version,
            scope: row.scope.map(|ids| ids.into_iter().map(EnterpriseId::from_uuid).collect()),
            state: row.finished_at.map_or(RunState::Running, |at| RunState::Done { at }),
            cursor: row.cursor_id.map(EnterpriseId::from_uuid),
            screened: row.screened,
            digest: digest.ok_or(impossible)?,
            started_at: row.started_at,
        })
    }
}

fn state(state: RunState) -> (&'static str, Option<DateTime<Utc>>) {
    match state {
        RunState::Running => ("RUNNING", None),
        RunState::Done { at } => ("DONE", Some(at)),
    }
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, run: &Run) -> Result<(), StoreError> {
    let (state, finished_at) = state(run.state);
    sqlx::query(INSERT)
        .bind(run.id.uuid())
        .bind(run.as_of)
        .bind(run.scorecard_version)
        .bind(run.rules_version)
        .bind(run.scope.as_ref().map(|ids| ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()))
        .bind(state)
        .bind(run.cursor.map(|id| id.uuid()))
        .bind(run.screened)
        .bind(run.digest.bytes())
        .bind(run.started_at)
        .bind(finished_at)
        .execute(conn)
        .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(conn: &mut PgConnection, id: RunId) -> Result<Option<Run>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Run::try_from).transpose()
}

/// A run that is not done, kept from others until the transaction ends.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn take(conn: &mut PgConnection) -> Result<Option<Run>, StoreError> {
    let row: Option<Row> = sqlx::query_as(TAKE).fetch_optional(conn).await?;
    row.map(Run::try_from).transpose()
}

/// Keeps how far the run is.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn advance(conn: &mut PgConnection, run: &Run) -> Result<(), StoreError> {
    let (state, finished_at) = state(run.state);
    sqlx::query(ADVANCE)
        .bind(run.id.uuid())
        .bind(run.cursor.map(|id| id.uuid()))
        .bind(run.screened)
        .bind(run.digest.bytes())
        .bind(state)
        .bind(finished_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The next enterprises of the register after `after`, in order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn keys(
    conn: &mut PgConnection,
    after: Option<EnterpriseId>,
    limit: i64,
) -> Result<Vec<EnterpriseId>, StoreError> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar(KEYS).bind(after.map(|id| id.uuid())).bind(limit).fetch_all(conn).await?;
    Ok(ids.into_iter().map(EnterpriseId::from_uuid).collect())
}

/// How many runs are not done, and since when the oldest.
pub async fn running(conn: &mut PgConnection) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    Ok(sqlx::query_as(RUNNING).fetch_one(conn).await?)
}
