//! States of a leg, each with what only it has, and their stored form.

use crate::codes::DeclineReason;

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegState {
    /// Issued; the institution has not been heard of.
    Created,
    /// Read or acknowledged by the institution (已送达).
    Received,
    /// Under review (审查中).
    Reviewing,
    /// The institution waits for more documents (待补充).
    InfoRequested,
    /// An offer stands (已报价).
    Offered {
        /// Number of the standing offer.
        seq: u32,
    },
    /// Refused by the institution (已谢绝).
    Declined {
        /// Why.
        reason: DeclineReason,
    },
    /// No answer within the window (超时).
    TimedOut,
    /// The offer's validity has passed.
    Expired {
        /// Number of the offer.
        seq: u32,
    },
    /// The institution has taken its offer back.
    WithdrawnByInstitution {
        /// Number of the offer.
        seq: u32,
    },
    /// Chosen by the enterprise.
    Selected {
        /// Number of the chosen offer.
        seq: u32,
    },
    /// Approved by the institution.
    Confirmed {
        /// Number of the approved offer.
        seq: u32,
    },
    /// No longer needed (已释放).
    Released,
    /// The institution has done what it promised.
    Fulfilled {
        /// Number of the offer.
        seq: u32,
    },
    /// The institution has not done what it promised.
    Breached {
        /// Number of the offer.
        seq: u32,
    },
}

/// A stored combination of code, offer number and reason that no state has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegPartsError {
    /// There is no state with this code.
    #[error("no leg state has the code {code:?}")]
    UnknownCode {
        /// What was stored.
        code: String,
    },
    /// The state needs an offer number of 1 or more, or has none.
    #[error("leg state {code} does not go with offer number {seq:?}")]
    Seq {
        /// The state.
        code: &'static str,
        /// What was stored.
        seq: Option<i32>,
    },
    /// The state needs a reason, or has none.
    #[error("leg state {code} does not go with decline reason {reason:?}")]
    Reason {
        /// The state.
        code: &'static str,
        /// What was stored.
        reason: Option<DeclineReason>,
    },
}

