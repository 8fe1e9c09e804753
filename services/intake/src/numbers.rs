//! Hands out case numbers (domain.md §2.7). Serials are reserved by the block, so that submissions never queue for a
//! counter; a restart loses the rest of a block.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use kernel::CaseNumber;
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::store::{StoreError, serials};

/// Numbers reserved at once.
const BLOCK: i64 = 32;
/// Asia/Shanghai has had no other offset since 1991.
const SHANGHAI_SECONDS: i32 = 8 * 3_600;

#[derive(Debug)]
pub(crate) struct Numbers {
    pool: PgPool,
    block: Mutex<Option<Block>>,
}

#[derive(Debug)]
struct Block {
    day: NaiveDate,
    next: i64,
    end: i64,
}

impl Numbers {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, block: Mutex::new(None) }
    }

    /// The next number of the day that it is in Jiyuan at `now`.
    pub(crate) async fn next(&self, now: DateTime<Utc>) -> Result<CaseNumber, StoreError> {
        let day = FixedOffset::east_opt(SHANGHAI_SECONDS)
            .map_or(now.date_naive(), |zone| now.with_timezone(&zone).date_naive());
        let mut block = self.block.lock().await;
        let serial = match block.as_mut() {
            Some(open) if open.day == day && open.next < open.end => {
                open.next += 1;
                open.next - 1
            }
            _ => {
                // Its own transaction, committed before any number is used.
                let mut conn = self.pool.acquire().await?;
                let first = serials::reserve(&mut conn, day, BLOCK).await?;
                *block = Some(Block { day, next: first + 1, end: first + BLOCK });
                first
            }
        };
        CaseNumber::issue(day, u64::try_from(serial).unwrap_or_default()).map_err(StoreError::Number)
    }
}
