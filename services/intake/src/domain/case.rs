//! The state of a financing case (融资案件, domain.md §3.2 a), from its draft to the bank's approval.

use chrono::{DateTime, Utc};
use kernel::{CaseId, documents::DocumentCode};

use super::{
    application::Channel,
    selection::{Approval, Choice},
};

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
    /// The enterprise has chosen; the chosen bank is asked to approve, all others are held.
    Selected {
        round: Collection,
        choice: Choice,
    },
    /// The chosen bank has approved (授信批复).
    Approved {
        round: Collection,
        choice: Choice,
        approval: Approval,
    },
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
    /// Nothing was chosen in time, or no offer is left.
    Expired {
        cause: ExpiryCause,
        last: Collection,
    },
}

/// One round's join: the roster and its number are frozen at dispatch; answers are counted, not looked up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// 1: banks and evaluators are asked; 2: they have answered, insurers and guarantors are waited for.
    pub wave: u8,
    pub legs: u16,
    /// Legs that offered, declined or ended.
    pub answered: u16,
    /// Bank offers that stand: fewer than were made where some were taken back.
    pub offers: u16,
    /// None while the calendar of that year is missing.
    pub closes_at: Option<DateTime<Utc>>,
    pub cover: Cover,
}

/// How far the round's cover request has come (增信征询); insurance carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    NotAsked,
    Asked,
    /// Insurance has told what was quoted, maybe nothing.
    Quoted,
    /// Insurance was waited for long enough; its answer is still taken when it comes.
    Lapsed,
}

impl Cover {
    pub const ALL: [Self; 4] = [Self::NotAsked, Self::Asked, Self::Quoted, Self::Lapsed];

    pub fn code(self) -> &'static str {
        match self {
            Self::NotAsked => "NOT_ASKED",
            Self::Asked => "ASKED",
            Self::Quoted => "QUOTED",
            Self::Lapsed => "LAPSED",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cover| cover.code() == code)
    }

    /// Whether insurance has anything to undo in this round.
    pub fn was_asked(self) -> bool {
        self != Self::NotAsked
    }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryCause {
    SelectionTimeout,
    OffersExpired,
}

impl ExpiryCause {
    pub const ALL: [Self; 2] = [Self::SelectionTimeout, Self::OffersExpired];

    pub fn code(self) -> &'static str {
        match self {
            Self::SelectionTimeout => "SELECTION_TIMEOUT",
            Self::OffersExpired => "OFFERS_EXPIRED",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// Why a choice is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReopenCause {
    BankDeclined,
    ApprovalTimeout,
    /// The chosen insurer or guarantor does not confirm: the bank's offer stands again.
    CoverRefused,
}

impl ReopenCause {
    pub fn code(self) -> &'static str {
        match self {
            Self::BankDeclined => "BANK_DECLINED",
            Self::ApprovalTimeout => "APPROVAL_TIMEOUT",
            Self::CoverRefused => "COVER_REFUSED",
        }
    }

    /// Whether the chosen bank's offer is lost with the choice.
    pub fn loses_bank(self) -> bool {
        match self {
            Self::BankDeclined | Self::ApprovalTimeout => true,
            Self::CoverRefused => false,
        }
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
            Self::Selected { .. } => "SELECTED",
            Self::Approved { .. } => "APPROVED",
            Self::NoOffer { .. } => "NO_OFFER",
            Self::Rejected { .. } => "REJECTED",
            Self::Withdrawn { .. } => "WITHDRAWN",
            Self::Expired { .. } => "EXPIRED",
        }
    }

    /// While true nobody, the desk included, may see what any institution answered in the present round.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Collecting(_)) || self.is_withdrawn()
    }

    /// A case that ended by withdrawal stays sealed, every round of it: nobody needs its answers any more.
    pub fn is_withdrawn(&self) -> bool {
        matches!(self, Self::Withdrawn { .. })
    }

    /// The numbers of the round, where there has been one.
    pub fn collection(&self) -> Option<&Collection> {
        match self {
            Self::Collecting(round)
            | Self::OffersReady(round)
            | Self::Selected { round, .. }
            | Self::Approved { round, .. } => Some(round),
            Self::NoOffer { last, .. } => last.as_ref(),
            Self::Expired { last, .. } => Some(last),
            Self::Draft
            | Self::Submitted { .. }
            | Self::Supplement { .. }
            | Self::Accepted
            | Self::Rejected { .. }
            | Self::Withdrawn { .. } => None,
        }
    }

    /// What the enterprise has chosen, while the choice holds.
    pub fn choice(&self) -> Option<&Choice> {
        match self {
            Self::Selected { choice, .. } | Self::Approved { choice, .. } => Some(choice),
            Self::Draft
            | Self::Submitted { .. }
            | Self::Supplement { .. }
            | Self::Accepted
            | Self::Collecting(_)
            | Self::OffersReady(_)
            | Self::NoOffer { .. }
            | Self::Rejected { .. }
            | Self::Withdrawn { .. }
            | Self::Expired { .. } => None,
        }
    }

    /// Whether cover was asked for in the present round.
    pub fn has_cover(&self) -> bool {
        self.collection().is_some_and(|round| round.cover.was_asked())
    }
}
