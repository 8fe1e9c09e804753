//! A leg (分路): one question to one bank or evaluator, with the machine of `kernel::leg` inside.

use chrono::{DateTime, Utc};
use kernel::{
    CaseId, EnhancementMode, Fen, InstitutionId, InstitutionRole, LegId, Months, ProductId, ReplyId,
    documents::DocumentCode, leg::LegState,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Random: it is the assignment id that the institution sees.
    pub id: LegId,
    pub case: CaseId,
    pub round: u8,
    pub wave: u8,
    pub role: InstitutionRole,
    pub institution: InstitutionId,
    /// None for evaluators: nobody's product is asked for.
    pub product: Option<ProductVersion>,
    pub state: LegState,
    /// Rises with every change; the `aggregate_version` of the leg's messages.
    pub version: i64,
    pub issued_at: DateTime<Utc>,
    /// The end of this leg's own window; None while the calendar of that year is missing.
    pub due_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub replied_at: Option<DateTime<Utc>>,
    /// The reply whose offer or refusal stands.
    pub standing_reply: Option<ReplyId>,
    /// What the case needs to know of the answer that stands.
    pub standing: Option<Standing>,
    /// Open question of the institution.
    pub asked: Vec<DocumentCode>,
    pub asked_note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductVersion {
    pub id: ProductId,
    pub version: i32,
}

/// Of an offer or a quote that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub valid_until: DateTime<Utc>,
    /// None for an evaluator's quote.
    pub loan: Option<Loan>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loan {
    pub amount: Fen,
    pub term: Months,
    pub enhancement: EnhancementMode,
}

impl Leg {
    pub fn change(&mut self, state: LegState) {
        self.state = state;
        self.version += 1;
    }

    /// A bank's offer that stands and has not run out at `now`.
    pub fn is_offer_at(&self, now: DateTime<Utc>) -> bool {
        self.role == InstitutionRole::Bank && self.is_offered() && self.is_valid_at(now)
    }

    pub fn is_offered(&self) -> bool {
        matches!(self.state, LegState::Offered { .. })
    }

    /// Chosen, and not heard of since.
    pub fn is_selected(&self) -> bool {
        matches!(self.state, LegState::Selected { .. })
    }

    /// An evaluator that is to confirm, or to deliver what it has confirmed.
    pub fn awaits_evaluator(&self) -> bool {
        self.role == InstitutionRole::Evaluator
            && matches!(self.state, LegState::Selected { .. } | LegState::Confirmed { .. })
    }

    /// Whether what was answered has not run out at `now`.
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.standing.is_some_and(|standing| standing.valid_until > now)
    }

    /// An evaluator that need not be asked again: its quote stands, it is engaged already, or it has said no.
    pub fn keeps_evaluator(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            LegState::Offered { .. } => self.is_valid_at(now),
            LegState::Declined { .. }
            | LegState::Selected { .. }
            | LegState::Confirmed { .. }
            | LegState::Fulfilled { .. } => true,
            LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::TimedOut
            | LegState::Expired { .. }
            | LegState::WithdrawnByInstitution { .. }
            | LegState::Released
            | LegState::Breached { .. } => false,
        }
    }
}
