//! Reads the messages of intake and insurance, whose bodies are the same. What cannot be read is named, so that it can
//! be parked under that name.

use std::str::FromStr;

use bus::Message;
use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ProductId, ReplyId};
use prost_types::Timestamp;
use proto::common::v1::{LegClosed, LegIssued, LegNoticed, LegState, LegSupplemented, ReplyJudged};

use crate::domain::{Choice, CloseCause, FeedKind, Notice, Product, Terms};
use crate::store::Told;

/// What intake tells of the legs of banks and evaluators.
pub(super) const OF_INTAKE: &[&str] = &[
    "intake.leg-issued.v1",
    "intake.leg-selected.v1",
    "intake.leg-unselected.v1",
    "intake.leg-closed.v1",
    "intake.leg-supplemented.v1",
    "intake.reply-accepted.v1",
    "intake.reply-late.v1",
    "intake.reply-superseded.v1",
    "intake.reply-refused.v1",
];

/// What insurance tells of the legs of insurers and guarantors. It passes no documents on, so nothing is supplemented.
pub(super) const OF_INSURANCE: &[&str] = &[
    "insurance.leg-issued.v1",
    "insurance.leg-selected.v1",
    "insurance.leg-unselected.v1",
    "insurance.leg-closed.v1",
    "insurance.reply-accepted.v1",
    "insurance.reply-late.v1",
    "insurance.reply-superseded.v1",
    "insurance.reply-refused.v1",
];

/// Why a message cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unheard {
    UnknownType,
    Undecodable,
    /// A field that has to be there is not, or is not what it should be.
    Field(&'static str),
}

impl Unheard {
    /// The reason on the parked row.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown-type",
            Self::Undecodable => "undecodable",
            Self::Field(name) => name,
        }
    }
}

/// Understands one message.
pub fn read(message: &Message) -> Result<Told, Unheard> {
    let kind = message.kind.as_str();
    if !OF_INTAKE.contains(&kind) && !OF_INSURANCE.contains(&kind) {
        return Err(Unheard::UnknownType);
    }
    // One body each, whoever says it.
    match kind.split_once('.').map(|(_, said)| said) {
        Some("leg-issued.v1") => issued(message),
        Some("leg-selected.v1") => selected(message),
        Some("leg-unselected.v1") => unselected(message),
        Some("leg-closed.v1") => closed(message),
        Some("leg-supplemented.v1") => supplemented(message),
        Some("reply-accepted.v1") => judged(message, FeedKind::ReplyAccepted),
        Some("reply-late.v1") => judged(message, FeedKind::ReplyLate),
        Some("reply-superseded.v1") => judged(message, FeedKind::ReplySuperseded),
        Some("reply-refused.v1") => judged(message, FeedKind::ReplyRefused),
        _ => Err(Unheard::UnknownType),
    }
}

fn issued(message: &Message) -> Result<Told, Unheard> {
    let body: LegIssued = decode(message)?;
    let terms = Terms {
        role: role(message, body.role).ok_or(Unheard::Field("leg-issued-role"))?,
        product: product(&body)?,
        issued_at: instant(body.issued_at.as_ref()).ok_or(Unheard::Field("leg-issued-time"))?,
        due_at: optional_instant(body.due_at.as_ref(), "leg-issued-due")?,
        issued_version: message.aggregate_version,
        trace: trace(message),
    };
    told(message, &body.leg_id, &body.institution_id, Notice::Issued(terms), FeedKind::AssignmentIssued)
}

/// Each role is asked by the service that takes its answers: one that came from elsewhere would be answered into the
/// void.
fn role(message: &Message, number: i32) -> Option<InstitutionRole> {
    let role = InstitutionRole::from_number(number)?;
    let asked_by_intake = OF_INTAKE.contains(&message.kind.as_str());
    match role {
        InstitutionRole::Bank | InstitutionRole::Evaluator => asked_by_intake.then_some(role),
        InstitutionRole::Insurer | InstitutionRole::Guarantor => (!asked_by_intake).then_some(role),
        InstitutionRole::ReGuarantor
        | InstitutionRole::IpFund
        | InstitutionRole::Investor
        | InstitutionRole::Exchange
        | InstitutionRole::IpAgency => None,
    }
}

