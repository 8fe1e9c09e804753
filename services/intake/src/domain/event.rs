//! What happened to a case. Private: `messaging::publish` maps each to the public event that others see, if any.

use chrono::{DateTime, Utc};
use kernel::{DeclineReason, EnterpriseId, LegId, documents::DocumentCode};

use super::{
    case::{ExpiryCause, ReopenCause, WithdrawCause},
    selection::{Approval, Choice, CoverNeed},
};

/// The five parties (政企银保服) by which a timeline can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    Gov,
    Enterprise,
    Bank,
    Insurer,
    Service,
}

impl Party {
    pub fn code(self) -> &'static str {
        match self {
            Self::Gov => "GOV",
            Self::Enterprise => "ENTERPRISE",
            Self::Bank => "BANK",
            Self::Insurer => "INSURER",
            Self::Service => "SERVICE",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Drafted,
    DraftChanged,
    Submitted {
        at: DateTime<Utc>,
    },
    /// Acceptance could not be automatic; a clerk has to look.
    Held {
        reasons: Vec<String>,
    },
    SupplementRequested {
        asked: Vec<DocumentCode>,
    },
    Supplemented {
        given: Vec<DocumentCode>,
    },
    Accepted {
        automatic: bool,
        enterprise: Option<EnterpriseId>,
        park: String,
    },
    ScreenFailed {
        reasons: Vec<String>,
    },
    Dispatched {
        round: u8,
        legs: u16,
        closes_at: Option<DateTime<Utc>>,
    },
    /// Planning found nobody to ask.
    NobodyToAsk {
        round: u8,
        reasons: Vec<String>,
    },
    LegDelivered {
        leg: LegId,
    },
    LegReviewing {
        leg: LegId,
    },
    LegQuestioned {
        leg: LegId,
        asked: Vec<DocumentCode>,
    },
    LegQuestionAnswered {
        leg: LegId,
    },
    /// First answer of a leg: it counts for the join. `offered`: by a bank's offer.
    LegAnswered {
        leg: LegId,
        offered: bool,
    },
    /// Kept, shown to the desk, never selectable.
    LegAnsweredLate {
        leg: LegId,
        decline: Option<DeclineReason>,
    },
    /// The institution has taken its offer or quote back.
    AnswerTakenBack {
        leg: LegId,
        offer: bool,
    },
    WindowElapsed {
        timed_out: u16,
    },
    /// The closing time, which had waited for the calendar of its year.
    WindowFixed {
        closes_at: DateTime<Utc>,
    },
    /// Banks and evaluators have answered; insurers and guarantors are waited for.
    WaveClosed,
    CoverRequested {
        need: CoverNeed,
    },
    CoverQuoted,
    CoverLapsed,
    OffersReady,
    NoOffer,
    Selected {
        choice: Choice,
    },
    /// Until when to approve, which had waited for the calendar of its year.
    ApprovalFixed {
        approve_by: DateTime<Utc>,
    },
    Approved {
        approval: Approval,
    },
    /// The choice is undone; `choice` is what it was.
    Reopened {
        cause: ReopenCause,
        choice: Choice,
        cover: bool,
    },
    Expired {
        cause: ExpiryCause,
        cover: bool,
    },
    CoverBound,
    /// After the bank's approval: a person must act.
    CoverLost,
    /// `at`: when it confirmed. `working_days`: as it quoted.
    EvaluatorEngaged {
        leg: LegId,
        at: DateTime<Utc>,
        working_days: u16,
    },
    /// The chosen evaluator does not confirm; the case goes on without one.
    EvaluatorLost {
        leg: LegId,
    },
    /// An engaged evaluator has not delivered in time. Its report is taken when it comes.
    EvaluatorBreached {
        leg: LegId,
    },
    ReportDelivered {
        leg: LegId,
    },
    RedispatchRequested,
    GivenUp,
    /// Nobody asked for another round in time.
    Lapsed,
    /// `cover`: insurance has something to undo.
    Withdrawn {
        cause: WithdrawCause,
        cover: bool,
    },
}

impl Event {
    /// The kind shown in the timeline.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Drafted => "CASE_DRAFTED",
            Self::DraftChanged => "CASE_DRAFT_CHANGED",
            Self::Submitted { .. } => "CASE_SUBMITTED",
            Self::Held { .. } => "CASE_HELD",
            Self::SupplementRequested { .. } => "CASE_SUPPLEMENT_REQUESTED",
            Self::Supplemented { .. } => "CASE_SUPPLEMENTED",
            Self::Accepted { .. } => "CASE_ACCEPTED",
            Self::ScreenFailed { .. } => "CASE_REJECTED",
            Self::Dispatched { .. } => "CASE_DISPATCHED",
            Self::NobodyToAsk { .. } => "CASE_NOBODY_TO_ASK",
            Self::LegDelivered { .. } => "LEG_DELIVERED",
            Self::LegReviewing { .. } => "LEG_REVIEWING",
            Self::LegQuestioned { .. } => "LEG_QUESTIONED",
            Self::LegQuestionAnswered { .. } => "LEG_QUESTION_ANSWERED",
            Self::LegAnswered { .. } => "LEG_ANSWERED",
            Self::LegAnsweredLate { .. } => "LEG_ANSWERED_LATE",
            Self::AnswerTakenBack { .. } => "LEG_ANSWER_TAKEN_BACK",
            Self::WindowElapsed { .. } => "WINDOW_ELAPSED",
            Self::WindowFixed { .. } => "WINDOW_FIXED",
            Self::WaveClosed => "CASE_WAVE_CLOSED",
            Self::CoverRequested { .. } => "COVER_REQUESTED",
            Self::CoverQuoted => "COVER_QUOTED",
            Self::CoverLapsed => "COVER_LAPSED",
            Self::OffersReady => "CASE_OFFERS_READY",
            Self::NoOffer => "CASE_NO_OFFER",
            Self::Selected { .. } => "CASE_SELECTED",
            Self::ApprovalFixed { .. } => "APPROVAL_FIXED",
            Self::Approved { .. } => "CASE_APPROVED",
            Self::Reopened { .. } => "CASE_REOPENED",
            Self::Expired { .. } => "CASE_EXPIRED",
            Self::CoverBound => "COVER_BOUND",
            Self::CoverLost => "COVER_LOST",
            Self::EvaluatorEngaged { .. } => "EVALUATOR_ENGAGED",
            Self::EvaluatorLost { .. } => "EVALUATOR_LOST",
            Self::EvaluatorBreached { .. } => "EVALUATOR_BREACHED",
            Self::ReportDelivered { .. } => "REPORT_DELIVERED",
            Self::RedispatchRequested => "CASE_REDISPATCH_REQUESTED",
            Self::GivenUp => "CASE_GIVEN_UP",
            Self::Lapsed => "CASE_LAPSED",
            Self::Withdrawn { .. } => "CASE_WITHDRAWN",
        }
    }

    pub fn leg(&self) -> Option<LegId> {
        match self {
            Self::LegDelivered { leg }
            | Self::LegReviewing { leg }
            | Self::LegQuestioned { leg, .. }
            | Self::LegQuestionAnswered { leg }
            | Self::LegAnswered { leg, .. }
            | Self::LegAnsweredLate { leg, .. }
            | Self::AnswerTakenBack { leg, .. }
            | Self::EvaluatorEngaged { leg, .. }
            | Self::EvaluatorLost { leg }
            | Self::EvaluatorBreached { leg }
            | Self::ReportDelivered { leg } => Some(*leg),
            Self::Selected { choice } | Self::Reopened { choice, .. } => Some(choice.bank),
            Self::Drafted
            | Self::DraftChanged
            | Self::Submitted { .. }
            | Self::Held { .. }
            | Self::SupplementRequested { .. }
            | Self::Supplemented { .. }
            | Self::Accepted { .. }
            | Self::ScreenFailed { .. }
            | Self::Dispatched { .. }
            | Self::NobodyToAsk { .. }
            | Self::WindowElapsed { .. }
            | Self::WindowFixed { .. }
            | Self::WaveClosed
            | Self::CoverRequested { .. }
            | Self::CoverQuoted
            | Self::CoverLapsed
            | Self::OffersReady
            | Self::NoOffer
            | Self::ApprovalFixed { .. }
            | Self::Approved { .. }
            | Self::Expired { .. }
            | Self::CoverBound
            | Self::CoverLost
            | Self::RedispatchRequested
            | Self::GivenUp
            | Self::Lapsed
            | Self::Withdrawn { .. } => None,
        }
    }

    /// Reason and document codes for the timeline. What a sealed leg answered is not among them.
    pub fn codes(&self) -> Vec<String> {
        let documents = |codes: &[DocumentCode]| codes.iter().map(|code| code.code().to_owned()).collect();
        match self {
            Self::Held { reasons } | Self::ScreenFailed { reasons } | Self::NobodyToAsk { reasons, .. } => {
                reasons.clone()
            }
            Self::SupplementRequested { asked } | Self::LegQuestioned { asked, .. } => documents(asked),
            Self::Supplemented { given } => documents(given),
            Self::Withdrawn { cause, .. } => vec![cause.code().to_owned()],
            Self::Expired { cause, .. } => vec![cause.code().to_owned()],
            Self::Reopened { cause, .. } => vec![cause.code().to_owned()],
            Self::LegAnsweredLate { decline, .. } => {
                decline.map(|reason| reason.code().to_owned()).into_iter().collect()
            }
            Self::Drafted
            | Self::DraftChanged
            | Self::Submitted { .. }
            | Self::Accepted { .. }
            | Self::Dispatched { .. }
            | Self::LegDelivered { .. }
            | Self::LegReviewing { .. }
            | Self::LegQuestionAnswered { .. }
            | Self::LegAnswered { .. }
            | Self::AnswerTakenBack { .. }
            | Self::WindowElapsed { .. }
            | Self::WindowFixed { .. }
            | Self::WaveClosed
            // Which kinds would tell what was offered, while the seal is still on.
            | Self::CoverRequested { .. }
            | Self::CoverQuoted
            | Self::CoverLapsed
            | Self::OffersReady
            | Self::NoOffer
            | Self::Selected { .. }
            | Self::ApprovalFixed { .. }
            | Self::Approved { .. }
            | Self::CoverBound
            | Self::CoverLost
            | Self::EvaluatorEngaged { .. }
            | Self::EvaluatorLost { .. }
            | Self::EvaluatorBreached { .. }
            | Self::ReportDelivered { .. }
            | Self::RedispatchRequested
            | Self::GivenUp
            | Self::Lapsed => Vec::new(),
        }
    }
}
