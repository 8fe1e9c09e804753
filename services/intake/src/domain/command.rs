//! What can be asked of a case.

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, EnterpriseId, LegId, documents::DocumentCode};

use super::{
    application::Missing,
    case::{ExpiryCause, ReopenCause, WithdrawCause},
    selection::{Approval, Choice, CoverNeed},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    ChangeDraft,
    /// `missing` is what the form lacks; it must be empty.
    Submit {
        missing: Vec<Missing>,
    },
    Hold {
        reasons: Vec<String>,
    },
    RequestSupplement {
        asked: Vec<DocumentCode>,
    },
    Supplement {
        given: Vec<DocumentCode>,
    },
    SupplementElapsed,
    Accept {
        automatic: bool,
        enterprise: EnterpriseId,
        park: String,
    },
    FailScreen {
        reasons: Vec<String>,
    },
    /// `legs` frozen; 0 is an outcome of its own. `cover`: insurers and guarantors are asked at the same time.
    Dispatch {
        legs: u16,
        closes_at: Option<DateTime<Utc>>,
        reasons: Vec<String>,
        cover: Option<CoverNeed>,
    },
    MarkDelivered {
        leg: LegId,
    },
    MarkReviewing {
        leg: LegId,
    },
    Question {
        leg: LegId,
        asked: Vec<DocumentCode>,
    },
    AnswerQuestion {
        leg: LegId,
    },
    /// `offered`: a bank's offer. `need` is what the standing offers call for with this one; it is looked at where the
    /// answer is the last.
    CountAnswer {
        leg: LegId,
        offered: bool,
        need: Option<CoverNeed>,
    },
    KeepLate {
        leg: LegId,
        decline: Option<DeclineReason>,
    },
    /// An institution takes its answer back; `offer` where it was a bank's of the present round.
    TakeBack {
        leg: LegId,
        offer: bool,
    },
    /// The calendar of that year has come.
    FixWindow {
        closes_at: DateTime<Utc>,
    },
    /// `open` legs have not answered; they time out.
    CloseWindow {
        open: u16,
        need: Option<CoverNeed>,
    },
    /// Insurance has told what was quoted.
    QuoteCover {
        round: u8,
    },
    /// Insurance was waited for long enough.
    CoverElapsed,
    /// What is named has been checked by `selection::check`.
    Select {
        choice: Choice,
    },
    /// Nothing was chosen in time.
    SelectionElapsed {
        cause: ExpiryCause,
    },
    /// The calendar of that year has come.
    FixApproval {
        approve_by: DateTime<Utc>,
    },
    Approve {
        approval: Approval,
    },
    /// The chosen bank refused or stayed silent; `left`: another offer stands.
    LoseBank {
        cause: ReopenCause,
        left: bool,
    },
    /// The chosen cover is refused; `left`: an offer stands, the chosen one included.
    LoseCover {
        leg: LegId,
        left: bool,
    },
    BindCover {
        leg: LegId,
    },
    /// `at`: when it confirmed. `working_days`: as it quoted.
    EngageEvaluator {
        leg: LegId,
        at: DateTime<Utc>,
        working_days: u16,
    },
    LoseEvaluator {
        leg: LegId,
    },
    /// It has confirmed, and not delivered in the time that it quoted.
    BreachEvaluator {
        leg: LegId,
    },
    TakeReport {
        leg: LegId,
    },
    Redispatch,
    GiveUp,
    /// Nobody asked for another round in time.
    Lapse,
    Withdraw {
        cause: WithdrawCause,
    },
}

impl Command {
    pub fn name(&self) -> &'static str {
        match self {
            Self::ChangeDraft => "change draft",
            Self::Submit { .. } => "submit",
            Self::Hold { .. } => "hold",
            Self::RequestSupplement { .. } => "request supplement",
            Self::Supplement { .. } => "supplement",
            Self::SupplementElapsed => "supplement deadline",
            Self::Accept { .. } => "accept",
            Self::FailScreen { .. } => "fail screening",
            Self::Dispatch { .. } => "dispatch",
            Self::MarkDelivered { .. } => "mark delivered",
            Self::MarkReviewing { .. } => "mark reviewing",
            Self::Question { .. } => "question",
            Self::AnswerQuestion { .. } => "answer question",
            Self::CountAnswer { .. } => "count answer",
            Self::KeepLate { .. } => "keep late answer",
            Self::TakeBack { .. } => "take back",
            Self::FixWindow { .. } => "fix window",
            Self::CloseWindow { .. } => "close window",
            Self::QuoteCover { .. } => "quote cover",
            Self::CoverElapsed => "cover deadline",
            Self::Select { .. } => "select",
            Self::SelectionElapsed { .. } => "selection deadline",
            Self::FixApproval { .. } => "fix approval deadline",
            Self::Approve { .. } => "approve",
            Self::LoseBank { .. } => "lose bank",
            Self::LoseCover { .. } => "lose cover",
            Self::BindCover { .. } => "bind cover",
            Self::EngageEvaluator { .. } => "engage evaluator",
            Self::LoseEvaluator { .. } => "lose evaluator",
            Self::BreachEvaluator { .. } => "breach evaluator",
            Self::TakeReport { .. } => "take report",
            Self::Redispatch => "redispatch",
            Self::GiveUp => "give up",
            Self::Lapse => "lapse",
            Self::Withdraw { .. } => "withdraw",
        }
    }
}
