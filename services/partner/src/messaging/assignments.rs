//! Consumer of `partner.assignments.v1` and `partner.cover-assignments.v1`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{Handler, HandlerError, Message, Outcome, Way};
use kernel::{Clock, EventId, InstitutionId};
use sqlx::{PgConnection, PgPool};
use writes::Writes;

use super::incoming::{Unheard, read};
use crate::domain::Notice;
use crate::store::{self, Delivery, Handing, Heard, LongPolls, StoreError, Told};

/// How long news that asks nothing of an institution (the fate of a reply) may wait for company before it ends a long
/// poll: a call for each would cost more than the news.
const UNHURRIED: Duration = Duration::from_millis(100);
/// How often, and after which pause, events are given back that were not handed over.
const TRIES: usize = 60;
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Puts the messages about legs into assignments and feeds, and tells the long polls that wait for them.
#[derive(Clone)]
pub struct Assignments {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub polls: LongPolls,
}

/// What one transaction has.
pub struct Batch {
    read: Vec<Result<Told, Unheard>>,
    /// To whom something is handed once it is committed.
    handing: Handings,
    /// Whose feeds grow by something else.
    grown: HashSet<InstitutionId>,
    grown_unhurriedly: HashSet<InstitutionId>,
}

impl Handler for Assignments {
    type Prepared = Batch;

    async fn prepare(&self, batch: &[Message]) -> Batch {
        Batch {
            read: batch.iter().map(|message| message.span().in_scope(|| read(message))).collect(),
            handing: Handings { all: Vec::new(), pool: self.pool.clone(), polls: self.polls.clone() },
            grown: HashSet::new(),
            grown_unhurriedly: HashSet::new(),
        }
    }

    const GATHERS: bool = true;

    async fn gather(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        prepared: &mut Batch,
        writes: &mut Writes,
        way: Way,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let readable: Vec<Told> = prepared.read.iter().filter_map(|told| told.clone().ok()).collect();
        let hearing = store::hear(conn, &readable, (&self.polls, self.clock.now()), writes, way);
        let hearing = hearing.await.map_err(failed)?;
        prepared.note(&readable, hearing.handing);
        let mut heard = hearing.heard.into_iter();
        let outcomes = batch.iter().zip(&prepared.read).map(|(message, told)| {
            let reason = match told {
                Err(unheard) => unheard.reason(),
                Ok(_) => match heard.next() {
                    Some(Heard::Applied) => return Outcome::Done,
                    Some(Heard::ForeignInstitution) | None => "leg-of-another-institution",
                },
            };
            message.span().in_scope(|| {
                tracing::warn!(message_id = %message.id, kind = message.kind, reason, "message parked");
            });
            Outcome::Park { reason }
        });
        Ok(outcomes.collect())
    }

    fn committed(&self, batch: Batch) {
        self.polls.wake(batch.grown, Duration::ZERO);
        self.polls.wake(batch.grown_unhurriedly, UNHURRIED);
        batch.handing.hand_over();
    }
}

/// What is handed over; whatever of it is not is given back.
struct Handings {
    all: Vec<Handing>,
    pool: PgPool,
    polls: LongPolls,
}

impl Handings {
    fn hand_over(mut self) {
        let left = self.all.drain(..).filter_map(|Handing { to, deliveries }| {
            let institution = to.institution();
            to.hand(deliveries).err().map(|deliveries| (institution, deliveries))
        });
        let left: Vec<_> = left.collect();
        self.give_back(left);
    }

    /// If it fails, or this process ends before, the leases run out.
    fn give_back(&self, left: Vec<(InstitutionId, Vec<Delivery>)>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if left.is_empty() {
            return;
        }
        let (pool, polls) = (self.pool.clone(), self.polls.clone());
        runtime.spawn(async move {
            let events: Vec<EventId> =
                left.iter().flat_map(|(_, deliveries)| deliveries.iter().map(|one| one.event_id)).collect();
            for _ in 0..TRIES {
                match store::give_back(&pool, &events).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(%error, events = events.len(), "events are not given back yet")
                    }
                }
                tokio::time::sleep(TRY_AGAIN).await;
            }
            polls.wake(left.into_iter().map(|(institution, _)| institution), Duration::ZERO);
        });
    }
}

/// The transaction may have been committed all the same, without anybody hearing of it.
impl Drop for Handings {
    fn drop(&mut self) {
        let left: Vec<_> =
            self.all.drain(..).map(|handing| (handing.to.institution(), handing.deliveries)).collect();
        self.give_back(left);
    }
}

impl Batch {
    fn note(&mut self, told: &[Told], handing: Vec<Handing>) {
        let handed: HashSet<_> = handing
            .iter()
            .flat_map(|one| one.deliveries.iter().map(|delivery| delivery.assignment_id))
            .collect();
        for told in told {
            if told.notice == Notice::Judged {
                self.grown_unhurriedly.insert(told.institution_id);
            } else if !(matches!(told.notice, Notice::Issued(_)) && handed.contains(&told.assignment_id)) {
                self.grown.insert(told.institution_id);
            }
        }
        self.handing.all = handing;
    }
}

fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        StoreError::Raced => HandlerError::NeedsTransaction,
        StoreError::Row { .. } | StoreError::Away | StoreError::Ending => {
            HandlerError::failed("store", error)
        }
    }
}
