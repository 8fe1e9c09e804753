//! From message to fact. A body is kept as it came, but only if it is what its type says: figures are counted from it.

use bus::Message;

use crate::{
    domain::fact::{Fact, FactKind},
    wire,
};

/// Why a message is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    UnknownType,
    UndecodableBody,
    ImpossibleAmount,
}

impl Unusable {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown-type",
            Self::UndecodableBody => "undecodable-body",
            Self::ImpossibleAmount => "impossible-amount",
        }
    }
}

pub(super) fn fact(message: &Message) -> Result<Fact, Unusable> {
    let kind = FactKind::from_code(&message.kind).ok_or(Unusable::UnknownType)?;
    let fact = Fact {
        message_id: message.id,
        kind,
        aggregate_id: message.aggregate_id,
        aggregate_version: message.aggregate_version,
        occurred_at: message.occurred_at,
        body: message.body.clone(),
    };
    match wire::step(&fact) {
        Ok(_) => Ok(fact),
        Err(wire::Unreadable::Body(_) | wire::Unreadable::CaseId(_)) => Err(Unusable::UndecodableBody),
        Err(wire::Unreadable::Amount) => Err(Unusable::ImpossibleAmount),
    }
}
