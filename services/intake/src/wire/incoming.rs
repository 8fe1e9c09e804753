//! Reads partner's messages. What cannot be read is parked with a reason, never a panic.

use bus::Message;
use chrono::{DateTime, Utc};
use kernel::{
    BasisPoints, CaseId, DeclineReason, EnhancementMode, Fen, InstitutionId, LegId, Months, RepaymentMethod,
    ReplyId, documents::DocumentCode,
};
use prost::Message as _;
use proto::{intake::v1 as intake, partner::v1 as partner};
use uuid::Uuid;

use super::{answers, instant};
use crate::{domain::Offer, messaging::verdict::Reply};

/// One message of partner's, read.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub leg: LegId,
    pub institution: InstitutionId,
    /// When the institution acted, by partner's clock.
    pub at: DateTime<Utc>,
    pub reply: Reply,
}

const UNREADABLE: &str = "BODY_UNREADABLE";

/// # Errors
/// The reason to park the message.
pub(crate) fn read(message: &Message) -> Result<Incoming, &'static str> {
    let body = message.body.as_slice();
    match message.kind.as_str() {
        "partner.assignment-received.v1" => {
            let body = partner::AssignmentReceived::decode(body).map_err(|_| UNREADABLE)?;
            incoming(&body.leg_id, &body.institution_id, body.received_at, Reply::Received)
        }
        "partner.assignment-accepted.v1" => {
            let body = partner::AssignmentAccepted::decode(body).map_err(|_| UNREADABLE)?;
            incoming(&body.leg_id, &body.institution_id, body.accepted_at, Reply::Accepted)
        }
        "partner.reply-submitted.v1" => {
            let body = partner::ReplySubmitted::decode(body).map_err(|_| UNREADABLE)?;
            let reply = reply(&body)?;
            incoming(&body.leg_id, &body.institution_id, body.submitted_at, reply)
        }
        _ => Err("TYPE_UNKNOWN"),
    }
}

fn incoming(
    leg: &str,
    institution: &str,
    at: Option<prost_types::Timestamp>,
    reply: Reply,
) -> Result<Incoming, &'static str> {
    Ok(Incoming {
        leg: leg.parse().map_err(|_| UNREADABLE)?,
        institution: institution.parse().map_err(|_| UNREADABLE)?,
        at: at.as_ref().and_then(instant).ok_or(UNREADABLE)?,
        reply,
    })
}

fn reply(body: &partner::ReplySubmitted) -> Result<Reply, &'static str> {
    use partner::reply_submitted::Reply as Sent;
    let reply: ReplyId = body.reply_id.parse().map_err(|_| UNREADABLE)?;
    let leg: LegId = body.leg_id.parse().map_err(|_| UNREADABLE)?;
    let at = body.submitted_at.as_ref().and_then(instant).ok_or(UNREADABLE)?;
    let refusal = |number| DeclineReason::from_number(number).ok_or("DECLINE_REASON_UNKNOWN");
    Ok(match body.reply.as_ref().ok_or(UNREADABLE)? {
        Sent::Offer(terms) => Reply::Offer(Box::new(offer(reply, leg, at, terms).ok_or("OFFER_INVALID")?)),
        Sent::Decline(decline) => Reply::Decline { reply, reason: refusal(decline.reason)? },
        Sent::Supplement(question) => Reply::Question {
            reply,
            asked: question
                .document_codes
                .iter()
                .map(|code| DocumentCode::from_code(code).ok_or("DOCUMENT_CODE_UNKNOWN"))
                .collect::<Result<_, _>>()?,
            note: question.note.clone(),
        },
        Sent::Valuation(quote) => {
            Reply::Valuation(Box::new(answers::valuation(reply, leg, at, quote).ok_or("VALUATION_INVALID")?))
        }
        Sent::TakenBack(_) => Reply::TakenBack { reply },
        Sent::Approval(given) => Reply::Approval {
            reply,
            approval: Box::new(answers::approval(at, given).ok_or("APPROVAL_INVALID")?),
        },
        Sent::Confirmed(_) => Reply::Confirmed { reply, at },
        Sent::Refused(refused) => {
            refusal(refused.reason)?;
            Reply::Refused { reply }
        }
        Sent::Report(report) => {
            Reply::Report(Box::new(answers::report(reply, leg, at, report).ok_or("REPORT_INVALID")?))
        }
        // Such answers belong to insurance.
        Sent::Insurance(_) | Sent::Guarantee(_) => Reply::Foreign { reply },
    })
}

/// The limits that partner holds are held here again: what the schema refuses must not stop a batch.
fn offer(reply: ReplyId, leg: LegId, submitted_at: DateTime<Utc>, terms: &intake::Offer) -> Option<Offer> {
    let fees = Fen::new(terms.fees_fen);
    let rate_in_range = (1..=3_600).contains(&terms.annual_rate_bp);
    let fees_in_range = (0..=Fen::MAX_AMOUNT.get()).contains(&terms.fees_fen);
    if !rate_in_range || !fees_in_range {
        return None;
    }
    Some(Offer {
        reply,
        leg,
        // Known only once the leg has been read.
        case: CaseId::from_uuid(Uuid::nil()),
        seq: u32::try_from(terms.offer_seq).ok().filter(|seq| *seq > 0)?,
        amount: Fen::amount(terms.amount_fen).ok()?,
        term: Months::term(terms.term_months).ok()?,
        rate: BasisPoints::new(terms.annual_rate_bp),
        repayment: RepaymentMethod::from_number(terms.repayment)?,
        enhancement: EnhancementMode::from_number(terms.enhancement)?,
        fees,
        valid_until: terms.valid_until.as_ref().and_then(instant)?,
        submitted_at,
        late: false,
    })
}
