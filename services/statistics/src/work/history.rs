//! Figures of a past day, or of a past state of knowledge: folded from the facts, in memory, and forgotten.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::{PAGE, fold::step};
use crate::{
    domain::{figures::Numbers, sheet::Sheet, tally::Tally},
    store::{
        self, StoreError,
        facts::{self, Stretch},
    },
};

/// The numbers of a park (of all where it is empty) from the facts recorded up to `known_at` that happened before
/// `happened_before`. No fact may be added up to `known_at` any more, so the answer is the same for ever.
///
/// # Errors
/// The database's.
#[tracing::instrument(level = "debug", skip_all)]
pub(crate) async fn as_known(
    pool: &PgPool,
    known_at: DateTime<Utc>,
    happened_before: DateTime<Utc>,
    park: &str,
) -> Result<Numbers, StoreError> {
    let mut sheets: HashMap<Uuid, Sheet> = HashMap::new();
    let mut stretch = Stretch { after: DateTime::UNIX_EPOCH, to: known_at, happened_before };
    loop {
        let mut transaction = store::begin(pool).await?;
        let page = facts::page(&mut transaction, stretch, PAGE).await?;
        transaction.commit().await?;
        for (_, fact) in &page {
            if let Some(step) = step(fact)? {
                sheets.entry(step.case_id).or_default().take(&step);
            }
        }
        match page.last() {
            Some((recorded_at, _)) if i64::try_from(page.len()).is_ok_and(|len| len >= PAGE) => {
                stretch.after = *recorded_at;
            }
            _ => break,
        }
    }
    let mut tally = Tally::default();
    sheets.values().for_each(|sheet| sheet.tally(1, &mut tally));
    Ok(Numbers::of(&tally, park))
}
