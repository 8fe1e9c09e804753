//! One page of facts into a book.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{PAGE, end_of_days};
use crate::{
    domain::{fact::Fact, step::Step, tally::Tally},
    store::{
        self, StoreError,
        books::{self, Book},
        facts::{self, Stretch},
    },
    wire,
};

/// Folds into the book in use everything that was recorded before this call.
///
/// # Errors
/// The database's; what was folded until then stays.
#[tracing::instrument(level = "debug", skip_all)]
pub(crate) async fn catch_up(pool: &PgPool) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?;
    if !books::is_behind(&mut conn).await? {
        return Ok(());
    }
    drop(conn);
    loop {
        let mut transaction = store::begin(pool).await?;
        let Some(mut book) = books::lock_in_use(&mut transaction).await? else { continue };
        let to = book.last_fact_at;
        let more = turn(&mut transaction, &mut book, to).await?;
        transaction.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

/// Folds the next page of facts recorded up to `to`, which nothing can be added to any more. Whether there may be more.
pub(super) async fn turn(
    conn: &mut PgConnection,
    book: &mut Book,
    to: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let stretch = Stretch { after: book.folded_to, to, happened_before: end_of_days() };
    let page = facts::page(conn, stretch, PAGE).await?;
    let full = i64::try_from(page.len()).is_ok_and(|len| len >= PAGE);
    let folded_to = match page.last() {
        Some((recorded_at, _)) if full => *recorded_at,
        _ => to,
    };
    if folded_to <= book.folded_to {
        return Ok(false);
    }
    let steps: Vec<Step> =
        page.iter().filter_map(|(_, fact)| step(fact).transpose()).collect::<Result<_, _>>()?;
    let mut cases: Vec<Uuid> = steps.iter().map(|step| step.case_id).collect();
    cases.sort_unstable();
    cases.dedup();

    let mut sheets = books::sheets(conn, book.book, &cases).await?;
    let mut changes = Tally::default();
    sheets.values().for_each(|sheet| sheet.tally(-1, &mut changes));
    for step in &steps {
        sheets.entry(step.case_id).or_default().take(step);
    }
    sheets.values().for_each(|sheet| sheet.tally(1, &mut changes));
    books::write(conn, book.book, &sheets, &changes, folded_to).await?;
    book.folded_to = folded_to;
    Ok(full)
}

/// What a stored fact means. It was read when it was taken, so it can be read now.
pub(super) fn step(fact: &Fact) -> Result<Option<Step>, StoreError> {
    let unreadable = |error: wire::Unreadable| {
        tracing::error!(message_id = %fact.message_id, error = &error as &dyn std::error::Error, "a kept fact cannot be read");
        StoreError::Impossible { table: "fact", id: fact.message_id.uuid(), column: "body" }
    };
    wire::step(fact).map_err(unreadable)
}
