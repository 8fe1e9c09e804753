//! Plans submissions before they are stored, so that submission, acceptance and dispatch are one commit. A submission never
//! depends on it: where whitelist or catalog are away, slow or answer nonsense, it is stored as it came and the worker plans.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use kernel::CaseId;
use tracing::{Instrument, info_span};

use super::submissions::{Submission, Work};
use crate::{
    domain::Case,
    journal::Journal,
    messaging::cover_request,
    store::Changes,
    work::{Draft, Planner, is_away, soon},
};

/// What a batch waits for both answers together: far more than they take, and far less than a caller waits.
const BOUND: Duration = Duration::from_millis(250);
/// After a question that nobody answered no other is asked for so long: one batch waits in vain, not each.
const REST: Duration = Duration::from_secs(1);
/// Answers that are older when they are about to be written are too old: consent may have been revoked since. Together with
/// the longest that a statement may take (30 s) this is less than the time after which revoked consents are looked at once
/// more (`messaging/consents.rs`).
const HOLDS: Duration = Duration::from_secs(2);

/// Plans what channels accept by themselves.
#[derive(Clone)]
pub(crate) struct AtOnce {
    planner: Planner,
    unanswered: Arc<Mutex<Option<Instant>>>,
}

/// What planning makes of a submission that is not stored yet.
pub(crate) struct Plan {
    asked_at: Instant,
    /// As it is left.
    pub case: Case,
    /// All that follows, but for the case itself.
    pub changes: Changes,
    /// A deadline of it comes soon.
    pub is_due_soon: bool,
}

impl Plan {
    /// Whether it may still be written.
    pub(super) fn holds(&self) -> bool {
        self.asked_at.elapsed() < HOLDS
    }
}

impl AtOnce {
    pub(crate) fn new(planner: Planner) -> Self {
        Self { planner, unanswered: Arc::default() }
    }

    /// Adds a plan to each submission that can have one now. No connection to the database may be held meanwhile.
    pub(super) async fn plan(&self, batch: &mut [Submission]) {
        let policy = &self.planner.rules.policy;
        let works: Vec<&mut Work> = batch
            .iter_mut()
            .filter_map(|one| one.work.as_mut().ok())
            .filter(|work| policy.accepts_by_itself(work.record.case.channel))
            .collect();
        if works.is_empty() || self.rests() {
            return;
        }
        let asked_at = Instant::now();
        let Some(mut drafts) = self.ask(&works).await else { return };
        for work in works {
            work.plan = drafts.remove(&work.record.case.id).and_then(|draft| self.settle(draft, asked_at));
        }
    }

    /// None: the worker is to ask.
    async fn ask(&self, works: &[&mut Work]) -> Option<HashMap<CaseId, Draft>> {
        let records: Vec<_> = works.iter().map(|work| work.record.clone()).collect();
        let span = info_span!("case.plan", cases = records.len());
        match tokio::time::timeout(BOUND, self.planner.ask(records, &[]).instrument(span)).await {
            Ok(Ok(drafts)) => Some(drafts.into_iter().map(|draft| (draft.record.case.id, draft)).collect()),
            Ok(Err(status)) => {
                tracing::warn!(code = ?status.code(), cases = works.len(), "submissions are planned later");
                if is_away(&status) {
                    self.rest();
                }
                None
            }
            Err(_) => {
                tracing::warn!(cases = works.len(), "submissions are planned later: no answer in time");
                self.rest();
                None
            }
        }
    }

    /// As the worker settles a case that is stored. None: nothing follows yet, or not from here.
    fn settle(&self, draft: Draft, asked_at: Instant) -> Option<Plan> {
        let mut journal = Journal::new(self.planner.clock.now(), &self.planner.rules);
        let case = draft.record.case.clone();
        self.planner.settle(&mut journal, case, draft, &mut []);
        if let Err(error) = cover_request::ask_at_dispatch(&mut journal) {
            tracing::error!(error = &error as &dyn std::error::Error, "a submission is planned later");
            return None;
        }
        let mut changes = journal.changes;
        let (case, _) = changes.cases.pop()?;
        let is_due_soon = changes.is_due_before(soon(journal.now));
        Some(Plan { asked_at, case, changes, is_due_soon })
    }

    fn rests(&self) -> bool {
        let unanswered = *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.is_some_and(|since| since.elapsed() < REST)
    }

    fn rest(&self) {
        *self.unanswered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}
