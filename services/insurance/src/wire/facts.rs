//! Reads intake's facts. What cannot be read is parked with a reason, never a panic.

use bus::Message;
use chrono::{DateTime, Utc};
use kernel::{CaseId, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId, LegId, Months};
use prost::Message as _;
use proto::intake::v1 as intake;

use super::instant;
use crate::domain::{EndCause, Need};

/// One fact of a case.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub case: CaseId,
    /// The case's version.
    pub version: i64,
    pub at: DateTime<Utc>,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Asked(Asked),
    Selected {
        round: u8,
        leg: Option<LegId>,
        due_at: Option<DateTime<Utc>>,
    },
    /// `cover`: cover was asked for in this round.
    Approved {
        round: u8,
        leg: Option<LegId>,
        cover: bool,
    },
    Reopened {
        round: u8,
    },
    /// `round`: None for the whole case. `cover`: cover was asked for in this round.
    Ended {
        round: Option<u8>,
        cause: EndCause,
        cover: bool,
    },
}

/// A request for cover.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub round: u8,
    pub need: Need,
    /// Whom the consent names; empty: everyone.
    pub recipients: Vec<InstitutionId>,
}

const UNREADABLE: &str = "BODY_UNREADABLE";

impl Fact {
    /// False where the fact itself says that no cover was asked for.
    pub(crate) fn may_concern_cover(&self) -> bool {
        !matches!(self.what, What::Ended { cause: EndCause::Withdrawn | EndCause::Expired, cover: false, .. })
    }
}

/// # Errors
/// The reason to park the message.
pub(crate) fn read(message: &Message) -> Result<Fact, &'static str> {
    let bytes = message.body.as_slice();
    let (case_id, what) = match message.kind.as_str() {
        "intake.cover-requested.v1" => {
            let body = intake::CoverRequested::decode(bytes).map_err(|_| UNREADABLE)?;
            let asked = asked(&body).ok_or("NEED_INVALID")?;
            (body.case_id, What::Asked(asked))
        }
        "intake.case-selected.v1" => {
            let body = intake::CaseSelected::decode(bytes).map_err(|_| UNREADABLE)?;
            let due_at = body.approve_by.as_ref().and_then(instant);
            let what = What::Selected { round: round(body.round)?, leg: leg(&body.cover_leg_id)?, due_at };
            (body.case_id, what)
        }
        "intake.case-approved.v1" => {
            let body = intake::CaseApproved::decode(bytes).map_err(|_| UNREADABLE)?;
            let what = What::Approved {
                round: round(body.round)?,
                leg: leg(&body.cover_leg_id)?,
                cover: body.cover,
            };
            (body.case_id, what)
        }
        "intake.case-reopened.v1" => {
            let body = intake::CaseReopened::decode(bytes).map_err(|_| UNREADABLE)?;
            let what = What::Reopened { round: round(body.round)? };
            (body.case_id, what)
        }
        "intake.case-withdrawn.v1" => {
            let body = intake::CaseWithdrawn::decode(bytes).map_err(|_| UNREADABLE)?;
            let ended = What::Ended {
                // A case may be withdrawn before its first round.
                round: Some(round_or_none(body.round)?),
                cause: EndCause::Withdrawn,
                cover: body.cover,
            };
            (body.case_id, ended)
        }
        "intake.case-expired.v1" => {
            let body = intake::CaseExpired::decode(bytes).map_err(|_| UNREADABLE)?;
            let ended =
                What::Ended { round: Some(round(body.round)?), cause: EndCause::Expired, cover: body.cover };
            (body.case_id, ended)
        }
        "intake.case-rejected.v1" => {
            let body = intake::CaseRejected::decode(bytes).map_err(|_| UNREADABLE)?;
            (body.case_id, What::Ended { round: None, cause: EndCause::Rejected, cover: false })
        }
        "intake.case-no-offer.v1" => {
            let body = intake::CaseNoOffer::decode(bytes).map_err(|_| UNREADABLE)?;
            let ended = What::Ended {
                round: Some(round_or_none(body.round)?),
                cause: EndCause::NoOffer,
                cover: body.cover,
            };
            (body.case_id, ended)
        }
        _ => return Err("TYPE_UNKNOWN"),
    };
    Ok(Fact {
        case: case_id.parse().map_err(|_| UNREADABLE)?,
        version: message.aggregate_version,
        at: message.occurred_at,
        what,
    })
}

fn round(number: i32) -> Result<u8, &'static str> {
    round_or_none(number).and_then(|round| if round == 0 { Err(UNREADABLE) } else { Ok(round) })
}

/// 0: before the first round.
fn round_or_none(number: i32) -> Result<u8, &'static str> {
    u8::try_from(number).map_err(|_| UNREADABLE)
}

fn leg(id: &str) -> Result<Option<LegId>, &'static str> {
    if id.is_empty() { Ok(None) } else { id.parse().map(Some).map_err(|_| UNREADABLE) }
}

fn asked(body: &intake::CoverRequested) -> Option<Asked> {
    let kinds = body.kinds.iter().map(|kind| EnhancementMode::from_number(*kind));
    let kinds = kinds.collect::<Option<Vec<_>>>().filter(|kinds| !kinds.is_empty())?;
    Some(Asked {
        round: round(body.round).ok()?,
        need: Need {
            kinds,
            amount: Fen::amount(body.amount_fen).ok()?,
            term: Months::term(body.term_months).ok()?,
            park: body.park.clone(),
            size: EnterpriseSize::from_number(body.size),
            grade: Grade::from_number(body.grade),
        },
        recipients: body
            .recipient_institution_ids
            .iter()
            .map(|id| id.parse().ok())
            .collect::<Option<Vec<_>>>()?,
    })
}
