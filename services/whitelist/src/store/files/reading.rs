//! The register as one moment shows it, a page at a time: for exports.

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::store::StoreError;

/// Pages of one export are of one moment.
const ONE_MOMENT: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const LISTINGS: &str = "SELECT list, uscc, name, level, number, valid_from, valid_to FROM province_list_now
    WHERE (list, uscc) > ($1, $2) ORDER BY list, uscc LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[LISTINGS];

/// An entry of a list from above.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listing {
    pub list: String,
    pub uscc: String,
    pub name: String,
    pub level: String,
    pub number: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
}

/// The first statement of a transaction that reads page after page.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn one_moment(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(ONE_MOMENT).execute(conn).await?;
    Ok(())
}

/// At most `limit` entries of the lists that hold, after `after` in the order of list and USCC.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn listings(
    conn: &mut PgConnection,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<Listing>, StoreError> {
    Ok(sqlx::query_as(LISTINGS).bind(after.0).bind(after.1).bind(limit).fetch_all(conn).await?)
}
