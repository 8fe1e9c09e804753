//! A chosen institution that has not answered is told again, at growing distances: its message may have been lost, and
//! nothing else would ever make that good. What becomes of the choice in the meantime is the case's business.

use chrono::TimeDelta;
use tracing::info_span;

use super::{WorkError, Worker, traced};
use crate::{
    domain::Phase,
    messaging::publish,
    store::{
        self, covers,
        deadlines::{Deadline, Fired, Kind},
    },
};

/// The longest distance.
const DAY: TimeDelta = TimeDelta::days(1);

impl Worker {
    pub(super) async fn hold(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<_> = fired.iter().map(|fired| fired.cover).collect();
        let mut tx = self.pool.begin().await?;
        store::keep_to_indexes(&mut tx).await?;
        let mut journal = self.journal();
        let now = journal.now;
        for record in covers::lock(&mut tx, &ids).await? {
            let span = traced(info_span!("cover.hold", case = %record.cover.case), &record);
            let cover = record.cover;
            let Phase::Held { leg, due_at } = cover.phase else {
                journal.changes.done(cover.id, Kind::Hold);
                continue;
            };
            if let Some(leg) = cover.leg(leg) {
                let again = span.in_scope(|| publish::leg_selected(leg, due_at, now));
                journal.changes.outgoing.push(again);
            }
            let since = fired.iter().find(|fired| fired.cover == cover.id).map_or(now, |fired| fired.since);
            // As long again as it has been held.
            let distance = (now - since).clamp(self.policy.ask_again(), DAY.max(self.policy.ask_again()));
            journal.changes.set(Deadline::at(cover.id, Kind::Hold, since, now + distance));
        }
        journal.changes.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }
}
