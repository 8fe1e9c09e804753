//! Consumer of `partner.assignments.v1` and `partner.cover-assignments.v1`.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bus::{Handler, HandlerError, Message, Outcome};
use kernel::InstitutionId;
use sqlx::PgConnection;
use writes::Writes;

use super::incoming::{Unheard, read};
use crate::domain::Notice;
use crate::store::{self, Heard, StoreError, Told, Wakeups};

/// How long news that asks nothing of an institution (the fate of a reply) may wait for company before it ends a long
/// poll: a call for each would cost more than the news.
const UNHURRIED: Duration = Duration::from_millis(20);

/// Puts the messages about legs into assignments and feeds, and wakes the long polls that wait for them.
pub struct Assignments {
    wakeups: Wakeups,
    /// Whose feeds have grown since the last commit.
    grown: Mutex<Grown>,
}

#[derive(Default)]
struct Grown {
    at_once: HashSet<InstitutionId>,
    soon: HashSet<InstitutionId>,
}

impl Assignments {
    pub fn new(wakeups: Wakeups) -> Self {
        Self { wakeups, grown: Mutex::default() }
    }
}

impl Handler for Assignments {
    type Prepared = Vec<Result<Told, Unheard>>;

    async fn prepare(&self, batch: &[Message]) -> Self::Prepared {
        batch.iter().map(|message| message.span().in_scope(|| read(message))).collect()
    }

    const GATHERS: bool = true;

    async fn gather(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        prepared: Self::Prepared,
        writes: &mut Writes,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let readable: Vec<Told> = prepared.iter().filter_map(|told| told.clone().ok()).collect();
        let mut heard = store::hear(conn, &readable, writes).await.map_err(failed)?.into_iter();
        let outcomes = batch.iter().zip(&prepared).map(|(message, told)| {
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
        let outcomes = outcomes.collect();
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        for told in &readable {
            let whom = if told.notice == Notice::Judged { &mut grown.soon } else { &mut grown.at_once };
            whom.insert(told.institution_id);
        }
        Ok(outcomes)
    }

    fn committed(&self) {
        let grown = std::mem::take(&mut *self.grown.lock().unwrap_or_else(PoisonError::into_inner));
        self.wakeups.wake(grown.at_once.iter().copied());
        let soon: Vec<InstitutionId> = grown.soon.difference(&grown.at_once).copied().collect();
        if !soon.is_empty() {
            let wakeups = self.wakeups.clone();
            tokio::spawn(async move {
                tokio::time::sleep(UNHURRIED).await;
                wakeups.wake(soon);
            });
        }
    }
}

fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        StoreError::Row { .. } | StoreError::Away | StoreError::Raced | StoreError::Ending => {
            HandlerError::failed("store", error)
        }
    }
}
