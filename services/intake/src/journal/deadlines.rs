//! What is to be done next for a case, and when.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, InstitutionRole, LegId, calendar::Span};
use telemetry::context;

use super::{CoverAsk, Journal};
use crate::{
    domain::{Case, Choice, Engagement, Event, Leg},
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
                let traceparent = context::current_traceparent();
                self.asks.push(CoverAsk { case: case.clone(), need: need.clone(), traceparent });
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
                self.set_chosen(case, choice, legs);
            }
            Event::ApprovalFixed { approve_by } => self.set_approval(case, Some(*approve_by)),
            Event::Approved { .. } => {
                self.changes.clear(case.id, Kind::Approval);
                self.clear_answered(case, legs);
            }
            Event::Reopened { .. } => {
                self.changes.clear(case.id, Kind::Approval);
                self.clear_answered(case, legs);
                let deadline = self.time_to_choose(case, self.now, legs);
                self.changes.set(deadline);
            }
            Event::EvaluatorEngaged { leg, at, working_days } => {
                self.clear_answered(case, legs);
                let (leg, confirmed_at, working_days) = (*leg, *at, *working_days);
                let engagement = Engagement { leg, case: case.id, confirmed_at, working_days };
                self.set_report(case, &engagement, legs);
                self.changes.engagements.push(engagement);
            }
            Event::EvaluatorLost { .. } | Event::EvaluatorBreached { .. } | Event::ReportDelivered { .. } => {
                self.clear_answered(case, legs);
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
            | Event::CoverLost => {}
        }
    }

    fn set(&mut self, case: &Case, kind: Kind, span: Span, due: Due) {
        self.changes.set(Deadline::due(case.id, kind, self.now, span, due));
    }

    fn set_approval(&mut self, case: &Case, approve_by: Option<DateTime<Utc>>) {
        let span = self.rules.policy.approval;
        // What the bank gave in time may still be on its way.
        let due_at = approve_by.map(|at| at + self.rules.grace());
        self.changes.set(Deadline { case: case.id, kind: Kind::Approval, due_at, since: self.now, span });
    }

    /// Who was chosen is told again while it is silent; an evaluator has as long to confirm as the bank.
    fn set_chosen(&mut self, case: &Case, choice: &Choice, legs: &[Leg]) {
        let again = self.now + TimeDelta::seconds(i64::from(self.rules.policy.ask_again_seconds));
        self.changes.set(Deadline {
            case: case.id,
            kind: Kind::Chosen,
            due_at: Some(again),
            since: self.now,
            span: Span::Seconds(0),
        });
        let Some(evaluator) = choice.evaluator else { return };
        // One that is engaged already has its time.
        if legs.iter().any(|leg| leg.id == evaluator && leg.is_selected()) {
            let due_at = choice.approve_by.map(|at| at + self.rules.grace());
            self.set_valuation(case, evaluator, (self.now, self.rules.policy.approval, due_at), legs);
        }
    }

    /// An engaged evaluator has the working days that it quoted.
    fn set_report(&mut self, case: &Case, engagement: &Engagement, legs: &[Leg]) {
        let due_at = self.rules.report_by(engagement).map(|at| at + self.rules.grace());
        let time = (engagement.confirmed_at, engagement.span(), due_at);
        self.set_valuation(case, engagement.leg, time, legs);
    }

    fn set_valuation(
        &mut self,
        case: &Case,
        evaluator: LegId,
        (since, span, due_at): (DateTime<Utc>, Span, Option<DateTime<Utc>>),
        legs: &[Leg],
    ) {
        // There is one row for all of them: with another that owes something it is looked at now, and computed for both.
        let is_alone = !legs.iter().any(|leg| leg.id != evaluator && leg.awaits_evaluator());
        let due_at = if is_alone { due_at } else { Some(self.now) };
        self.changes.set(Deadline { case: case.id, kind: Kind::Valuation, due_at, since, span });
    }

    /// Nobody is waited for who has nothing more to say.
    fn clear_answered(&mut self, case: &Case, legs: &[Leg]) {
        if !legs.iter().any(Leg::is_selected) {
            self.changes.clear(case.id, Kind::Chosen);
        }
        if !legs.iter().any(Leg::awaits_evaluator) {
            self.changes.clear(case.id, Kind::Valuation);
        }
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
