//! Cases that wait for somebody who did not come: insurance, the enterprise's choice, the bank's approval, another
//! round; those who were chosen are in `chosen`. Each kind of deadline ends in a command; a deadline that finds its case moved on changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::Due;
use prost::Message as _;
use proto::intake::v1 as wire;
use tracing::info_span;

use super::{WorkError, Worker};
use crate::{
    domain::{Case, Command, Cover, ExpiryCause, Leg, Phase, ReopenCause},
    journal::{Doer, Journal, longest},
    messaging::publish,
    store::{
        cases, covers,
        deadlines::{Deadline, Fired, Kind},
        engagements, legs,
    },
};

/// When to look again at an approval that may be waiting with the broker.
const UNHEARD: TimeDelta = TimeDelta::seconds(1);

impl Worker {
    pub(super) async fn waiting(&self, kind: Kind, fired: &[Fired]) -> Result<(), WorkError> {
        let now = self.clock.now();
        let ids: Vec<_> = fired.iter().map(|fired| fired.case).collect();
        let mut tx = self.pool.begin().await?;
        let records = cases::lock(&mut tx, &ids).await?;
        let mut legs = legs::of_cases(&mut tx, &ids).await?;
        let asked = if kind == Kind::Cover { covers::asked(&mut tx, &ids).await? } else { Vec::new() };
        let engaged =
            if kind == Kind::Valuation { engagements::of_cases(&mut tx, &ids).await? } else { Vec::new() };
        let mut journal = Journal::new(now, &self.rules);
        for record in records {
            let span = info_span!("case.waiting", case = %record.case.id, kind = kind.code());
            if let Some(root) = &record.root_traceparent {
                telemetry::context::child_of(&span, root);
            }
            let case = record.case;
            let mut own: Vec<Leg> = legs.extract_if(.., |leg| leg.case == case.id).collect();
            let since = fired.iter().find(|fired| fired.case == case.id).map_or(now, |fired| fired.since);
            span.in_scope(|| match kind {
                Kind::Cover => self.cover(&mut journal, case, &mut own, since, &asked),
                Kind::Selection => self.selection(&mut journal, case, &mut own, since),
                Kind::Approval => self.approval(&mut journal, case, &mut own, since),
                Kind::NoOffer => self.no_offer(&mut journal, case, &mut own),
                Kind::Chosen => self.chosen(&mut journal, &case, &own, since),
                Kind::Valuation => self.valuation(&mut journal, case, &mut own, &engaged),
                Kind::Plan | Kind::Window | Kind::Supplement => {}
            });
        }
        journal.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    /// Asks insurance again, later and later, in case a message was lost; at the end goes on without cover.
    fn cover(
        &self,
        journal: &mut Journal,
        mut case: Case,
        legs: &mut [Leg],
        since: DateTime<Utc>,
        asked: &[covers::Asked],
    ) {
        if !case.phase.collection().is_some_and(|round| round.cover == Cover::Asked)
            || !matches!(case.phase, Phase::Collecting(_))
        {
            journal.changes.clear(case.id, Kind::Cover);
            return;
        }
        let limit = match self.rules.calendar.deadline(since, self.rules.policy.cover) {
            Due::At(limit) => Some(limit),
            Due::Pending { .. } => None,
        };
        if limit.is_some_and(|limit| journal.now >= limit) {
            run(journal, &mut case, Command::CoverElapsed, legs);
            return;
        }
        if let Some(asked) = asked.iter().find(|one| (one.case, one.round) == (case.id, case.round)) {
            match wire::CoverRequested::decode(asked.body.as_slice()) {
                Ok(request) => {
                    let again = publish::cover_requested(case.id, case.version, &request, journal.now);
                    journal.changes.outgoing.push(again);
                }
                Err(_) => tracing::error!(case = %case.id, "a stored request for cover cannot be read"),
            }
        }
        let rest = TimeDelta::seconds(i64::from(self.rules.policy.ask_again_seconds));
        let next = journal.now + rest.max(journal.now - since);
        let due_at = Some(limit.map_or(next, |limit| limit.min(next)));
        let span = self.rules.policy.cover;
        journal.changes.set(Deadline { case: case.id, kind: Kind::Cover, due_at, since, span });
    }

    /// Nothing was chosen in time, or the last offer has run out.
    fn selection(&self, journal: &mut Journal, mut case: Case, legs: &mut [Leg], since: DateTime<Utc>) {
        if !matches!(case.phase, Phase::OffersReady(_)) {
            journal.changes.clear(case.id, Kind::Selection);
            return;
        }
        let now = journal.now;
        let cause = match self.rules.calendar.deadline(since, self.rules.policy.selection) {
            Due::At(at) if now >= at => Some(ExpiryCause::SelectionTimeout),
            Due::At(_) | Due::Pending { .. } => {
                longest(&case, legs).is_none_or(|last| last <= now).then_some(ExpiryCause::OffersExpired)
            }
        };
        match cause {
            Some(cause) => run(journal, &mut case, Command::SelectionElapsed { cause }, legs),
            None => {
                let deadline = journal.time_to_choose(&case, since, legs);
                journal.changes.set(deadline);
            }
        }
    }

    /// The chosen bank has stayed silent. It does not lose its turn over an approval that waits with the broker.
    fn approval(&self, journal: &mut Journal, mut case: Case, legs: &mut [Leg], since: DateTime<Utc>) {
        let approve_by = match &case.phase {
            Phase::Selected { choice, .. } => choice.approve_by,
            _ => {
                journal.changes.clear(case.id, Kind::Approval);
                return;
            }
        };
        let span = self.rules.policy.approval;
        let look_at = |due_at| Deadline { case: case.id, kind: Kind::Approval, due_at, since, span };
        let now = journal.now;
        match (approve_by, self.rules.calendar.deadline(since, span)) {
            (None, Due::Pending { .. }) => journal.changes.set(look_at(None)),
            (None, Due::At(approve_by)) => run(journal, &mut case, Command::FixApproval { approve_by }, legs),
            (Some(approve_by), _) if now < approve_by + self.rules.grace() => {
                journal.changes.set(look_at(Some(approve_by + self.rules.grace())));
            }
            (Some(_), _) if !self.hearing.for_long(self.rules.grace()) => {
                journal.changes.set(look_at(Some(now + UNHEARD)));
            }
            (Some(_), _) => {
                let left = legs.iter().any(|leg| leg.round == case.round && leg.is_offer_at(now));
                let command = Command::LoseBank { cause: ReopenCause::ApprovalTimeout, left };
                run(journal, &mut case, command, legs);
            }
        }
    }

    /// Nobody has asked for another round.
    fn no_offer(&self, journal: &mut Journal, mut case: Case, legs: &mut [Leg]) {
        if matches!(case.phase, Phase::NoOffer { again: false, .. }) {
            run(journal, &mut case, Command::Lapse, legs);
        } else {
            journal.changes.clear(case.id, Kind::NoOffer);
        }
    }
}

pub(super) fn run(journal: &mut Journal, case: &mut Case, command: Command, legs: &mut [Leg]) {
    // The state was looked at just above, under the lock: a refusal here would be a fault of ours.
    if let Err(refusal) = journal.execute(case, command, &Doer::intake(), legs) {
        tracing::error!(case = %case.id, %refusal, "a deadline met a state that it did not expect");
    }
}
