//! Acknowledging events. For an assignment that has not been seen yet it is a change of state, and goes the way of all
//! acts; everything else is bookkeeping, and commits asynchronously.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId};
use sqlx::PgPool;
use uuid::Uuid;

use super::acts::{Act, Acts};
use super::{BEGIN_LOOSELY, StoreError, events};
use crate::domain::FeedKind;

/// Ends the delivery of those of `named` that are the institution's; gives back the others. `receive` makes the act by
/// which an assignment counts as received.
pub async fn acknowledge(
    pool: &PgPool,
    acts: &Acts,
    institution_id: InstitutionId,
    named: &[EventId],
    now: DateTime<Utc>,
    receive: impl Fn(LegId) -> Act,
) -> Result<HashSet<EventId>, StoreError> {
    let ids: Vec<Uuid> = named.iter().map(|id| id.uuid()).collect();
    let own = events::find_named(pool, institution_id, &ids).await?;
    let unknown = {
        let known: HashSet<EventId> = own.iter().map(|event| event.event_id).collect();
        named.iter().copied().filter(|id| !known.contains(id)).collect()
    };
    let (first_contact, rest): (Vec<_>, Vec<_>) = own
        .into_iter()
        .filter(|event| !event.acked)
        .partition(|event| event.kind == FeedKind::AssignmentIssued && event.untouched);
    acts.carry_out_all(first_contact.iter().map(|event| receive(event.assignment_id)).collect()).await?;
    if !rest.is_empty() {
        let ids: Vec<Uuid> = rest.iter().map(|event| event.event_id.uuid()).collect();
        let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
        events::acknowledge(&mut transaction, &ids, now).await?;
        transaction.commit().await?;
    }
    Ok(unknown)
}
