//! The window of a round: while it is open, legs that show no sign of life are issued again, in case their message was
//! lost; when it has elapsed, silent legs time out and the round ends.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, leg::LegState};
use tracing::info_span;

use super::{WorkError, Worker, traced};
use crate::{
    domain::{Command, Phase},
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        self,
        covers::{self, Record},
        deadlines::{Deadline, Fired, Kind},
    },
};

/// When to look again at a window that has elapsed while replies did not reach us.
const UNHEARD: TimeDelta = TimeDelta::seconds(1);

impl Worker {
    pub(super) async fn window(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<_> = fired.iter().map(|fired| fired.cover).collect();
        let mut tx = self.pool.begin().await?;
        store::keep_to_indexes(&mut tx).await?;
        let mut journal = self.journal();
        let hears = self.hearing.for_long(self.policy.grace());
        for record in covers::lock(&mut tx, &ids).await? {
            let span = traced(info_span!("cover.window", case = %record.cover.case), &record);
            let id = record.cover.id;
            let since = fired.iter().find(|fired| fired.cover == id).map_or(journal.now, |fired| fired.since);
            span.in_scope(|| self.look(&mut journal, record, since, hears));
        }
        journal.changes.write(&mut tx).await?;
        tx.commit().await?;
        self.outbox.wake();
        self.alarm.wake();
        Ok(())
    }

    /// `since`: from when the window runs. `hears`: replies have been reaching us long enough for the end to be just.
    fn look(&self, journal: &mut Journal, record: Record, since: DateTime<Utc>, hears: bool) {
        let now = journal.now;
        let mut cover = record.cover;
        if !matches!(cover.phase, Phase::Collecting) {
            journal.changes.done(cover.id, Kind::Window);
            return;
        }
        let window = |due| Deadline::due(cover.id, Kind::Window, since, self.policy.window, due);
        let told = cover.join.closes_at;
        let closes_at = match (told, self.calendar.deadline(since, self.policy.window)) {
            (Some(closes_at), _) => closes_at,
            (None, Due::At(closes_at)) => closes_at,
            (None, pending @ Due::Pending { .. }) => {
                journal.changes.set(window(pending));
                return;
            }
        };
        let next = window(Due::At(closes_at));
        let unheard = window(Due::At(now + UNHEARD));
        if told.is_none() {
            // The calendar has come: institutions are told the time that they have.
            self.command(journal, &mut cover, Command::FixWindow { closes_at });
        }
        if now < closes_at + self.policy.grace() {
            if told.is_some() {
                for leg in cover.legs.iter().filter(|leg| leg.state == LegState::Created) {
                    let span = info_span!("inst.request.again", role = leg.role.code(), leg = %leg.id);
                    let again = span.in_scope(|| publish::leg_issued(leg, Some(closes_at), now));
                    journal.changes.outgoing.push(again);
                }
            }
            let next = journal.next_look(next, Some(closes_at));
            journal.changes.set(next);
            return;
        }
        if !hears {
            // Answers that were given in time may be waiting with the broker: nobody times out for our absence.
            journal.changes.set(unheard);
            return;
        }
        self.command(journal, &mut cover, Command::CloseWindow);
    }

    pub(super) fn command(&self, journal: &mut Journal, cover: &mut crate::domain::Cover, command: Command) {
        // The state was looked at just above, under the lock: a refusal here would be a fault of ours.
        if let Err(refusal) = journal.execute(cover, command, &Doer::insurance()) {
            tracing::error!(cover = %cover.id, %refusal, "a deadline met a state that it did not expect");
        }
    }
}
