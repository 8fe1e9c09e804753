//! The enterprise's time to supplement has lapsed: the case is withdrawn (domain.md §3.2 a).

use tracing::info_span;

use super::{WorkError, Worker};
use crate::{
    domain::{Command, Phase},
    journal::{Doer, Journal},
    store::{
        cases,
        deadlines::{Fired, Kind},
    },
};

impl Worker {
    pub(super) async fn supplement(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<_> = fired.iter().map(|fired| fired.case).collect();
        let mut tx = self.pool.begin().await?;
        let mut journal = Journal::new(self.clock.now(), &self.rules);
        for record in cases::lock(&mut tx, &ids).await? {
            let span = info_span!("case.supplement-lapsed", case = %record.case.id);
            if let Some(root) = &record.root_traceparent {
                telemetry::context::child_of(&span, root);
            }
            let mut case = record.case;
            journal.changes.clear(case.id, Kind::Supplement);
            if !matches!(case.phase, Phase::Supplement { .. }) {
                continue;
            }
            // There are no legs before dispatch.
            let lapsed = span.in_scope(|| {
                journal.execute(&mut case, Command::SupplementElapsed, &Doer::intake(), &mut [])
            });
            if let Err(refusal) = lapsed {
                tracing::error!(case = %case.id, %refusal, "a supplement could not lapse");
            }
        }
        journal.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }
}
