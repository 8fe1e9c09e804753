//! The state of a financing case (融资案件, domain.md §3.2 a), as far as the fan-out to banks.

use chrono::{DateTime, Utc};
use kernel::{CaseId, documents::DocumentCode};

use super::application::Channel;

/// A case may be dispatched once and re-dispatched twice (domain.md §3.2 a).
pub const MAX_ROUNDS: u8 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub id: CaseId,
    /// Rises by one with every event.
    pub version: i64,
    pub channel: Channel,
    /// The one-time notice has been given; there is no second.
    pub supplemented: bool,
    /// 0 before the first dispatch.
    pub round: u8,
    pub phase: Phase,
}

/// What only the present state has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Draft,
    /// `held`: why acceptance waits for a clerk, empty while nothing is known against it.
    Submitted {
        held: Vec<String>,
    },
    Supplement {
        asked: Vec<DocumentCode>,
    },
    Accepted,
    Collecting(Collection),
    OffersReady(Collection),
    /// `again`: another round has been asked for and is being planned.
    NoOffer {
        reasons: Vec<String>,
        again: bool,
        last: Option<Collection>,
    },
    Rejected {
        reasons: Vec<String>,
    },
    Withdrawn {
        cause: WithdrawCause,
    },
}

/// One round's join: the roster and its number are frozen at dispatch; answers are counted, not looked up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    pub wave: u8,
    pub legs: u16,
    /// Legs that offered, declined or ended.
    pub answered: u16,
    /// Of those, the ones that offered.
    pub offers: u16,
    /// None while the calendar of that year is missing.
    pub closes_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawCause {
    Enterprise,
    SupplementTimeout,
    ConsentRevoked,
}

impl WithdrawCause {
    pub const ALL: [Self; 3] = [Self::Enterprise, Self::SupplementTimeout, Self::ConsentRevoked];

    pub fn code(self) -> &'static str {
        match self {
            Self::Enterprise => "ENTERPRISE",
            Self::SupplementTimeout => "SUPPLEMENT_TIMEOUT",
            Self::ConsentRevoked => "CONSENT_REVOKED",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

impl Phase {
    /// The state's name, as in domain.md and in the database.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted { .. } => "SUBMITTED",
            Self::Supplement { .. } => "SUPPLEMENT",
            Self::Accepted => "ACCEPTED",
            Self::Collecting(_) => "COLLECTING",
            Self::OffersReady(_) => "OFFERS_READY",
            Self::NoOffer { .. } => "NO_OFFER",
            Self::Rejected { .. } => "REJECTED",
            Self::Withdrawn { .. } => "WITHDRAWN",
        }
    }

    /// While true nobody, the desk included, may see what any institution answered.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Collecting(_))
    }

    /// The numbers of the round, where there has been one.
    pub fn collection(&self) -> Option<&Collection> {
        match self {
            Self::Collecting(round) | Self::OffersReady(round) => Some(round),
            Self::NoOffer { last, .. } => last.as_ref(),
            Self::Draft
            | Self::Submitted { .. }
            | Self::Supplement { .. }
            | Self::Accepted
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => None,
        }
    }
}
