//! What is done for entries when its time has come.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, EnterpriseId};
use sqlx::PgConnection;

use super::{Worker, journal, journal::Moved, judge::Look};
use crate::{
    domain::{
        entry::{Entry, State, Task, Why},
        entry_decide::Command,
        ids::EntryId,
    },
    store::{
        StoreError, entries,
        entries_tasks::{self, Fired},
        watches,
    },
};

/// The first and the longest distance between two looks for a consent.
const FIRST_LOOK: TimeDelta = TimeDelta::seconds(2);
const LAST_LOOK: TimeDelta = TimeDelta::minutes(10);
/// A task that found a state that it is not for is looked at again, in case the clock was set back.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

impl Worker {
    /// Does `task` for these entries, in one transaction.
    pub(super) async fn turn(&self, task: Task, fired: &[Fired]) -> Result<(), StoreError> {
        let now = self.now();
        let ids: Vec<EntryId> = fired.iter().map(|one| one.entry).collect();
        let mut tx = self.pool.begin().await?;
        let locked = entries::lock(&mut tx, &ids).await?;
        let mut moved = match task {
            Task::Consent => self.consents(&mut tx, locked, fired, now).await?,
            Task::Screen | Task::Publicity | Task::Watch | Task::Cure => {
                self.look(&mut tx, task, locked, now).await?
            }
            Task::Warn => self.by(locked, |_| Some(Command::Warn), now),
            Task::Expire => self.by(locked, |_| Some(Command::Expire), now),
        };
        let messages = journal::keep(&mut tx, &moved, &self.caller, now, &self.policy).await?;
        if !messages.is_empty() {
            bus::enqueue(&mut tx, &messages).await?;
        }
        // What did not move, or waits for a source, is looked at again.
        moved.retain(|one| !one.awaits_source());
        let done: Vec<EntryId> = moved.iter().map(|one| one.entry.id).collect();
        let rest: Vec<EntryId> = ids.into_iter().filter(|id| !done.contains(id)).collect();
        if task != Task::Consent {
            entries_tasks::postpone(&mut tx, &rest, task, now + self.distance(task)).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        self.alarm.wake();
        Ok(())
    }

    fn distance(&self, task: Task) -> TimeDelta {
        match task {
            Task::Watch => self.policy.watch,
            Task::Screen | Task::Publicity | Task::Cure => self.policy.source_retry,
            Task::Consent | Task::Warn | Task::Expire => AGAIN,
        }
    }

    /// Asks for consents, and goes on where there is one. The looks come at growing distances.
    async fn consents(
        &self,
        conn: &mut PgConnection,
        locked: Vec<Entry>,
        fired: &[Fired],
        now: DateTime<Utc>,
    ) -> Result<Vec<Moved>, StoreError> {
        let consented = consented(conn, &locked, now).await?;
        let mut moved = Vec::new();
        for entry in locked {
            let active = consented.get(&entry.enterprise_id).is_some_and(|found| found.active);
            let since = fired.iter().find(|one| one.entry == entry.id).map_or(now, |one| one.since);
            let commands: &[Command] = match (entry.state, active) {
                (State::Nominated, false) => &[Command::SeekConsent],
                (State::Nominated, true) => &[Command::SeekConsent, Command::NoteConsent],
                (State::ConsentPending, true) => &[Command::NoteConsent],
                _ => &[],
            };
            let id = entry.id;
            if let Ok(Some(one)) = Moved::by(entry, commands, now, "", &self.policy.terms) {
                moved.push(one);
            } else {
                let again = now + (now - since).clamp(FIRST_LOOK, LAST_LOOK);
                entries_tasks::postpone(conn, &[id], Task::Consent, again).await?;
            }
        }
        Ok(moved)
    }

    /// Screens, and decides by what is found now.
    async fn look(
        &self,
        conn: &mut PgConnection,
        task: Task,
        locked: Vec<Entry>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Moved>, StoreError> {
        let open: Vec<Entry> = locked.into_iter().filter(|entry| !entry.state.has_ended()).collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let terms = &self.policy.terms;
        let asked: Vec<_> =
            open.iter().map(|entry| (entry.enterprise_id, entry.fresh_from(task, terms))).collect();
        let look = Look::at(conn, &asked, &self.ears, now).await?;
        if !look.missing().is_empty() {
            // Whatever waits has the platforms asked, again and again until they answer.
            watches::request_missing(conn, look.missing(), now).await?;
            self.sources.wake();
        }
        // What has come since they told last is heard of in time, not only when what they told is stale.
        let ids: Vec<EnterpriseId> = asked.iter().map(|(id, _)| *id).collect();
        self.sources.follow(conn, &ids, now).await?;
        let mut moved = Vec::new();
        for entry in open {
            let Some(judgement) = look.judgement(entry.enterprise_id) else { continue };
            let command = match task {
                // What the enterprise has taken back is not gone on with.
                _ if look.is_revoked(entry.enterprise_id) => Command::Remove(Why::ConsentRevoked),
                Task::Screen => Command::Judge(judgement),
                Task::Publicity => Command::ClosePublicity(judgement),
                Task::Cure => Command::GiveUp(judgement),
                Task::Watch | Task::Consent | Task::Warn | Task::Expire => Command::Watch(judgement),
            };
            moved.extend(self.one_by(entry, command, now));
        }
        if !moved.is_empty() {
            look.keep(conn).await?;
        }
        Ok(moved)
    }

    /// Ends that waited for the calendar (CALENDAR_MISSING) and can be computed now.
    pub(super) async fn fix_pending(&self) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        let waiting = entries_tasks::pending(&mut tx, super::BATCH).await?;
        let fix = |entry: &Entry| match entry.state {
            State::Publicity { since, ends_at: None } => {
                match self.calendar.deadline(since, self.policy.publicity) {
                    Due::At(ends_at) => Some(Command::FixPublicity { ends_at }),
                    Due::Pending { .. } => None,
                }
            }
            _ => None,
        };
        let moved = self.by(entries::lock(&mut tx, &waiting).await?, fix, now);
        let messages = journal::keep(&mut tx, &moved, &self.caller, now, &self.policy).await?;
        debug_assert!(messages.is_empty(), "nobody is told of the end of a period");
        Ok(tx.commit().await?)
    }

    fn by(
        &self,
        locked: Vec<Entry>,
        command: impl Fn(&Entry) -> Option<Command>,
        now: DateTime<Utc>,
    ) -> Vec<Moved> {
        let moved = |entry| {
            let command = command(&entry)?;
            self.one_by(entry, command, now)
        };
        locked.into_iter().filter_map(moved).collect()
    }

    /// The state was looked at under its lock: a refusal says that the task was for an earlier state.
    fn one_by(&self, entry: Entry, command: Command, now: DateTime<Utc>) -> Option<Moved> {
        let id = entry.id;
        Moved::by(entry, &[command], now, "", &self.policy.terms).unwrap_or_else(|refusal| {
            tracing::debug!(entry = %id, %refusal, "a task met a state that it is not for");
            None
        })
    }
}

async fn consented(
    conn: &mut PgConnection,
    of: &[Entry],
    now: DateTime<Utc>,
) -> Result<HashMap<EnterpriseId, entries::Consented>, StoreError> {
    let ids: Vec<EnterpriseId> = of.iter().map(|entry| entry.enterprise_id).collect();
    let found = entries::consents(conn, &ids, now).await?;
    Ok(found.into_iter().map(|one| (one.enterprise_id, one)).collect())
}
