//! Takes what insurers and guarantors send through partner, a batch at a time: every reply is judged in memory under the
//! lock of its cover request, and all that follows is written by one statement for each table.

use std::{collections::HashMap, sync::Arc};

use bus::{Handler, HandlerError, Message, Outcome};
use kernel::{Clock, LegId};
use sqlx::PgConnection;

use super::{failed, publish::reply_judged};
use crate::{
    domain::{
        Cover, CoverId, Policy,
        reply::{Fate, judge},
    },
    journal::{Doer, Journal},
    store::{self, StoreError, covers},
    wire::incoming::{Incoming, read},
    work::Alarm,
};

#[derive(Clone)]
pub(crate) struct Replies {
    pub clock: Arc<dyn Clock>,
    pub policy: Policy,
    pub alarm: Alarm,
}

impl Handler for Replies {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        let incoming: Vec<Result<Incoming, &'static str>> = batch.iter().map(read).collect();
        let mut taking = self.load(conn, &incoming).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, incoming) in batch.iter().zip(incoming) {
            outcomes.push(match incoming {
                Ok(incoming) => message.scope(|| taking.take(incoming)),
                Err(reason) => Outcome::Park { reason },
            });
        }
        taking.journal.changes.write(conn).await.map_err(failed)?;
        Ok(outcomes)
    }

    fn committed(&self, (): ()) {
        self.alarm.wake();
    }
}

impl Replies {
    async fn load(
        &self,
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
    ) -> Result<Taking, StoreError> {
        store::keep_to_indexes(conn).await?;
        let mut ids: Vec<LegId> = incoming.iter().flatten().map(|incoming| incoming.leg).collect();
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        let mut covers = HashMap::new();
        let mut of_leg = HashMap::new();
        for record in covers::lock_by_legs(conn, &ids).await? {
            of_leg.extend(record.cover.legs.iter().map(|leg| (leg.id, record.cover.id)));
            covers.insert(record.cover.id, record.cover);
        }
        let now = self.clock.now();
        Ok(Taking { covers, of_leg, journal: Journal::new(now, self.policy) })
    }
}

/// What a batch works on: locked cover requests with their legs.
struct Taking {
    covers: HashMap<CoverId, Cover>,
    of_leg: HashMap<LegId, CoverId>,
    journal: Journal,
}

impl Taking {
    fn take(&mut self, incoming: Incoming) -> Outcome {
        let Incoming { leg: id, institution, at, reply } = incoming;
        let cover = self.of_leg.get(&id).and_then(|cover| self.covers.get_mut(cover));
        let Some(cover) = cover else {
            return Outcome::Park { reason: "LEG_UNKNOWN" };
        };
        let Some(leg) = cover.leg(id).cloned() else {
            return Outcome::Park { reason: "LEG_UNKNOWN" };
        };
        if leg.institution != institution {
            return Outcome::Park { reason: "LEG_OF_ANOTHER" };
        }
        let verdict = judge(cover, &leg, &reply, at);
        let told_before = self.journal.changes.outgoing.len();
        if let Some(command) = verdict.command
            && self.journal.execute(cover, command, &Doer::institution(institution)).is_err()
        {
            // The leg's state and the cover's contradict each other: for a person to look at.
            return Outcome::Park { reason: "COVER_STATE" };
        }
        let leg = cover.leg(id).unwrap_or(&leg);
        let now = self.journal.now;
        let superseded = verdict.displaced.map(|displaced| (displaced, Fate::Superseded));
        let judged = reply.id().zip(verdict.fate);
        let fates = superseded.into_iter().chain(judged).map(|(id, fate)| reply_judged(id, leg, fate, now));
        // Before what it brought about: an institution is told the fate of its word, and then that its leg has ended.
        self.journal.changes.outgoing.splice(told_before..told_before, fates);
        Outcome::Done
    }
}
