//! A fact (统计事实): one thing that happened in another service, as it was told.

use chrono::{DateTime, Utc};
use kernel::MessageId;
use uuid::Uuid;

macro_rules! kinds {
    ($($name:ident = $kind:literal, $rank:literal;)+) => {
        /// The types of facts that are taken (domain.md appendix A). Any other is a mistake in the wiring.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FactKind { $($name),+ }

        impl FactKind {
            pub const ALL: &[Self] = &[$(Self::$name),+];
            /// Every type as it is named on the wire: what the queue is bound to.
            pub const TYPES: &[&'static str] = &[$($kind),+];

            /// As the message names it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $kind),+ }
            }

            /// Which of several facts of one version of an object is the later: one command may tell two at once, as
            /// reopened and expired. Kept with the figures, so the numbers do not change.
            pub fn rank(self) -> u8 {
                match self { $(Self::$name => $rank),+ }
            }
        }
    };
}

kinds! {
    ConsentGranted = "whitelist.consent-granted.v1", 0;
    ConsentRevoked = "whitelist.consent-revoked.v1", 0;
    StandingRecorded = "whitelist.standing-recorded.v1", 0;
    EntryListed = "whitelist.entry-listed.v1", 0;
    EntrySuspended = "whitelist.entry-suspended.v1", 0;
    EntryRemoved = "whitelist.entry-removed.v1", 0;
    ListPublished = "whitelist.list-published.v1", 0;
    InstitutionChanged = "catalog.institution-changed.v1", 0;
    ProductPublished = "catalog.product-published.v1", 0;
    ProductSuspended = "catalog.product-suspended.v1", 0;
    ProductRetired = "catalog.product-retired.v1", 0;
    CaseSubmitted = "intake.case-submitted.v1", 10;
    CaseSupplementRequested = "intake.case-supplement-requested.v1", 20;
    CaseSupplemented = "intake.case-supplemented.v1", 30;
    CaseAccepted = "intake.case-accepted.v1", 40;
    CaseDispatched = "intake.case-dispatched.v1", 50;
    CaseWaveClosed = "intake.case-wave-closed.v1", 60;
    CaseReopened = "intake.case-reopened.v1", 70;
    CaseOffersReady = "intake.case-offers-ready.v1", 80;
    CaseNoOffer = "intake.case-no-offer.v1", 90;
    CaseSelected = "intake.case-selected.v1", 100;
    CaseApproved = "intake.case-approved.v1", 110;
    CaseExpired = "intake.case-expired.v1", 120;
    CaseRejected = "intake.case-rejected.v1", 130;
    CaseWithdrawn = "intake.case-withdrawn.v1", 140;
    CaseLegsChanged = "intake.case-legs-changed.v1", 150;
    CoverQuoted = "insurance.cover-quoted.v1", 10;
    CoverBound = "insurance.cover-bound.v1", 20;
    CoverReleased = "insurance.cover-released.v1", 30;
    CoverLegsChanged = "insurance.cover-legs-changed.v1", 40;
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
