//! One function per command; each names every state, so that a new state has to be thought through everywhere.

use super::LegState::{
    self, Breached, Confirmed, Created, Declined, Expired, Fulfilled, InfoRequested, Offered, Received,
    Released, Reviewing, Selected, TimedOut, WithdrawnByInstitution,
};
use super::decide::{LegRefusalReason as Refused, LegStep, Step};
use crate::codes::DeclineReason;

const fn moved(state: LegState) -> Step {
    Ok(LegStep::Moved(state))
}

const DONE: Step = Ok(LegStep::AlreadyApplied);
const LATE: Step = Ok(LegStep::Late);

/// What the institution says of itself.
impl LegState {
    pub(super) const fn receive(self) -> Step {
        match self {
            Created => moved(Received),
            Received
            | Reviewing
            | InfoRequested
            | Offered { .. }
            | Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Released
            | Fulfilled { .. }
            | Breached { .. } => DONE,
        }
    }

    pub(super) const fn review(self) -> Step {
        match self {
            Created | Received => moved(Reviewing),
            Reviewing
            | InfoRequested
            | Offered { .. }
            | Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Released
            | Fulfilled { .. }
            | Breached { .. } => DONE,
        }
    }

    /// A question implies that the leg was read and reviewed; after an answer it has been overtaken.
    pub(super) const fn ask_info(self) -> Step {
        match self {
            Created | Received | Reviewing => moved(InfoRequested),
            InfoRequested
            | Offered { .. }
            | Declined { .. }
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Fulfilled { .. }
            | Breached { .. } => DONE,
            TimedOut | Released => LATE,
        }
    }

    pub(super) fn offer(self, seq: u32) -> Step {
        if seq == 0 {
            return Err(Refused::OfferSeqInvalid);
        }
        match self {
            Created | Received | Reviewing | InfoRequested => moved(Offered { seq }),
            Offered { seq: standing } => numbered(seq, standing, moved(Offered { seq })),
            // An offer that was chosen is what the enterprise and the institution now rely on.
            Selected { seq: standing } | Confirmed { seq: standing } => {
                numbered(seq, standing, Err(Refused::OfferSelected))
            }
            Expired { seq: standing }
            | WithdrawnByInstitution { seq: standing }
            | Fulfilled { seq: standing }
            | Breached { seq: standing } => numbered(seq, standing, Err(Refused::LegClosed)),
            Declined { .. } => Err(Refused::LegClosed),
            TimedOut | Released => LATE,
        }
    }

    /// A second refusal for another reason changes nothing: the first one stands.
    pub(super) const fn decline(self, reason: DeclineReason) -> Step {
        match self {
            Created | Received | Reviewing | InfoRequested => moved(Declined { reason }),
            Declined { .. } => DONE,
            Offered { .. } => Err(Refused::OfferStands),
            Selected { .. } | Confirmed { .. } => Err(Refused::OfferSelected),
            Expired { .. } | WithdrawnByInstitution { .. } | Fulfilled { .. } | Breached { .. } => {
                Err(Refused::LegClosed)
            }
            TimedOut | Released => LATE,
        }
    }

    pub(super) const fn withdraw_offer(self) -> Step {
        match self {
            Offered { seq } => moved(WithdrawnByInstitution { seq }),
            // The offer no longer binds, one way or the other.
            WithdrawnByInstitution { .. } | Expired { .. } => DONE,
            Created | Received | Reviewing | InfoRequested | Declined { .. } => Err(Refused::NothingOffered),
            Selected { .. } | Confirmed { .. } => Err(Refused::OfferSelected),
            Fulfilled { .. } | Breached { .. } => Err(Refused::LegClosed),
            TimedOut | Released => LATE,
        }
    }

    pub(super) const fn confirm(self) -> Step {
        match self {
            Selected { seq } => moved(Confirmed { seq }),
            Confirmed { .. } | Fulfilled { .. } | Breached { .. } => DONE,
            Created
            | Received
            | Reviewing
            | InfoRequested
            | Offered { .. }
            | Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. } => Err(Refused::NotSelected),
            // The institution may have approved before it heard of the release: it is told, and the leg stays.
            Released => LATE,
        }
    }

    pub(super) const fn fulfil(self) -> Step {
        match self {
            Confirmed { seq } => moved(Fulfilled { seq }),
            Fulfilled { .. } => DONE,
            Breached { .. } => Err(Refused::LegClosed),
            Created
            | Received
            | Reviewing
            | InfoRequested
            | Offered { .. }
            | Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. } => Err(Refused::NotConfirmed),
            Released => LATE,
        }
    }
}

