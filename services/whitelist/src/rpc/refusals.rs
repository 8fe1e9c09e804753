//! From errors and refusals to what the caller is told. Every arm names a reason; nothing here holds a name or a USCC.

use rpc::{Fault, Reason};

use crate::{
    domain::{asset::AssetDatesError, consent::PeriodError, standing},
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

/// The field and the reason of dates that cannot be.
pub(super) fn of_dates(error: AssetDatesError) -> (&'static str, &'static Reason) {
    match error {
        AssetDatesError::FiledInFuture => ("filing_date", &reasons::DATE_IN_FUTURE),
        AssetDatesError::GrantedInFuture => ("grant_date", &reasons::DATE_IN_FUTURE),
        AssetDatesError::GrantedBeforeFiled => ("grant_date", &reasons::GRANTED_BEFORE_FILED),
    }
}

pub(super) fn of_period(error: PeriodError) -> (&'static str, &'static Reason) {
    match error {
        PeriodError::SignedInFuture => ("signed_at", &reasons::TIME_IN_FUTURE),
        PeriodError::EndsBeforeItBegins => ("valid_to", &reasons::CONSENT_PERIOD_INVALID),
    }
}

pub(super) fn of_finding(refusal: standing::Refusal) -> Fault {
    match refusal {
        standing::Refusal::ListedThoughExcluded => {
            Fault::new(&reasons::LISTED_THOUGH_EXCLUDED).field("listed")
        }
        standing::Refusal::ListedWithoutGrade => Fault::new(&reasons::LISTED_WITHOUT_GRADE).field("grade"),
        standing::Refusal::InFuture => Fault::new(&reasons::TIME_IN_FUTURE).field("as_of"),
        standing::Refusal::AgainstEntry => Fault::new(&reasons::LISTED_AGAINST_ENTRY).field("listed"),
        standing::Refusal::Outdated => Fault::new(&reasons::STANDING_OUTDATED).field("as_of"),
    }
}

/// `field` names what does not exist.
pub(super) fn not_found(field: &str) -> Fault {
    Fault::new(&rpc::reasons::NOT_FOUND).field(field)
}
