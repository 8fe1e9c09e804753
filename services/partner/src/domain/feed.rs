//! The events that an institution pulls (事件): their kinds and their order within an assignment.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId, ReplyId};
use uuid::Uuid;

/// Kind of an event (proto `EventType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedKind {
    AssignmentIssued,
    AssignmentClosed,
    SupplementAnswered,
    ReplyAccepted,
    ReplyLate,
    ReplySuperseded,
    ReplyRefused,
    AssignmentSelected,
    AssignmentUnselected,
    /// A list of the whitelist has a new version: of no assignment, but in the order of versions.
    ListPublished,
}

/// A new event for an institution's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub id: EventId,
    pub institution_id: InstitutionId,
    pub assignment_id: LegId,
    pub kind: FeedKind,
    /// Place among the events of the assignment, see [`FeedKind::ordinal`].
    pub ordinal: i64,
    /// What the event is about, so that telling it again makes no second one: the reply, the message, the choice, or
    /// the assignment itself.
    pub subject: Uuid,
    pub reply_id: Option<ReplyId>,
    /// Code, for `REPLY_REFUSED` and `ASSIGNMENT_CLOSED`.
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    /// The trace that its delivery belongs to (W3C `traceparent`).
    pub trace: Option<String>,
    /// Kept back until the assignment itself has been issued.
    pub held: bool,
}

impl FeedKind {
    pub const ALL: [Self; 10] = [
        Self::AssignmentIssued,
        Self::AssignmentClosed,
        Self::SupplementAnswered,
        Self::ReplyAccepted,
        Self::ReplyLate,
        Self::ReplySuperseded,
        Self::ReplyRefused,
        Self::AssignmentSelected,
        Self::AssignmentUnselected,
        Self::ListPublished,
    ];

    /// The number of proto `EventType`, which the schema keeps too.
    pub const fn number(self) -> i16 {
        match self {
            Self::AssignmentIssued => 1,
            Self::AssignmentClosed => 2,
            Self::SupplementAnswered => 3,
            Self::ReplyAccepted => 4,
            Self::ReplyLate => 5,
            Self::ReplySuperseded => 6,
            Self::ReplyRefused => 7,
            Self::AssignmentSelected => 8,
            Self::AssignmentUnselected => 9,
            Self::ListPublished => 10,
        }
    }

    /// The name in traces.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AssignmentIssued => "ASSIGNMENT_ISSUED",
            Self::AssignmentClosed => "ASSIGNMENT_CLOSED",
            Self::SupplementAnswered => "SUPPLEMENT_ANSWERED",
            Self::ReplyAccepted => "REPLY_ACCEPTED",
            Self::ReplyLate => "REPLY_LATE",
            Self::ReplySuperseded => "REPLY_SUPERSEDED",
            Self::ReplyRefused => "REPLY_REFUSED",
            Self::AssignmentSelected => "ASSIGNMENT_SELECTED",
            Self::AssignmentUnselected => "ASSIGNMENT_UNSELECTED",
            Self::ListPublished => "LIST_PUBLISHED",
        }
    }

    /// Whether nobody says it twice of one leg or reply: a choice, say, is told again while it is not confirmed.
    pub const fn is_told_once(self) -> bool {
        match self {
            Self::AssignmentIssued
            | Self::ReplyAccepted
            | Self::ReplyLate
            | Self::ReplySuperseded
            | Self::ReplyRefused => true,
            Self::AssignmentClosed
            | Self::SupplementAnswered
            | Self::AssignmentSelected
            | Self::AssignmentUnselected
            | Self::ListPublished => false,
        }
    }

    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Place in the order of one assignment: by the leg's version, and where one version tells several things, the
    /// beginning first and the end last.
    pub const fn ordinal(self, leg_version: i64) -> i64 {
        let rank = match self {
            Self::AssignmentIssued | Self::ListPublished => 0,
            Self::SupplementAnswered => 1,
            Self::ReplySuperseded => 2,
            Self::ReplyAccepted | Self::ReplyLate | Self::ReplyRefused => 3,
            Self::AssignmentSelected | Self::AssignmentUnselected => 4,
            Self::AssignmentClosed => 5,
        };
        leg_version.saturating_mul(8).saturating_add(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_its_number() {
        for kind in FeedKind::ALL {
            assert_eq!(FeedKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(FeedKind::from_number(0), None);
    }

    #[test]
    fn order_is_by_version_then_beginning_first_and_end_last() {
        assert!(FeedKind::AssignmentIssued.ordinal(3) < FeedKind::ReplyAccepted.ordinal(3));
        assert!(FeedKind::ReplySuperseded.ordinal(3) < FeedKind::ReplyAccepted.ordinal(3));
        assert!(FeedKind::ReplyAccepted.ordinal(3) < FeedKind::AssignmentSelected.ordinal(3));
        assert!(FeedKind::AssignmentSelected.ordinal(3) < FeedKind::AssignmentClosed.ordinal(3));
        assert!(FeedKind::AssignmentClosed.ordinal(3) < FeedKind::AssignmentIssued.ordinal(4));
    }
}
