//! Reads intake's messages. What cannot be read is named, so that it can be parked under that name.

use std::str::FromStr;

use bus::Message;
use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, LegId, ProductId, ReplyId};
use prost_types::Timestamp;
use proto::common::v1::{LegClosed, LegIssued, LegState, LegSupplemented, ReplyJudged};

use crate::domain::{CloseCause, FeedKind, Notice, Terms};
use crate::store::Told;

pub(super) const LEG_ISSUED: &str = "intake.leg-issued.v1";
pub(super) const LEG_CLOSED: &str = "intake.leg-closed.v1";
pub(super) const LEG_SUPPLEMENTED: &str = "intake.leg-supplemented.v1";
pub(super) const REPLY_ACCEPTED: &str = "intake.reply-accepted.v1";
pub(super) const REPLY_LATE: &str = "intake.reply-late.v1";
pub(super) const REPLY_SUPERSEDED: &str = "intake.reply-superseded.v1";
pub(super) const REPLY_REFUSED: &str = "intake.reply-refused.v1";

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
    match message.kind.as_str() {
        LEG_ISSUED => issued(message),
        LEG_CLOSED => closed(message),
        LEG_SUPPLEMENTED => supplemented(message),
        REPLY_ACCEPTED => judged(message, FeedKind::ReplyAccepted),
        REPLY_LATE => judged(message, FeedKind::ReplyLate),
        REPLY_SUPERSEDED => judged(message, FeedKind::ReplySuperseded),
        REPLY_REFUSED => judged(message, FeedKind::ReplyRefused),
        _ => Err(Unheard::UnknownType),
    }
}

fn issued(message: &Message) -> Result<Told, Unheard> {
    let body: LegIssued = decode(message)?;
    let terms = Terms {
        role: InstitutionRole::from_number(body.role).ok_or(Unheard::Field("leg-issued-role"))?,
        product_id: id::<ProductId>(&body.product_id, "leg-issued-product")?,
        product_version: body.product_version,
        issued_at: instant(body.issued_at.as_ref()).ok_or(Unheard::Field("leg-issued-time"))?,
        due_at: match body.due_at {
            None => None,
            Some(due) => Some(instant(Some(&due)).ok_or(Unheard::Field("leg-issued-due"))?),
        },
        issued_version: message.aggregate_version,
        trace: trace(message),
    };
    told(message, &body.leg_id, &body.institution_id, Notice::Issued(terms), FeedKind::AssignmentIssued)
}

fn closed(message: &Message) -> Result<Told, Unheard> {
    let body: LegClosed = decode(message)?;
    let cause = match LegState::try_from(body.state) {
        Ok(LegState::TimedOut) => CloseCause::TimedOut,
        Ok(LegState::Released) => CloseCause::Released,
        Ok(
            LegState::Unspecified
            | LegState::Created
            | LegState::Received
            | LegState::Reviewing
            | LegState::InfoRequested
            | LegState::Offered
            | LegState::Declined
            | LegState::Expired
            | LegState::WithdrawnByInst
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
    let told = told(message, &body.leg_id, &body.institution_id, Notice::Judged, kind)?;
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

fn instant(timestamp: Option<&Timestamp>) -> Option<DateTime<Utc>> {
    timestamp.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?))
}
