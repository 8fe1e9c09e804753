//! Serial numbers for case numbers, reserved by the block: a crash loses the rest of a block, never repeats a number.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::StoreError;

pub(super) const RESERVE: &str = "INSERT INTO case_serial (day, next) VALUES ($1, 1 + $2)
    ON CONFLICT (day) DO UPDATE SET next = case_serial.next + $2 RETURNING next - $2";

/// The first of `count` serials of that day that are now the caller's. To be committed before any is used.
pub async fn reserve(conn: &mut PgConnection, day: NaiveDate, count: i64) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(RESERVE).bind(day).bind(count).fetch_one(conn).await?)
}