/// What we decide of the leg: the enterprise's choice, the case's end, the passing of time.
impl LegState {
    /// The same answer whether the leg was offered or declined, since the asker must not learn which.
    pub(super) const fn answer_info(self) -> Step {
        match self {
            InfoRequested => moved(Reviewing),
            Reviewing
            | Offered { .. }
            | Declined { .. }
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Fulfilled { .. }
            | Breached { .. } => DONE,
            Created | Received => Err(Refused::NothingAsked),
            TimedOut | Released => Err(Refused::LegClosed),
        }
    }

    /// A late or repeated firing changes nothing and is never refused.
    pub(super) const fn time_out(self) -> Step {
        match self {
            Created | Received | Reviewing | InfoRequested => moved(TimedOut),
            TimedOut
            | Offered { .. }
            | Declined { .. }
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Released
            | Fulfilled { .. }
            | Breached { .. } => DONE,
        }
    }

    /// A late or repeated firing changes nothing; an offer that was chosen in time does not expire.
    pub(super) const fn expire(self) -> Step {
        match self {
            Offered { seq } => moved(Expired { seq }),
            Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. }
            | Confirmed { .. }
            | Released
            | Fulfilled { .. }
            | Breached { .. } => DONE,
            Created | Received | Reviewing | InfoRequested | Declined { .. } | TimedOut => {
                Err(Refused::NothingOffered)
            }
        }
    }

    pub(super) const fn select(self) -> Step {
        match self {
            Offered { seq } => moved(Selected { seq }),
            Selected { .. } | Confirmed { .. } | Fulfilled { .. } | Breached { .. } => DONE,
            Created | Received | Reviewing | InfoRequested => Err(Refused::NothingOffered),
            Declined { .. } | TimedOut | Expired { .. } | WithdrawnByInstitution { .. } | Released => {
                Err(Refused::LegClosed)
            }
        }
    }

    pub(super) const fn unselect(self) -> Step {
        match self {
            Selected { seq } => moved(Offered { seq }),
            Offered { .. } => DONE,
            Created | Received | Reviewing | InfoRequested => Err(Refused::NothingOffered),
            Confirmed { .. } | Fulfilled { .. } | Breached { .. } => Err(Refused::AlreadyConfirmed),
            Declined { .. } | TimedOut | Expired { .. } | WithdrawnByInstitution { .. } | Released => {
                Err(Refused::LegClosed)
            }
        }
    }

    /// Cancels every leg that has not ended, a confirmed one too (a case is withdrawn before contracting, a pledge
    /// is refused after confirmation); never refused, so that an undo can be repeated.
    pub(super) const fn release(self) -> Step {
        match self {
            Created
            | Received
            | Reviewing
            | InfoRequested
            | Offered { .. }
            | Selected { .. }
            | Confirmed { .. } => moved(Released),
            Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Released
            | Fulfilled { .. }
            | Breached { .. } => DONE,
        }
    }

    pub(super) const fn breach(self) -> Step {
        match self {
            Confirmed { seq } => moved(Breached { seq }),
            Breached { .. } => DONE,
            Fulfilled { .. } | Released => Err(Refused::LegClosed),
            Created
            | Received
            | Reviewing
            | InfoRequested
            | Offered { .. }
            | Declined { .. }
            | TimedOut
            | Expired { .. }
            | WithdrawnByInstitution { .. }
            | Selected { .. } => Err(Refused::NotConfirmed),
        }
    }
}

/// The same number again is ignored, a lower one has been superseded, a higher one is `higher`.
fn numbered(seq: u32, standing: u32, higher: Step) -> Step {
    match seq.cmp(&standing) {
        std::cmp::Ordering::Equal => DONE,
        std::cmp::Ordering::Less => Ok(LegStep::Superseded),
        std::cmp::Ordering::Greater => higher,
    }
}
