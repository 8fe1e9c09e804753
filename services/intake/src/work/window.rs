//! The window of a round: while it is open, legs that show no sign of life are issued again, in case their message was
//! lost; when it has elapsed, silent legs time out and the round ends.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::leg::{LegCommand, LegState};
use tracing::info_span;

use super::{WorkError, Worker};
use crate::{
    domain::{Command, Leg, Phase},
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        cases::{self, Record},
        deadlines::{Deadline, Fired, Kind},
        legs,
    },
};

impl Worker {
    pub(super) async fn window(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let now = self.clock.now();
        let ids: Vec<_> = fired.iter().map(|fired| fired.case).collect();
        let mut tx = self.pool.begin().await?;
        let records = cases::lock(&mut tx, &ids).await?;
        let mut legs = legs::of_cases(&mut tx, &ids).await?;
        let mut journal = Journal::new(now);
        for record in records {
            let span = info_span!("case.window", case = %record.case.id);
            if let Some(root) = &record.root_traceparent {
                telemetry::context::child_of(&span, root);
            }
            let id = record.case.id;
            let own: Vec<Leg> = legs.extract_if(.., |leg| leg.case == id).collect();
            let due_at = fired.iter().find(|fired| fired.case == id).map_or(now, |fired| fired.due_at);
            span.in_scope(|| self.look(&mut journal, record, own, due_at));
        }
        journal.changes.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    fn look(&self, journal: &mut Journal, record: Record, mut legs: Vec<Leg>, due_at: DateTime<Utc>) {
        let now = journal.now;
        let mut case = record.case;
        let Phase::Collecting(round) = case.phase else {
            journal.changes.cleared.push((case.id, Kind::Window));
            return;
        };
        legs.retain(|leg| leg.round == case.round);
        // Without a closing time the row waited for its calendar, and fires when that says.
        let closes_at = round.closes_at.unwrap_or(due_at);
        if now < closes_at + self.grace() {
            for leg in legs.iter().filter(|leg| leg.state == LegState::Created) {
                let span = info_span!("inst.request.again", role = leg.role.code(), leg = %leg.id);
                journal
                    .changes
                    .outgoing
                    .push(span.in_scope(|| publish::leg_issued(leg, round.closes_at, now)));
            }
            let window = Deadline {
                case: case.id,
                kind: Kind::Window,
                due_at: Some(closes_at),
                since: now,
                span: self.policy.window,
            };
            journal.changes.deadlines.push(self.next_look(window, now, Some(closes_at)));
            return;
        }
        // Only open legs: an answer that is in keeps its state.
        legs.sort_by_key(|leg| !leg.state.is_open());
        let silent = legs.iter().take_while(|leg| leg.state.is_open()).count();
        let open = journal.close_legs(&mut legs[..silent], LegCommand::TimeOut);
        journal.changes.cleared.push((case.id, Kind::Window));
        if let Err(refusal) =
            journal.execute(&mut case, Command::CloseWindow { open }, &Doer::intake(), &legs)
        {
            tracing::error!(case = %case.id, %refusal, "a window could not be closed");
        }
    }

    /// When to look at a window next: at its end, or earlier to ask the silent again.
    pub(super) fn next_look(
        &self,
        window: Deadline,
        now: DateTime<Utc>,
        closes_at: Option<DateTime<Utc>>,
    ) -> Deadline {
        let again = now + TimeDelta::seconds(i64::from(self.policy.ask_again_seconds));
        let due_at = closes_at.map(|closes_at| again.min(closes_at + self.grace()));
        Deadline { due_at, ..window }
    }

    /// Answers that were given in time may still be on their way when the window closes.
    fn grace(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.policy.grace_seconds))
    }
}
