//! Makes what happened to entries lasting: their rows, their history, what is to be done next, the standings that dispatch
//! goes by, audit rows, and what others are told. All in the caller's transaction.

use std::collections::HashMap;

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::EnterpriseId;
use rpc::{Caller, audit};
use sqlx::PgConnection;

use super::Policy;
use crate::{
    domain::{
        entry::{Entry, Terms},
        entry_decide::{Command, Event, Refusal, apply, decide},
        standing::{self, Finding, Standing},
    },
    messaging,
    store::{
        StoreError, enterprises,
        entries::{self, Happened},
        entries_tasks, standings,
    },
};

/// What everything here is done for, as audit rows name it.
const PURPOSE: &str = "IP_PLEDGE_FINANCING";

/// An entry that has moved.
pub(crate) struct Moved {
    pub entry: Entry,
    pub events: Vec<(Event, i64)>,
    pub note: String,
}

impl Moved {
    /// `None` where there is nothing to do.
    pub(crate) fn by(
        entry: Entry,
        commands: &[Command],
        now: DateTime<Utc>,
        note: &str,
        terms: &Terms,
    ) -> Result<Option<Self>, Refusal> {
        let mut moved = Self { entry, events: Vec::new(), note: note.to_owned() };
        for command in commands {
            for event in decide(&moved.entry, *command, now, terms)? {
                moved.entry = apply(moved.entry, &event, now);
                moved.events.push((event, moved.entry.version));
            }
        }
        Ok((!moved.events.is_empty()).then_some(moved))
    }

    /// Whether what is to be done next is something else now.
    fn has_new_tasks(&self) -> bool {
        !self
            .events
            .iter()
            .all(|(event, _)| matches!(event, Event::SourceAwaited | Event::HitsChanged { .. }))
    }

    pub(crate) fn awaits_source(&self) -> bool {
        self.events.iter().any(|(event, _)| matches!(event, Event::SourceAwaited))
    }
}

/// Writes all of it; gives what is to be told.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    moved: &[Moved],
    caller: &Caller,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Result<Vec<Outgoing>, StoreError> {
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Entry> = moved.iter().map(|one| one.entry.clone()).collect();
    entries::update(conn, &rows).await?;
    entries::record(conn, &history(moved, caller, now)).await?;
    let tasks: Vec<_> = moved
        .iter()
        .filter(|one| one.has_new_tasks())
        .map(|one| (one.entry.id, one.entry.tasks(now, policy.watch, &policy.terms)))
        .collect();
    entries_tasks::replace(conn, &tasks, now).await?;
    let acts: Vec<audit::Entry> = moved.iter().flat_map(acts).collect();
    audit::record_all(conn, caller, now, &acts).await?;
    let mut messages: Vec<Outgoing> = moved
        .iter()
        .flat_map(|one| one.events.iter().filter_map(|e| messaging::entry_changed(&one.entry, *e, now)))
        .collect();
    messages.extend(stand(conn, &rows, now).await?);
    Ok(messages)
}

fn history(moved: &[Moved], caller: &Caller, now: DateTime<Utc>) -> Vec<Happened> {
    let actor = caller.audit_name();
    let of = |one: &Moved| {
        let happened = |(event, version): &(Event, i64)| Happened {
            entry_id: one.entry.id,
            version: *version,
            kind: event.code(),
            actor: actor.clone(),
            note: one.note.clone(),
            run_id: match event {
                Event::Rejected { judgement, .. }
                | Event::Scored(judgement)
                | Event::Listed { judgement, .. }
                | Event::Suspended { judgement, .. }
                | Event::Renewed { judgement, .. } => Some(judgement.run),
                Event::ConsentSought
                | Event::ConsentGiven
                | Event::ConsentLapsed
                | Event::SourceAwaited
                | Event::PublicityOpened { .. }
                | Event::PublicityFixed { .. }
                | Event::Objected { .. }
                | Event::HitsChanged { .. }
                | Event::Reinstated { .. }
                | Event::Repaired { .. }
                | Event::Warned
                | Event::Removed(_)
                | Event::Expired => None,
            },
            at: now,
        };
        one.events.iter().map(happened).collect::<Vec<_>>()
    };
    moved.iter().flat_map(of).collect()
}

fn acts(moved: &Moved) -> Vec<audit::Entry> {
    let act = |(event, _): &(Event, i64)| audit::Entry {
        action: "MOVE_ENTRY",
        object_kind: "entry",
        object_id: moved.entry.id.uuid(),
        purpose: PURPOSE,
        result: event.code(),
    };
    moved.events.iter().map(act).collect()
}

/// Brings the standings of these enterprises to what their entries say.
async fn stand(
    conn: &mut PgConnection,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<Vec<Outgoing>, StoreError> {
    let mut told: Vec<&Entry> = entries.iter().filter(|entry| entry.judged.is_some()).collect();
    told.sort_unstable_by_key(|entry| entry.enterprise_id);
    // Everyone locks in this order.
    for entry in &told {
        enterprises::lock(conn, entry.enterprise_id).await?;
    }
    let ids: Vec<EnterpriseId> = told.iter().map(|entry| entry.enterprise_id).collect();
    let latest: HashMap<EnterpriseId, Standing> =
        standings::list_latest(conn, &ids).await?.into_iter().map(|s| (s.enterprise_id, s)).collect();
    let mut messages = Vec::new();
    for entry in told {
        let latest = latest.get(&entry.enterprise_id);
        // A person's look that was recorded while this move waited is not later than the move: that one spoke of the entry as
        // it was before.
        let as_of = latest.map_or(now, |standing| now.max(standing.finding.as_of));
        let finding = Finding {
            listed: entry.is_listed(),
            grade: entry.judged.map(|judged| judged.grade),
            exclusions: entry.hits.iter().collect(),
            as_of,
        };
        let same = latest.is_some_and(|standing| {
            let known = &standing.finding;
            (known.listed, known.grade) == (finding.listed, finding.grade)
                && known.exclusions == finding.exclusions
        });
        if same {
            continue;
        }
        match standing::decide(entry.enterprise_id, latest, finding, as_of) {
            Ok(standing) => {
                standings::insert(conn, &standing, now).await?;
                messages.push(messaging::standing_recorded(&standing, now));
            }
            // None that an entry can lead to; the entry's next move speaks again.
            Err(refusal) => tracing::warn!(entry = %entry.id, %refusal, "a standing was not recorded"),
        }
    }
    Ok(messages)
}
