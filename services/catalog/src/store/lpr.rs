//! Publications of the LPR, their revisions, and who confirmed them.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::BasisPoints;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::lpr::{Entry, Publication, Register, Revision};

const INSERT: &str =
    "INSERT INTO lpr (published_on, revision, one_year_bp, five_years_bp, recorded_at, recorded_by)
    VALUES ($1, $2, $3, $4, $5, $6)";
const CONFIRM: &str = "INSERT INTO lpr_confirmation (published_on, revision, confirmed_at, confirmed_by) VALUES ($1, $2, $3, $4)";
const LIST: &str =
    "SELECT l.published_on, l.revision, l.one_year_bp, l.five_years_bp, l.recorded_at, l.recorded_by, c.confirmed_at
    FROM lpr l LEFT JOIN lpr_confirmation c ON c.published_on = l.published_on AND c.revision = l.revision
    ORDER BY l.published_on, l.revision";

pub(super) const STATEMENTS: &[&str] = &[INSERT, CONFIRM, LIST];

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, entry: &Entry) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(entry.publication.on)
        .bind(entry.revision)
        .bind(entry.publication.one_year.get())
        .bind(entry.publication.five_years.get())
        .bind(entry.recorded_at)
        .bind(&entry.recorded_by)
        .execute(conn)
        .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn confirm(
    conn: &mut PgConnection,
    on: NaiveDate,
    revision: Revision,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(CONFIRM).bind(on).bind(revision).bind(now).bind(by).execute(conn).await?;
    Ok(())
}

/// Everything that was ever recorded: a dozen a year.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection) -> Result<Register, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST).fetch_all(conn).await?;
    Ok(Register::new(rows.into_iter().map(Entry::from).collect()))
}

#[derive(sqlx::FromRow)]
struct Row {
    published_on: NaiveDate,
    revision: i32,
    one_year_bp: i32,
    five_years_bp: i32,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    confirmed_at: Option<DateTime<Utc>>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            publication: Publication {
                on: row.published_on,
                one_year: BasisPoints::new(row.one_year_bp),
                five_years: BasisPoints::new(row.five_years_bp),
            },
            revision: row.revision,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
            confirmed_at: row.confirmed_at,
        }
    }
}
