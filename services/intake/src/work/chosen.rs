//! Whoever was chosen and does not answer. A chosen bank or evaluator is told again, at growing distances: its message may
//! have been lost. An evaluator that does not confirm in time is let go; one that has confirmed and does not deliver in the
//! working days that it quoted has not done what it promised.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, LegId, calendar::Span, leg::LegState};
use tracing::info_span;

use super::{Worker, waiting::run};
use crate::{
    domain::{Case, Command, Engagement, Leg, Phase},
    journal::Journal,
    messaging::publish,
    store::deadlines::{Deadline, Kind},
};

/// The longest distance.
const DAY: TimeDelta = TimeDelta::days(1);
/// When to look again at a time that has run out while it cannot be acted upon.
const SOON: TimeDelta = TimeDelta::seconds(1);

/// What is done about one evaluator.
enum Look {
    /// Again by then; None where the calendar of that year is missing.
    Again(Option<DateTime<Utc>>),
    Act(Command),
}

impl Worker {
    pub(super) fn chosen(&self, journal: &mut Journal, case: &Case, legs: &[Leg], since: DateTime<Utc>) {
        let now = journal.now;
        let silent: Vec<&Leg> = legs.iter().filter(|leg| leg.is_selected()).collect();
        let Some(choice) = case.phase.choice().filter(|_| !silent.is_empty()) else {
            journal.changes.clear(case.id, Kind::Chosen);
            return;
        };
        for leg in silent {
            let span = info_span!("inst.chosen.again", role = leg.role.code(), leg = %leg.id);
            let again = span.in_scope(|| publish::leg_selected(leg, choice.approve_by, now));
            journal.changes.outgoing.push(again);
        }
        let rest = TimeDelta::seconds(i64::from(self.rules.policy.ask_again_seconds));
        // As long again as it has been waiting.
        let due_at = Some(now + (now - since).clamp(rest, DAY.max(rest)));
        let span = Span::Seconds(0);
        journal.changes.set(Deadline { case: case.id, kind: Kind::Chosen, due_at, since, span });
    }

    pub(super) fn valuation(
        &self,
        journal: &mut Journal,
        mut case: Case,
        legs: &mut [Leg],
        engagements: &[Engagement],
    ) {
        let waiting: Vec<(LegId, LegState)> =
            legs.iter().filter(|leg| leg.awaits_evaluator()).map(|leg| (leg.id, leg.state)).collect();
        let mut next: Option<Deadline> = None;
        for (leg, state) in waiting {
            let Some((since, span)) = self.promise(&case, (leg, state), engagements) else { continue };
            match self.look_at(journal, &case, (leg, state), (since, span)) {
                Look::Act(command) => run(journal, &mut case, command, legs),
                Look::Again(due_at) => {
                    let deadline = Deadline { case: case.id, kind: Kind::Valuation, due_at, since, span };
                    // Of several the one whose time comes first; those that wait for a calendar are looked at with it.
                    next = match next {
                        Some(first) if due_at.is_none_or(|at| first.due_at.is_some_and(|due| due <= at)) => {
                            Some(first)
                        }
                        Some(_) | None => Some(deadline),
                    };
                }
            }
        }
        match next {
            Some(deadline) => journal.changes.set(deadline),
            None => journal.changes.clear(case.id, Kind::Valuation),
        }
    }

    /// From when, and for how long, this evaluator has time for what it owes now.
    fn promise(
        &self,
        case: &Case,
        (leg, state): (LegId, LegState),
        engagements: &[Engagement],
    ) -> Option<(DateTime<Utc>, Span)> {
        let promise = match state {
            LegState::Selected { .. } => {
                case.phase.choice().map(|choice| (choice.selected_at, self.rules.policy.approval))
            }
            _ => engagements.iter().find(|one| one.leg == leg).map(|one| (one.confirmed_at, one.span())),
        };
        if promise.is_none() {
            tracing::error!(case = %case.id, leg = %leg, "nothing says until when a chosen evaluator has time");
        }
        promise
    }

    fn look_at(
        &self,
        journal: &Journal,
        case: &Case,
        (leg, state): (LegId, LegState),
        (since, span): (DateTime<Utc>, Span),
    ) -> Look {
        let (now, grace) = (journal.now, self.rules.grace());
        let is_selected = matches!(state, LegState::Selected { .. });
        let limit = match (case.phase.choice(), self.rules.calendar.deadline(since, span)) {
            // What it was told.
            (Some(choice), _) if is_selected => choice.approve_by,
            (_, Due::At(at)) => Some(at),
            (_, Due::Pending { .. }) => None,
        };
        let Some(limit) = limit else { return Look::Again(None) };
        if now < limit + grace {
            return Look::Again(Some(limit + grace));
        }
        // It does not lose its turn over words that wait with the broker. And where the bank is silent too, its time ends
        // now as well: the choice is undone, and the quote stands again.
        let is_bank_silent = is_selected && matches!(case.phase, Phase::Selected { .. });
        if is_bank_silent || !self.hearing.for_long(grace) {
            return Look::Again(Some(now + SOON));
        }
        Look::Act(if is_selected { Command::LoseEvaluator { leg } } else { Command::BreachEvaluator { leg } })
    }
}
