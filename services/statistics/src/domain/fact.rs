//! A fact (统计事实): one thing that happened in another service, as it was told.

use chrono::{DateTime, Utc};
use kernel::MessageId;
use uuid::Uuid;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {
        /// The types of facts that are taken (domain.md appendix A). Any other is a mistake in the wiring.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FactKind { $($(#[$doc])* $name),+ }

        impl FactKind {
            pub const ALL: &[Self] = &[$(Self::$name),+];
            /// Every type as it is named on the wire: what the queue is bound to.
            pub const TYPES: &[&'static str] = &[$($kind),+];

            /// As the message names it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $kind),+ }
            }
        }
    };
}

kinds! {
    ConsentGranted = "whitelist.consent-granted.v1";
    ConsentRevoked = "whitelist.consent-revoked.v1";
    StandingRecorded = "whitelist.standing-recorded.v1";
    InstitutionChanged = "catalog.institution-changed.v1";
    ProductPublished = "catalog.product-published.v1";
    ProductRetired = "catalog.product-retired.v1";
    CaseSubmitted = "intake.case-submitted.v1";
    CaseSupplementRequested = "intake.case-supplement-requested.v1";
    CaseSupplemented = "intake.case-supplemented.v1";
    CaseAccepted = "intake.case-accepted.v1";
    CaseDispatched = "intake.case-dispatched.v1";
    CaseOffersReady = "intake.case-offers-ready.v1";
    CaseNoOffer = "intake.case-no-offer.v1";
    CaseRejected = "intake.case-rejected.v1";
    CaseWithdrawn = "intake.case-withdrawn.v1";
}

impl FactKind {
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

/// A fact, known by the id of the message that told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub message_id: MessageId,
    pub kind: FactKind,
    pub aggregate_id: Uuid,
    /// Restores the order in which an object's facts happened.
    pub aggregate_version: i64,
    pub occurred_at: DateTime<Utc>,
    /// Protobuf of the kind, byte for byte as it came.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_type_and_others_are_unknown() {
        for kind in FactKind::ALL.iter().copied() {
            assert_eq!(FactKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(FactKind::ALL.len(), FactKind::TYPES.len());
        for unknown in ["intake.leg-issued.v1", "intake.case-submitted.v2", "intake.case-submitted", ""] {
            assert_eq!(FactKind::from_code(unknown), None, "{unknown}");
        }
    }
}
