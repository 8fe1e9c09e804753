//! Planning of cases that are stored already, many at once: the planner asks, then one transaction accepts, rejects
//! or dispatches each case whose version is still the one that was planned for.

use std::collections::{HashMap, HashSet};

use kernel::CaseId;
use tracing::{Instrument, info_span};

use super::{WorkError, Worker, is_away, planner::Draft, soon};
use crate::{
    domain::{Case, Leg},
    journal::Journal,
    store::{
        StoreError, cases,
        deadlines::{self, Deadline, Fired, Kind},
        legs,
    },
};

/// When to plan a case that has changed while it was planned.
const REPLAN: chrono::TimeDelta = chrono::TimeDelta::seconds(1);

impl Worker {
    pub(super) async fn plan(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<CaseId> = fired.iter().map(|fired| fired.case).collect();
        let (records, before) = {
            let mut conn = self.pool.acquire().await?;
            let records = cases::read(&mut conn, &ids).await?;
            let again: Vec<CaseId> =
                records.iter().filter(|record| record.case.round > 0).map(|record| record.case.id).collect();
            let before =
                if again.is_empty() { Vec::new() } else { legs::of_cases(&mut conn, &again).await? };
            (records, before)
        };
        let span = info_span!("case.plan", cases = records.len());
        match self.planner.ask(records, &before).instrument(span).await {
            Ok(drafts) => self.carry_out(&ids, drafts, before).await,
            Err(status) if !is_away(&status) => Err(WorkError::Refused(status.code())),
            Err(status) => {
                let attempts = fired.iter().map(|fired| fired.attempts).max().unwrap_or_default();
                tracing::warn!(code = ?status.code(), cases = ids.len(), attempts, "planning waits for another role");
                let mut conn = self.pool.acquire().await?;
                let again = host::turns::try_again_at(self.clock.now(), attempts);
                Ok(deadlines::postpone(&mut conn, &ids, Kind::Plan, again).await?)
            }
        }
    }

    /// `before`: the legs of earlier rounds, which a screening that fails releases.
    async fn carry_out(&self, ids: &[CaseId], drafts: Vec<Draft>, before: Vec<Leg>) -> Result<(), WorkError> {
        // Each of these is changed, and its version with it: that is what the one statement compares.
        let plain = |draft: &Draft| self.planner.is_plannable(&draft.record.case) && draft.is_of_known();
        let is_due_soon = if before.is_empty() && drafts.len() == ids.len() && drafts.iter().all(plain) {
            self.carry_out_at_once(ids, drafts).await?
        } else {
            self.carry_out_locked(ids, drafts, before).await?
        };
        self.outbox.wake();
        if is_due_soon {
            self.alarm.timers();
        }
        Ok(())
    }

    /// First rounds, by one statement that is a transaction by itself: it writes nothing if one of the cases has changed
    /// since it was read, and then their turn comes again. Returns whether a deadline of theirs comes soon.
    async fn carry_out_at_once(&self, ids: &[CaseId], drafts: Vec<Draft>) -> Result<bool, WorkError> {
        let now = self.clock.now();
        let mut journal = Journal::new(now, &self.rules);
        for draft in drafts {
            let case = draft.record.case.clone();
            let read = cases::Read { version: case.version, touched: None };
            journal.changes.read.insert(case.id, read);
            self.planner.settle(&mut journal, case, draft, &mut []);
        }
        let mut conn = self.pool.acquire().await?;
        if journal.changes.cases.len() < ids.len() {
            deadlines::postpone(&mut conn, ids, Kind::Plan, now + REPLAN).await?;
            return Ok(false);
        }
        match journal.write(&mut conn).await {
            Err(StoreError::Database(error)) if writes::is_other_number(&error) => Ok(false),
            written => Ok(written.map(|()| journal.changes.is_due_before(soon(now)))?),
        }
    }

    /// As [`Self::carry_out_at_once`], for whatever must be locked first.
    async fn carry_out_locked(
        &self,
        ids: &[CaseId],
        drafts: Vec<Draft>,
        mut before: Vec<Leg>,
    ) -> Result<bool, WorkError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let locked: HashMap<CaseId, Case> = cases::lock(&mut tx, ids)
            .await?
            .into_iter()
            .map(|record| (record.case.id, record.case))
            .collect();
        let mut journal = Journal::new(now, &self.rules);
        let mut moved_on: HashSet<CaseId> = ids.iter().copied().collect();
        for draft in drafts {
            let id = draft.record.case.id;
            let Some(case) = locked.get(&id).filter(|case| case.version == draft.record.case.version) else {
                continue;
            };
            moved_on.remove(&id);
            let mut own: Vec<Leg> = before.extract_if(.., |leg| leg.case == id).collect();
            self.planner.settle(&mut journal, case.clone(), draft, &mut own);
        }
        // Whoever changed a case in the meantime has also said what is next for it; only what nobody will plan any
        // more loses its row.
        for id in moved_on {
            if locked.get(&id).is_some_and(|case| self.planner.is_plannable(case)) {
                let soon = Deadline { due_at: Some(now + REPLAN), ..Deadline::now(id, Kind::Plan, now) };
                journal.changes.set(soon);
            } else {
                journal.changes.clear(id, Kind::Plan);
            }
        }
        journal.write(&mut tx).await?;
        tx.commit().await?;
        Ok(journal.changes.is_due_before(soon(now)))
    }
}
