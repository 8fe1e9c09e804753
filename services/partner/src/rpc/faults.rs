//! Inside errors as the refusals that a caller sees.

use rpc::{Fault, reasons as shared};

use crate::domain::{Refusal, Why};
use crate::reasons;
use crate::store::StoreError;

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => Self::from(error),
            StoreError::Row { .. } => Self::new(&shared::INTERNAL).source(error),
            StoreError::Raced => Self::new(&shared::TRY_AGAIN).source(error),
            StoreError::Away => Self::new(&shared::UNAVAILABLE).source(error),
            StoreError::Ending => Self::new(&shared::SHUTTING_DOWN),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(match refusal.why {
            Why::WindowClosed => &reasons::WINDOW_CLOSED,
            Why::QuestionOpen => &reasons::QUESTION_OPEN,
            Why::AlreadyAnswered => &reasons::ASSIGNMENT_ANSWERED,
            Why::OfferSelected => &reasons::OFFER_SELECTED,
            Why::NothingOffered => &reasons::NOTHING_OFFERED,
            Why::Ended => &reasons::ASSIGNMENT_ENDED,
            Why::NotSelected => &reasons::NOT_SELECTED,
            Why::AlreadyConfirmed => &reasons::ALREADY_CONFIRMED,
        })
    }
}
