//! Decides one command in one state. Pure; the whole table of pairs is beside it in `table.rs`.

use super::{LegCommand, LegState};

/// What a command does to a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegStep {
    /// The leg moves.
    Moved(LegState),
    /// The leg is already there or beyond: a repeat, an overtaken message, a late firing. Nothing changes.
    AlreadyApplied,
    /// The institution spoke after the leg had timed out or been released: kept as `LATE`, the leg stays.
    Late,
    /// An offer with a lower number than the standing one. The leg stays.
    Superseded,
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegRefusalReason {
    /// Offer numbers begin at 1.
    OfferSeqInvalid,
    /// The leg takes no more answers: declined, expired, withdrawn, timed out, released or ended.
    LegClosed,
    /// An offer stands; it is withdrawn, not declined.
    OfferStands,
    /// The standing offer has been chosen; it is neither replaced nor withdrawn.
    OfferSelected,
    /// There is no offer.
    NothingOffered,
    /// The institution has asked nothing.
    NothingAsked,
    /// The offer has not been chosen.
    NotSelected,
    /// The institution has not confirmed.
    NotConfirmed,
    /// The choice has been confirmed and cannot be undone by this command.
    AlreadyConfirmed,
}

impl LegRefusalReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::OfferSeqInvalid,
        Self::LegClosed,
        Self::OfferStands,
        Self::OfferSelected,
        Self::NothingOffered,
        Self::NothingAsked,
        Self::NotSelected,
        Self::NotConfirmed,
        Self::AlreadyConfirmed,
    ];

    /// The reason's code, as published to the institution.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OfferSeqInvalid => "OFFER_SEQ_INVALID",
            Self::LegClosed => "LEG_CLOSED",
            Self::OfferStands => "OFFER_STANDS",
            Self::OfferSelected => "OFFER_SELECTED",
            Self::NothingOffered => "NOTHING_OFFERED",
            Self::NothingAsked => "NOTHING_ASKED",
            Self::NotSelected => "NOT_SELECTED",
            Self::NotConfirmed => "NOT_CONFIRMED",
            Self::AlreadyConfirmed => "ALREADY_CONFIRMED",
        }
    }
}

/// A command that the leg's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} is refused in leg state {}: {}", command.code(), state.code(), reason.code())]
pub struct LegRefusal {
    /// The state.
    pub state: LegState,
    /// The command.
    pub command: LegCommand,
    /// Why.
    pub reason: LegRefusalReason,
}

pub(super) type Step = Result<LegStep, LegRefusalReason>;

impl LegState {
    /// What the command does in this state.
    ///
    /// What an institution says of itself (`Receive`, `Review`, `AskInfo`, `Offer`) converges: any order with any
    /// repetition ends where the institution's own order ends. An offer and a refusal contradict each other; the first
    /// that is applied stands and the other is refused. `AskInfo` opens a question anew after `AnswerInfo`, so
    /// repeated messages have to be kept away from it by their id.
    ///
    /// # Errors
    /// [`LegRefusal`] when the state does not allow the command.
    pub fn decide(self, command: LegCommand) -> Result<LegStep, LegRefusal> {
        let step = match command {
            LegCommand::Receive => self.receive(),
            LegCommand::Review => self.review(),
            LegCommand::AskInfo => self.ask_info(),
            LegCommand::AnswerInfo => self.answer_info(),
            LegCommand::Offer { seq } => self.offer(seq),
            LegCommand::Decline { reason } => self.decline(reason),
            LegCommand::TimeOut => self.time_out(),
            LegCommand::Expire => self.expire(),
            LegCommand::WithdrawOffer => self.withdraw_offer(),
            LegCommand::Select => self.select(),
            LegCommand::Unselect => self.unselect(),
            LegCommand::Confirm => self.confirm(),
            LegCommand::Release => self.release(),
            LegCommand::Fulfil => self.fulfil(),
            LegCommand::Breach => self.breach(),
        };
        step.map_err(|reason| LegRefusal { state: self, command, reason })
    }
}
