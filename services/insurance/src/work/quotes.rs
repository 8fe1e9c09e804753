//! Quotes that end (valid_until) and were not chosen: they can no longer be.

use tracing::info_span;

use super::{WorkError, Worker, traced};
use crate::{
    domain::Command,
    store::{
        self, covers,
        deadlines::{Deadline, Fired, Kind},
    },
};

impl Worker {
    pub(super) async fn expire(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<_> = fired.iter().map(|fired| fired.cover).collect();
        let mut tx = self.pool.begin().await?;
        store::keep_to_indexes(&mut tx).await?;
        let mut journal = self.journal();
        // A choice that was made in time may still be on its way.
        let before = journal.now - self.policy.grace();
        for record in covers::lock(&mut tx, &ids).await? {
            let span = traced(info_span!("cover.expire", case = %record.cover.case), &record);
            let mut cover = record.cover;
            let known = cover.version;
            span.in_scope(|| self.command(&mut journal, &mut cover, Command::ExpireQuotes { before }));
            if cover.version != known {
                continue;
            }
            match cover.next_expiry() {
                // The end itself is still in time.
                Some(at) => {
                    let due_at =
                        (at + self.policy.grace()).max(journal.now) + chrono::TimeDelta::milliseconds(1);
                    journal.changes.set(Deadline::at(cover.id, Kind::Expire, journal.now, due_at));
                }
                None => journal.changes.done(cover.id, Kind::Expire),
            }
        }
        journal.changes.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }
}
