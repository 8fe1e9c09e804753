//! What is told of entries and lists: ids, codes and numbers, never a name or a USCC.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::InstitutionId;
use proto::whitelist::v1 as wire;
use uuid::Uuid;

use super::events::timestamp;
use crate::domain::{
    entry::{Entry, State},
    entry_decide::Event,
    lists::ListKind,
};

pub(super) const ENTRY_LISTED: &str = "whitelist.entry-listed.v1";
pub(super) const ENTRY_SUSPENDED: &str = "whitelist.entry-suspended.v1";
pub(super) const ENTRY_REMOVED: &str = "whitelist.entry-removed.v1";
pub(super) const LIST_PUBLISHED: &str = "whitelist.list-published.v1";

/// What `event`, which made this version, is told as; most of what happens to an entry concerns nobody else.
pub fn entry_changed(entry: &Entry, (event, version): (Event, i64), now: DateTime<Utc>) -> Option<Outgoing> {
    let kind = match event {
        Event::Listed { .. } | Event::Reinstated { .. } | Event::Renewed { .. } => ENTRY_LISTED,
        Event::Suspended { .. } => ENTRY_SUSPENDED,
        Event::Removed(_) | Event::Expired => ENTRY_REMOVED,
        Event::ConsentSought
        | Event::ConsentGiven
        | Event::ConsentLapsed
        | Event::SourceAwaited
        | Event::Rejected { .. }
        | Event::Scored(_)
        | Event::PublicityOpened { .. }
        | Event::PublicityFixed { .. }
        | Event::Objected { .. }
        | Event::HitsChanged { .. }
        | Event::Repaired { .. }
        | Event::Warned => return None,
    };
    let body = wire::EntryChanged {
        entry_id: entry.id.to_string(),
        enterprise_id: entry.enterprise_id.to_string(),
        state: entry_state(entry.state).into(),
        exclusions: entry.hits.codes(),
        reason: match entry.state {
            State::Rejected(why) | State::Removed(why) => why.code().to_owned(),
            _ => String::new(),
        },
    };
    Some(Outgoing::new(kind, entry.id.uuid(), version, now, &body))
}

/// The state as the contract numbers it.
pub fn entry_state(state: State) -> wire::EntryState {
    match state {
        State::Nominated => wire::EntryState::Nominated,
        State::ConsentPending => wire::EntryState::ConsentPending,
        State::Screening { .. } => wire::EntryState::Screening,
        State::Rejected(_) => wire::EntryState::Rejected,
        State::Scored => wire::EntryState::Scored,
        State::Publicity { .. } => wire::EntryState::Publicity,
        State::Listed(_) => wire::EntryState::Listed,
        State::Suspended { .. } => wire::EntryState::Suspended,
        State::Removed(_) => wire::EntryState::Removed,
        State::Expired => wire::EntryState::Expired,
    }
}

/// A version of a list, for these banks. Who is told nothing new tells nobody.
pub fn list_published(
    kind: ListKind,
    version: i64,
    published_at: DateTime<Utc>,
    institutions: &[InstitutionId],
    now: DateTime<Utc>,
) -> Outgoing {
    let body = wire::ListPublished {
        kind: kind.number(),
        version,
        published_at: Some(timestamp(published_at)),
        institution_ids: institutions.iter().map(ToString::to_string).collect(),
    };
    let list = Uuid::from_u64_pair(0, kind.number().unsigned_abs().into());
    Outgoing::new(LIST_PUBLISHED, list, version, now, &body)
}
