//! From message to fact. A body is kept as it came, but only if it is what its type says: figures are counted from it.

use bus::Message;
use prost::{DecodeError, Message as _};
use proto::{catalog::v1 as catalog, intake::v1 as intake, whitelist::v1 as whitelist};

use crate::domain::fact::{Fact, FactKind};

/// Why a message is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    UnknownType,
    UndecodableBody,
}

impl Unusable {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown-type",
            Self::UndecodableBody => "undecodable-body",
        }
    }
}

pub(super) fn fact(message: &Message) -> Result<Fact, Unusable> {
    let kind = FactKind::from_code(&message.kind).ok_or(Unusable::UnknownType)?;
    check_body(kind, &message.body).map_err(|_| Unusable::UndecodableBody)?;
    Ok(Fact {
        message_id: message.id,
        kind,
        aggregate_id: message.aggregate_id,
        aggregate_version: message.aggregate_version,
        occurred_at: message.occurred_at,
        body: message.body.clone(),
    })
}

fn check_body(kind: FactKind, body: &[u8]) -> Result<(), DecodeError> {
    match kind {
        FactKind::ConsentGranted => whitelist::ConsentGranted::decode(body).map(drop),
        FactKind::ConsentRevoked => whitelist::ConsentRevoked::decode(body).map(drop),
        FactKind::StandingRecorded => whitelist::StandingRecorded::decode(body).map(drop),
        FactKind::InstitutionChanged => catalog::InstitutionChanged::decode(body).map(drop),
        FactKind::ProductPublished => catalog::ProductPublished::decode(body).map(drop),
        FactKind::ProductRetired => catalog::ProductRetired::decode(body).map(drop),
        FactKind::CaseSubmitted => intake::CaseSubmitted::decode(body).map(drop),
        FactKind::CaseSupplementRequested => intake::CaseSupplementRequested::decode(body).map(drop),
        FactKind::CaseSupplemented => intake::CaseSupplemented::decode(body).map(drop),
        FactKind::CaseAccepted => intake::CaseAccepted::decode(body).map(drop),
        FactKind::CaseDispatched => intake::CaseDispatched::decode(body).map(drop),
        FactKind::CaseOffersReady => intake::CaseOffersReady::decode(body).map(drop),
        FactKind::CaseNoOffer => intake::CaseNoOffer::decode(body).map(drop),
        FactKind::CaseRejected => intake::CaseRejected::decode(body).map(drop),
        FactKind::CaseWithdrawn => intake::CaseWithdrawn::decode(body).map(drop),
    }
}
