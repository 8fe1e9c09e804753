//! What the domain and the store refuse, as the caller is told: one exhaustive table.

use rpc::Fault;

use crate::{
    domain::{Missing, Refusal},
    reasons,
    store::StoreError,
};

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::State { state, command } => {
                Fault::new(&reasons::CASE_STATE).metadata("state", state).metadata("command", command)
            }
            Refusal::Incomplete(missing) => incomplete(&missing),
            Refusal::SecondSupplement => Fault::new(&reasons::SECOND_SUPPLEMENT),
            Refusal::RoundsUsedUp => Fault::new(&reasons::ROUNDS_USED_UP),
            Refusal::OfferNotStanding { field } => Fault::new(&reasons::OFFER_NOT_STANDING).field(field),
            Refusal::CoverRequired => Fault::new(&reasons::COVER_REQUIRED).field("cover_leg_id"),
            Refusal::CoverNotCalledFor => Fault::new(&reasons::COVER_NOT_CALLED_FOR).field("cover_leg_id"),
            Refusal::CoverTooSmall => Fault::new(&reasons::COVER_TOO_SMALL).field("cover_leg_id"),
        }
    }
}

fn incomplete(missing: &[Missing]) -> Fault {
    missing.iter().fold(Fault::new(&reasons::APPLICATION_INCOMPLETE), |fault, gap| match gap.document {
        Some(code) => {
            fault.violation(&format!("application.documents[{}]", code.code()), &reasons::DOCUMENT_MISSING)
        }
        None => {
            // An absent number reads as 0, which is out of range.
            let reason = match gap.field {
                "amount_fen" => &rpc::reasons::AMOUNT_OUT_OF_RANGE,
                "term_months" => &rpc::reasons::TERM_OUT_OF_RANGE,
                _ => &rpc::reasons::FIELD_REQUIRED,
            };
            fault.violation(&format!("application.{}", gap.field), reason)
        }
    })
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            broken @ (StoreError::Corrupt { .. } | StoreError::Number(_)) => {
                Fault::new(&rpc::reasons::INTERNAL).source(broken)
            }
        }
    }
}
