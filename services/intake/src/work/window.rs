//! The window of a round: while it is open, legs that show no sign of life are issued again, in case their message was
//! lost; when it has elapsed, silent legs time out and the round ends.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, leg::LegState};
use tracing::info_span;

use super::{WorkError, Worker};
use crate::{
    domain::{Command, CoverNeed, Leg, Phase},
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        cases::{self, Record},
        deadlines::{Deadline, Fired, Kind},
        legs,
    },
};

/// When to look again at a window that has elapsed while replies did not reach us.
const UNHEARD: TimeDelta = TimeDelta::seconds(1);

impl Worker {
    pub(super) async fn window(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let now = self.clock.now();
        let ids: Vec<_> = fired.iter().map(|fired| fired.case).collect();
        let mut tx = self.pool.begin().await?;
        let records = cases::lock(&mut tx, &ids).await?;
        let mut legs = legs::of_cases(&mut tx, &ids).await?;
        let mut journal = Journal::new(now, &self.rules);
        let hears = self.hearing.for_long(self.rules.grace());
        for record in records {
            let span = info_span!("case.window", case = %record.case.id);
            if let Some(root) = &record.root_traceparent {
                telemetry::context::child_of(&span, root);
            }
            let id = record.case.id;
            let own: Vec<Leg> = legs.extract_if(.., |leg| leg.case == id).collect();
            let since = fired.iter().find(|fired| fired.case == id).map_or(now, |fired| fired.since);
            span.in_scope(|| self.look(&mut journal, record, own, (since, hears)));
        }
        journal.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    /// `since`: from when the window runs. `hears`: replies have been reaching us long enough for the end to be just.
    fn look(
        &self,
        journal: &mut Journal,
        record: Record,
        mut legs: Vec<Leg>,
        (since, hears): (DateTime<Utc>, bool),
    ) {
        let now = journal.now;
        let mut case = record.case;
        let round = match case.phase {
            Phase::Collecting(round) if round.wave == 1 => round,
            _ => {
                journal.changes.clear(case.id, Kind::Window);
                return;
            }
        };
        let closes_at = match (round.closes_at, self.rules.calendar.deadline(since, self.rules.policy.window))
        {
            (Some(closes_at), _) => closes_at,
            // The calendar has come: institutions are told the time that they have.
            (None, Due::At(closes_at)) => {
                let fixed = Command::FixWindow { closes_at };
                if let Err(refusal) = journal.execute(&mut case, fixed, &Doer::intake(), &mut legs) {
                    tracing::error!(case = %case.id, %refusal, "a window could not be fixed");
                }
                let open = legs.iter().filter(|leg| leg.round == case.round && leg.state.is_open());
                self.issue_again(journal, open, closes_at);
                closes_at
            }
            (None, pending @ Due::Pending { .. }) => {
                let window = Deadline::due(case.id, Kind::Window, since, self.rules.policy.window, pending);
                journal.changes.set(window);
                return;
            }
        };
        if now < closes_at + self.rules.grace() {
            let silent = legs.iter().filter(|leg| leg.round == case.round && leg.state == LegState::Created);
            if round.closes_at.is_some() {
                self.issue_again(journal, silent, closes_at);
            }
            let window =
                Deadline::due(case.id, Kind::Window, since, self.rules.policy.window, Due::At(closes_at));
            journal.changes.set(self.rules.next_look(window, now, Some(closes_at)));
            return;
        }
        if !hears {
            // Answers that were given in time may be waiting with the broker: nobody times out for our absence.
            let window =
                Deadline::due(case.id, Kind::Window, since, self.rules.policy.window, Due::At(now + UNHEARD));
            journal.changes.set(window);
            return;
        }
        let open = legs.iter().filter(|leg| leg.round == case.round && leg.state.is_open()).count();
        let command = Command::CloseWindow {
            open: u16::try_from(open).unwrap_or(u16::MAX),
            need: CoverNeed::of(&legs, case.round),
        };
        if let Err(refusal) = journal.execute(&mut case, command, &Doer::intake(), &mut legs) {
            tracing::error!(case = %case.id, %refusal, "a window could not be closed");
        }
    }

    fn issue_again<'a>(
        &self,
        journal: &mut Journal,
        legs: impl Iterator<Item = &'a Leg>,
        closes_at: DateTime<Utc>,
    ) {
        for leg in legs {
            let span = info_span!("inst.request.again", role = leg.role.code(), leg = %leg.id);
            let again = span.in_scope(|| publish::leg_issued(leg, Some(closes_at), journal.now));
            journal.changes.outgoing.push(again);
        }
    }
}
