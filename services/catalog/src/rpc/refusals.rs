//! From errors and refusals to what the caller is told. Every arm names a reason.

use rpc::{Fault, Reason};

use crate::{
    domain::{product, terms::TermsFault},
    reasons,
    store::StoreError,
};

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => Self::from(error),
            StoreError::Impossible { .. } => Self::new(&rpc::reasons::INTERNAL).source(error),
        }
    }
}

/// The field and the reason of a fault in terms.
pub(super) fn of_terms(fault: TermsFault) -> (&'static str, &'static Reason) {
    match fault {
        TermsFault::NoAcceptedIp => ("accepted_ip", &rpc::reasons::FIELD_REQUIRED),
        TermsFault::NoRepayment => ("repayment", &rpc::reasons::FIELD_REQUIRED),
        TermsFault::NoEnhancement => ("enhancement", &rpc::reasons::FIELD_REQUIRED),
        TermsFault::MinAssetsOutOfRange => ("min_assets", &rpc::reasons::NUMBER_OUT_OF_RANGE),
        TermsFault::TooManyRegions => ("regions", &rpc::reasons::TOO_MANY),
        TermsFault::TooManyParks => ("parks", &rpc::reasons::TOO_MANY),
        TermsFault::RateMinOutOfRange => ("rate_min_bp", &reasons::RATE_OUT_OF_RANGE),
        TermsFault::RateMaxOutOfRange => ("rate_max_bp", &reasons::RATE_OUT_OF_RANGE),
        TermsFault::GuaranteeContradicted => ("guarantee_required", &reasons::GUARANTEE_CONTRADICTED),
        TermsFault::EndsBeforeItBegins => ("effective_to", &reasons::RANGE_REVERSED),
    }
}

pub(super) fn of_product(refusal: product::Refusal) -> Fault {
    match refusal {
        product::Refusal::Retired(_) => Fault::new(&reasons::PRODUCT_RETIRED).field("product_id"),
        product::Refusal::MovedOn { newest, .. } => Fault::new(&rpc::reasons::VERSION_CONFLICT)
            .field("newest_version")
            .metadata("newest_version", newest.to_string()),
        product::Refusal::NoSuchVersion(_) => Fault::new(&reasons::PRODUCT_VERSION_UNKNOWN).field("version"),
        product::Refusal::NotPending(_) => Fault::new(&reasons::PRODUCT_VERSION_NOT_PENDING).field("version"),
        product::Refusal::WrongStage { stage, .. } => {
            Fault::new(&reasons::PRODUCT_STAGE).field("version").metadata("state", stage_code(stage))
        }
        product::Refusal::SamePerson => Fault::new(&reasons::SECOND_PERSON_NEEDED).field("version"),
        product::Refusal::NeverPublished => Fault::new(&reasons::PRODUCT_NEVER_PUBLISHED).field("product_id"),
        product::Refusal::Ended => Fault::new(&reasons::PRODUCT_ENDED).field("product_id"),
        product::Refusal::HeldByCentre => Fault::new(&reasons::PRODUCT_HELD_BY_CENTRE).field("product_id"),
    }
}

fn stage_code(stage: product::Stage) -> &'static str {
    match stage {
        product::Stage::Draft => "DRAFT",
        product::Stage::InReview => "IN_REVIEW",
        product::Stage::Returned => "RETURNED",
        product::Stage::Approved => "APPROVED",
        product::Stage::Scheduled(_) => "SCHEDULED",
    }
}

/// `field` names what does not exist.
pub(super) fn not_found(field: &str) -> Fault {
    Fault::new(&rpc::reasons::NOT_FOUND).field(field)
}
