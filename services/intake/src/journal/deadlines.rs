//! What is to be done next for a case, and when.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, InstitutionRole};

use super::{CoverAsk, Journal};
use crate::{
    domain::{Case, Event, Leg},
    store::deadlines::{Deadline, Kind},
};

/// When to look again at a time to choose that cannot be computed, because the calendar of that year is missing.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

impl Journal {
    /// What is to be done next for the case, and when: no state that waits is left without an end.
    pub(super) fn follow(&mut self, case: &Case, event: &Event, legs: &[Leg]) {
        match event {
            Event::WaveClosed => self.changes.clear(case.id, Kind::Window),
            Event::CoverRequested { need } => {
                let again = self.now + TimeDelta::seconds(i64::from(self.rules.policy.ask_again_seconds));
                let due = Due::At(again);
                self.set(case, Kind::Cover, self.rules.policy.cover, due);
                let span = tracing::Span::current();
                self.asks.push(CoverAsk { case: case.clone(), need: need.clone(), span });
            }
            Event::CoverQuoted | Event::CoverLapsed => self.changes.clear(case.id, Kind::Cover),
            Event::OffersReady => {
                if case.phase.collection().is_some_and(|round| round.wave == 1) {
                    self.changes.clear(case.id, Kind::Window);
                }
                let deadline = self.time_to_choose(case, self.now, legs);
                self.changes.set(deadline);
            }
            Event::NoOffer | Event::NobodyToAsk { .. } => {
                self.changes.clear(case.id, Kind::Window);
                self.changes.clear(case.id, Kind::Cover);
                let span = self.rules.policy.no_offer;
                self.set(case, Kind::NoOffer, span, self.rules.calendar.deadline(self.now, span));
            }
            Event::Selected { choice } => {
                self.changes.clear(case.id, Kind::Selection);
                self.set_approval(case, choice.approve_by);
            }
            Event::ApprovalFixed { approve_by } => self.set_approval(case, Some(*approve_by)),
            Event::Approved { .. } => self.changes.clear(case.id, Kind::Approval),
            Event::Reopened { .. } => {
                self.changes.clear(case.id, Kind::Approval);
                let deadline = self.time_to_choose(case, self.now, legs);
                self.changes.set(deadline);
            }
            Event::RedispatchRequested => self.changes.clear(case.id, Kind::NoOffer),
            Event::Expired { .. }
            | Event::Withdrawn { .. }
            | Event::GivenUp
            | Event::Lapsed
            | Event::ScreenFailed { .. } => {
                for kind in Kind::ALL {
                    self.changes.clear(case.id, kind);
                }
            }
            Event::Drafted
            | Event::DraftChanged
            | Event::Submitted { .. }
            | Event::Held { .. }
            | Event::SupplementRequested { .. }
            | Event::Supplemented { .. }
            | Event::Accepted { .. }
            | Event::Dispatched { .. }
            | Event::LegDelivered { .. }
            | Event::LegReviewing { .. }
            | Event::LegQuestioned { .. }
            | Event::LegQuestionAnswered { .. }
            | Event::LegAnswered { .. }
            | Event::LegAnsweredLate { .. }
            | Event::AnswerTakenBack { .. }
            | Event::WindowElapsed { .. }
            | Event::WindowFixed { .. }
            | Event::CoverBound
            | Event::CoverLost
            | Event::EvaluatorEngaged { .. }
            | Event::EvaluatorLost { .. }
            | Event::ReportDelivered { .. } => {}
        }
    }

    fn set(&mut self, case: &Case, kind: Kind, span: kernel::Span, due: Due) {
        self.changes.set(Deadline::due(case.id, kind, self.now, span, due));
    }

    fn set_approval(&mut self, case: &Case, approve_by: Option<DateTime<Utc>>) {
        let span = self.rules.policy.approval;
        // What the bank gave in time may still be on its way.
        let due_at = approve_by.map(|at| at + self.rules.grace());
        self.changes.set(Deadline { case: case.id, kind: Kind::Approval, due_at, since: self.now, span });
    }

    /// The enterprise's time to choose: its span, and no longer than the offer that lasts longest.
    pub(crate) fn time_to_choose(&self, case: &Case, since: DateTime<Utc>, legs: &[Leg]) -> Deadline {
        let span = self.rules.policy.selection;
        let by_rule = match self.rules.calendar.deadline(since, span) {
            Due::At(at) => at,
            Due::Pending { .. } => self.now + LOOK_AGAIN,
        };
        let due_at = longest(case, legs).map_or(by_rule, |last| last.min(by_rule));
        Deadline { case: case.id, kind: Kind::Selection, due_at: Some(due_at), since, span }
    }
}

/// Until when the offer that lasts longest is valid; None where none stands.
pub(crate) fn longest(case: &Case, legs: &[Leg]) -> Option<DateTime<Utc>> {
    legs.iter()
        .filter(|leg| leg.round == case.round && leg.role == InstitutionRole::Bank && leg.is_offered())
        .filter_map(|leg| leg.standing.map(|standing| standing.valid_until))
        .max()
}