impl LegState {
    /// Whether the institution's answer is still awaited. A round is complete when no leg of it is open.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Created | Self::Received | Self::Reviewing | Self::InfoRequested => true,
            Self::Offered { .. }
            | Self::Declined { .. }
            | Self::TimedOut
            | Self::Expired { .. }
            | Self::WithdrawnByInstitution { .. }
            | Self::Selected { .. }
            | Self::Confirmed { .. }
            | Self::Released
            | Self::Fulfilled { .. }
            | Self::Breached { .. } => false,
        }
    }

    /// Whether the institution has answered in time: it has offered or declined, whatever came of it.
    /// A released leg does not say whether it was answered.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        self.seq().is_some() || self.reason().is_some()
    }

    /// Whether nothing can move the leg any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Declined { .. }
            | Self::TimedOut
            | Self::Expired { .. }
            | Self::WithdrawnByInstitution { .. }
            | Self::Released
            | Self::Fulfilled { .. }
            | Self::Breached { .. } => true,
            Self::Created
            | Self::Received
            | Self::Reviewing
            | Self::InfoRequested
            | Self::Offered { .. }
            | Self::Selected { .. }
            | Self::Confirmed { .. } => false,
        }
    }

    /// Number of the offer that the state is about.
    #[must_use]
    pub const fn seq(self) -> Option<u32> {
        match self {
            Self::Offered { seq }
            | Self::Expired { seq }
            | Self::WithdrawnByInstitution { seq }
            | Self::Selected { seq }
            | Self::Confirmed { seq }
            | Self::Fulfilled { seq }
            | Self::Breached { seq } => Some(seq),
            Self::Created
            | Self::Received
            | Self::Reviewing
            | Self::InfoRequested
            | Self::Declined { .. }
            | Self::TimedOut
            | Self::Released => None,
        }
    }

    /// Why the institution has declined.
    #[must_use]
    pub const fn reason(self) -> Option<DeclineReason> {
        if let Self::Declined { reason } = self { Some(reason) } else { None }
    }

    /// The code by which the state is stored and published.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Received => "RECEIVED",
            Self::Reviewing => "REVIEWING",
            Self::InfoRequested => "INFO_REQUESTED",
            Self::Offered { .. } => "OFFERED",
            Self::Declined { .. } => "DECLINED",
            Self::TimedOut => "TIMED_OUT",
            Self::Expired { .. } => "EXPIRED",
            Self::WithdrawnByInstitution { .. } => "WITHDRAWN_BY_INST",
            Self::Selected { .. } => "SELECTED",
            Self::Confirmed { .. } => "CONFIRMED",
            Self::Released => "RELEASED",
            Self::Fulfilled { .. } => "FULFILLED",
            Self::Breached { .. } => "BREACHED",
        }
    }

    /// The number of `zhirong.common.v1.LegState`.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Created => 1,
            Self::Received => 2,
            Self::Reviewing => 3,
            Self::InfoRequested => 4,
            Self::Offered { .. } => 5,
            Self::Declined { .. } => 6,
            Self::TimedOut => 7,
            Self::Released => 8,
            Self::Expired { .. } => 9,
            Self::WithdrawnByInstitution { .. } => 10,
            Self::Selected { .. } => 11,
            Self::Confirmed { .. } => 12,
            Self::Fulfilled { .. } => 13,
            Self::Breached { .. } => 14,
        }
    }

    /// Reads the stored form: [`LegState::code`], [`LegState::seq`], [`LegState::reason`].
    ///
    /// # Errors
    /// [`LegPartsError`] for a combination that no state has.
    pub fn from_parts(
        code: &str,
        seq: Option<i32>,
        reason: Option<DeclineReason>,
    ) -> Result<Self, LegPartsError> {
        // A number or reason that was stored makes its state; what does not fit is found by comparing afterwards.
        let number = seq.and_then(|seq| u32::try_from(seq).ok()).unwrap_or(0);
        let state = match code {
            "CREATED" => Self::Created,
            "RECEIVED" => Self::Received,
            "REVIEWING" => Self::Reviewing,
            "INFO_REQUESTED" => Self::InfoRequested,
            "OFFERED" => Self::Offered { seq: number },
            "DECLINED" => match reason {
                Some(reason) => Self::Declined { reason },
                None => return Err(LegPartsError::Reason { code: "DECLINED", reason }),
            },
            "TIMED_OUT" => Self::TimedOut,
            "EXPIRED" => Self::Expired { seq: number },
            "WITHDRAWN_BY_INST" => Self::WithdrawnByInstitution { seq: number },
            "SELECTED" => Self::Selected { seq: number },
            "CONFIRMED" => Self::Confirmed { seq: number },
            "RELEASED" => Self::Released,
            "FULFILLED" => Self::Fulfilled { seq: number },
            "BREACHED" => Self::Breached { seq: number },
            _ => return Err(LegPartsError::UnknownCode { code: code.to_owned() }),
        };
        if state.reason() != reason {
            return Err(LegPartsError::Reason { code: state.code(), reason });
        }
        if state.seq() == Some(0) || state.seq().is_some() != seq.is_some() {
            return Err(LegPartsError::Seq { code: state.code(), seq });
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::all_states;
    use super::*;

    #[test]
    fn stored_form_round_trips() {
        for state in all_states() {
            let seq = state.seq().map(|seq| i32::try_from(seq).unwrap());
            assert_eq!(LegState::from_parts(state.code(), seq, state.reason()), Ok(state));
        }
    }

    #[test]
    fn impossible_combinations_are_refused() {
        for state in all_states() {
            let (code, reason) = (state.code(), state.reason());
            for seq in [Some(0), Some(-1), Some(i32::MIN)] {
                assert_eq!(LegState::from_parts(code, seq, reason), Err(LegPartsError::Seq { code, seq }));
            }
            let other = if state.seq().is_some() { None } else { Some(1) };
            assert_eq!(
                LegState::from_parts(code, other, reason),
                Err(LegPartsError::Seq { code, seq: other })
            );
            let other = if reason.is_some() { None } else { Some(DeclineReason::R01) };
            assert_eq!(
                LegState::from_parts(code, None, other),
                Err(LegPartsError::Reason { code, reason: other })
            );
        }
        assert!(matches!(LegState::from_parts("SENT", None, None), Err(LegPartsError::UnknownCode { .. })));
    }

    #[test]
    fn a_leg_is_open_answered_or_ended_without_an_answer() {
        for state in all_states() {
            let ended_silently = matches!(state, LegState::TimedOut | LegState::Released);
            let kinds = [state.is_open(), state.is_answered(), ended_silently];
            assert_eq!(kinds.iter().filter(|holds| **holds).count(), 1, "{state:?}");
            assert!(!(state.is_open() && state.is_terminal()), "{state:?}");
        }
    }
}
