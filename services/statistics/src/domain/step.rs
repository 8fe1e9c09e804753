//! What one fact means for the figures of a case.

use chrono::{DateTime, Utc};
use uuid::Uuid;

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn number(self) -> i32 {
                match self { $(Self::$variant => $number),+ }
            }

            pub const fn from_number(number: i32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

numbered! {
    /// States of a case that facts tell of, by their numbers in the contract (`zhirong.intake.v1.CaseState`). Drafts are
    /// nobody else's business.
    CaseState {
        Submitted = 2,
        Supplement = 3,
        Accepted = 4,
        Collecting = 5,
        OffersReady = 6,
        NoOffer = 7,
        Rejected = 8,
        Withdrawn = 9,
        Expired = 10,
        Selected = 11,
        Approved = 12,
    }
}

numbered! {
    /// What is counted by the day on which it happened. The numbers are stored.
    Moment {
        Submitted = 1,
        OffersReady = 2,
        NoOffer = 3,
        Selected = 4,
        Approved = 5,
        Withdrawn = 6,
    }
}

numbered! {
    /// Whose legs a fact tells of: each role tells of its own alone. The numbers are stored.
    Teller { Intake = 1, Insurance = 2 }
}

/// Which of two facts of one object counts: the one of the later version, whichever came first. The rest decides where a
/// version made several facts, or a fact was told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub version: i64,
    pub occurred_at: DateTime<Utc>,
    /// Of its kind, `FactKind::rank`.
    pub rank: u8,
    pub message_id: Uuid,
}

/// A leg as a fact summed it up: who was asked is not kept, so no figure can tell of one institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leg {
    /// Numbers of the contract (`InstitutionRole`, `LegState`). One that this version does not know is counted as it came.
    pub role: i32,
    pub outcome: i32,
    /// Milliseconds from issue to answer, if there was one; at least 0 whatever the clocks said.
    pub response_ms: Option<i64>,
}

/// The state of all legs of a teller's round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legs {
    pub teller: Teller,
    pub round: i32,
    pub legs: Vec<Leg>,
}

/// A fact about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub case_id: Uuid,
    pub order: Order,
    /// What the case became; facts about its cover leave it as it was.
    pub state: Option<CaseState>,
    /// What is counted on the day, and the fen that go with it.
    pub moment: Option<(Moment, i64)>,
    pub park: Option<String>,
    /// `None` where the fact says nothing of legs.
    pub legs: Option<Legs>,
}