fn product(body: &LegIssued) -> Result<Option<Product>, Unheard> {
    if body.role != InstitutionRole::Bank.number() {
        return Ok(None);
    }
    let id = id::<ProductId>(&body.product_id, "leg-issued-product")?;
    Ok(Some(Product { id, version: body.product_version }))
}

fn selected(message: &Message) -> Result<Told, Unheard> {
    let body: LegNoticed = decode(message)?;
    let confirm_by = optional_instant(body.due_at.as_ref(), "leg-selected-due")?;
    let notice = Notice::Selected { version: message.aggregate_version, choice: Choice { confirm_by } };
    told(message, &body.leg_id, &body.institution_id, notice, FeedKind::AssignmentSelected)
}

fn unselected(message: &Message) -> Result<Told, Unheard> {
    let body: LegNoticed = decode(message)?;
    let notice = Notice::Unselected { version: message.aggregate_version };
    told(message, &body.leg_id, &body.institution_id, notice, FeedKind::AssignmentUnselected)
}

fn closed(message: &Message) -> Result<Told, Unheard> {
    let body: LegClosed = decode(message)?;
    let cause = match LegState::try_from(body.state) {
        Ok(LegState::TimedOut) => CloseCause::TimedOut,
        Ok(LegState::Released) => CloseCause::Released,
        Ok(LegState::Expired) => CloseCause::Expired,
        Ok(LegState::WithdrawnByInst) => CloseCause::WithdrawnByInstitution,
        Ok(
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Offered
            | LegState::Declined
            | LegState::Selected
            | LegState::Confirmed
            | LegState::Fulfilled
            | LegState::Breached,
        )
        | Err(_) => return Err(Unheard::Field("leg-closed-state")),
    };
    let told =
        told(message, &body.leg_id, &body.institution_id, Notice::Closed(cause), FeedKind::AssignmentClosed)?;
    Ok(Told { reason: Some(cause.code().to_owned()), ..told })
}

fn supplemented(message: &Message) -> Result<Told, Unheard> {
    let body: LegSupplemented = decode(message)?;
    told(message, &body.leg_id, &body.institution_id, Notice::Supplemented, FeedKind::SupplementAnswered)
}

fn judged(message: &Message, kind: FeedKind) -> Result<Told, Unheard> {
    let body: ReplyJudged = decode(message)?;
    let reply_id = id::<ReplyId>(&body.reply_id, "reply-id")?;
    let notice = if kind == FeedKind::ReplyRefused { Notice::Rejected(reply_id) } else { Notice::Judged };
    let told = told(message, &body.leg_id, &body.institution_id, notice, kind)?;
    let reason = (!body.reason.is_empty()).then_some(body.reason);
    Ok(Told { reply_id: Some(reply_id), reason, ..told })
}

fn told(
    message: &Message,
    leg: &str,
    institution: &str,
    notice: Notice,
    kind: FeedKind,
) -> Result<Told, Unheard> {
    Ok(Told {
        assignment_id: id::<LegId>(leg, "leg-id")?,
        institution_id: id::<InstitutionId>(institution, "institution-id")?,
        leg_version: message.aggregate_version,
        occurred_at: message.occurred_at,
        message_id: message.id.uuid(),
        notice,
        kind,
        reply_id: None,
        reason: None,
        trace: trace(message),
    })
}

/// Of the message's effect where that is recorded, else the one that came.
fn trace(message: &Message) -> Option<String> {
    telemetry::context::traceparent_of(message.span()).or_else(|| message.traceparent.clone())
}

fn decode<B: prost::Message + Default>(message: &Message) -> Result<B, Unheard> {
    B::decode(message.body.as_slice()).map_err(|_| Unheard::Undecodable)
}

fn id<T: FromStr>(text: &str, field: &'static str) -> Result<T, Unheard> {
    text.parse().map_err(|_| Unheard::Field(field))
}

fn optional_instant(
    timestamp: Option<&Timestamp>,
    field: &'static str,
) -> Result<Option<DateTime<Utc>>, Unheard> {
    match timestamp {
        None => Ok(None),
        Some(_) => instant(timestamp).map(Some).ok_or(Unheard::Field(field)),
    }
}

fn instant(timestamp: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    timestamp.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?))
}
