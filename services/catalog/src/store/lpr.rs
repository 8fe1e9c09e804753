//! Publications of the LPR.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::BasisPoints;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::lpr::Publication;

/// One publication to a day.
pub const DAY_KEY: &str = "lpr_pkey";

const INSERT: &str = "INSERT INTO lpr (published_on, one_year_bp, five_years_bp, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5)";
const LIST: &str =
    "SELECT published_on, one_year_bp, five_years_bp, recorded_at FROM lpr ORDER BY published_on";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LIST];

/// Fails on [`DAY_KEY`] if another process has recorded one of that day.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    publication: &Publication,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(publication.on)
        .bind(publication.one_year.get())
        .bind(publication.five_years.get())
        .bind(now)
        .bind(by)
        .execute(conn)
        .await?;
    Ok(())
}

/// Every publication with when it was recorded, oldest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection) -> Result<Vec<(Publication, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(NaiveDate, i32, i32, DateTime<Utc>)> = sqlx::query_as(LIST).fetch_all(conn).await?;
    let publication = |(on, one, five, at)| {
        (Publication { on, one_year: BasisPoints::new(one), five_years: BasisPoints::new(five) }, at)
    };
    Ok(rows.into_iter().map(publication).collect())
}
