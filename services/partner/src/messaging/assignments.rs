//! Consumer of `partner.assignments.v1` and `partner.cover-assignments.v1`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::{Handler, HandlerError, Message, Outcome, Way};
use kernel::{Clock, InstitutionId};
use sqlx::{PgConnection, PgPool};
use writes::Writes;

use super::incoming::{Unheard, read};
use crate::domain::{Assignment, Notice};
use crate::store::polls::Reserved;
use crate::store::{self, GiveBack, Handed, Handing, Heard, Known, LongPolls, StoreError, Told};

/// How long news that asks nothing of an institution (the fate of a reply) may wait for company before it ends a long
/// poll: a call for each would cost more than the news.
const UNHURRIED: Duration = Duration::from_millis(100);
/// Puts the messages about legs into assignments and feeds, and tells the long polls that wait for them.
pub struct Assignments {
    clock: Arc<dyn Clock>,
    polls: LongPolls,
    known: Known,
    back: GiveBack,
}

impl Assignments {
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, polls: LongPolls, known: Known) -> Self {
        Self { clock, back: GiveBack::start(pool, polls.clone()), polls, known }
    }
}

/// What one attempt at a batch has.
pub struct Batch {
    read: Vec<Result<Told, Unheard>>,
    /// What is handed over once it is committed, and to whom. If it never is, it goes back by being dropped: it may have been
    /// committed all the same, without anybody hearing of it.
    handing: Vec<(Reserved, Handed)>,
    /// Whose feeds grow by something else.
    grown: HashSet<InstitutionId>,
    grown_unhurriedly: HashSet<InstitutionId>,
    written: Vec<Assignment>,
}

impl Handler for Assignments {
    type Prepared = Batch;

    async fn prepare(&self, batch: &[Message]) -> Batch {
        Batch {
            read: batch.iter().map(|message| message.scope(|| read(message))).collect(),
            handing: Vec::new(),
            grown: HashSet::new(),
            grown_unhurriedly: HashSet::new(),
            written: Vec::new(),
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
        let polls = (&self.polls, self.clock.now());
        let hearing = store::hear(conn, &readable, &self.known, polls, writes, way).await.map_err(failed)?;
        prepared.written = hearing.written;
        prepared.note(&readable, hearing.handing, &self.back);
        let mut heard = hearing.heard.into_iter();
        let outcomes = batch.iter().zip(&prepared.read).map(|(message, told)| {
            let reason = match told {
                Err(unheard) => unheard.reason(),
                Ok(_) => match heard.next() {
                    Some(Heard::Applied) => return Outcome::Done,
                    Some(Heard::ForeignInstitution) | None => "leg-of-another-institution",
                },
            };
            message.scope(|| {
                tracing::warn!(message_id = %message.id, kind = message.kind, reason, "message parked");
            });
            Outcome::Park { reason }
        });
        Ok(outcomes.collect())
    }

    fn committed(&self, batch: Batch) {
        self.known.committed(batch.written);
        self.polls.wake(batch.grown, Duration::ZERO);
        self.polls.wake(batch.grown_unhurriedly, UNHURRIED);
        for (to, handed) in batch.handing {
            to.hand(handed.committed());
        }
    }
}

impl Batch {
    fn note(&mut self, told: &[Told], handing: Vec<Handing>, back: &GiveBack) {
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
        self.handing = handing
            .into_iter()
            .map(|Handing { to, deliveries, until }| {
                let handed = Handed::new(to.institution(), deliveries, until, back.clone());
                (to, handed)
            })
            .collect();
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
