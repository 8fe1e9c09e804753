//! What can be asked of a leg.

use crate::codes::DeclineReason;

/// A command to a leg. The institution's own come as messages, in any order and more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegCommand {
    /// The institution has read or acknowledged the leg.
    Receive,
    /// The institution has begun to review.
    Review,
    /// The institution asks for more documents.
    AskInfo,
    /// The enterprise has answered the institution's question.
    AnswerInfo,
    /// The institution offers.
    Offer {
        /// 1, 2, …: the same again is ignored, a higher one supersedes.
        seq: u32,
    },
    /// The institution declines.
    Decline {
        /// Why.
        reason: DeclineReason,
    },
    /// The window has elapsed.
    TimeOut,
    /// The standing offer's `valid_until` has passed.
    Expire,
    /// The institution takes its offer back.
    WithdrawOffer,
    /// The enterprise has chosen this offer.
    Select,
    /// The choice is undone; the offer stands again.
    Unselect,
    /// The institution has approved what was chosen (bank 授信批复, insurer's policy, guarantee contract).
    Confirm,
    /// The leg is no longer needed.
    Release,
    /// The institution has done what it promised.
    Fulfil,
    /// The institution has not done what it promised.
    Breach,
}

impl LegCommand {
    /// The command's name for logs and refusals.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receive => "RECEIVE",
            Self::Review => "REVIEW",
            Self::AskInfo => "ASK_INFO",
            Self::AnswerInfo => "ANSWER_INFO",
            Self::Offer { .. } => "OFFER",
            Self::Decline { .. } => "DECLINE",
            Self::TimeOut => "TIME_OUT",
            Self::Expire => "EXPIRE",
            Self::WithdrawOffer => "WITHDRAW_OFFER",
            Self::Select => "SELECT",
            Self::Unselect => "UNSELECT",
            Self::Confirm => "CONFIRM",
            Self::Release => "RELEASE",
            Self::Fulfil => "FULFIL",
            Self::Breach => "BREACH",
        }
    }
}
