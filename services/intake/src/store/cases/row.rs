//! A row of `financing_case` as a case, its columns checked.

use kernel::{CaseId, documents::DocumentCode};
use sqlx::{Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use super::{Locked, Record};
use crate::{
    domain::{Approval, Case, Channel, Choice, Collection, Cover, ExpiryCause, Form, Phase, WithdrawCause},
    store::StoreError,
};

pub(super) fn record(row: &PgRow) -> Result<Record, StoreError> {
    let id: Uuid = row.try_get("id")?;
    let corrupt = |what| StoreError::Corrupt { table: "financing_case", id, what };
    let Json(form): Json<Form> = row.try_get("form")?;
    Ok(Record {
        case: case(row)?,
        number: row.try_get::<String, _>("case_no")?.parse().map_err(|_| corrupt("case_no"))?,
        form,
        created_at: row.try_get("created_at")?,
        submitted_at: row.try_get("submitted_at")?,
        root_traceparent: row.try_get("root_traceparent")?,
    })
}

pub(super) fn locked(row: &PgRow) -> Result<Locked, StoreError> {
    Ok(Locked {
        case: case(row)?,
        root_traceparent: row.try_get("root_traceparent")?,
        touched: row.try_get("touched")?,
    })
}

fn case(row: &PgRow) -> Result<Case, StoreError> {
    let id: Uuid = row.try_get("id")?;
    let corrupt = |what| StoreError::Corrupt { table: "financing_case", id, what };
    let small = |column: &str, what| -> Result<u8, StoreError> {
        u8::try_from(row.try_get::<i16, _>(column)?).map_err(|_| corrupt(what))
    };
    let count = |column: &str, what| -> Result<u16, StoreError> {
        u16::try_from(row.try_get::<i32, _>(column)?).map_err(|_| corrupt(what))
    };
    let round = Collection {
        wave: small("wave", "wave")?,
        legs: count("legs_total", "number of legs")?,
        answered: count("legs_answered", "number of answers")?,
        offers: count("offers", "number of offers")?,
        closes_at: row.try_get("window_closes_at")?,
        cover: Cover::from_code(row.try_get("cover")?).ok_or_else(|| corrupt("state of cover"))?,
    };
    let choice = || -> Result<Choice, StoreError> {
        let Json(choice) =
            row.try_get::<Option<Json<Choice>>, _>("choice")?.ok_or_else(|| corrupt("choice"))?;
        Ok(choice)
    };
    let approval = || -> Result<Approval, StoreError> {
        let stored = row.try_get::<Option<Json<Approval>>, _>("approval")?;
        Ok(stored.ok_or_else(|| corrupt("approval"))?.0)
    };
    let codes: Vec<String> = row.try_get("codes")?;
    let phase = match row.try_get::<String, _>("state")?.as_str() {
        "DRAFT" => Phase::Draft,
        "SUBMITTED" => Phase::Submitted { held: codes },
        "SUPPLEMENT" => Phase::Supplement {
            asked: codes
                .iter()
                .map(|code| DocumentCode::from_code(code).ok_or_else(|| corrupt("document code")))
                .collect::<Result<_, _>>()?,
        },
        "ACCEPTED" => Phase::Accepted,
        "COLLECTING" => Phase::Collecting(round),
        "OFFERS_READY" => Phase::OffersReady(round),
        "SELECTED" => Phase::Selected { round, choice: choice()? },
        "APPROVED" => Phase::Approved { round, choice: choice()?, approval: approval()? },
        "EXPIRED" => Phase::Expired {
            cause: codes
                .first()
                .and_then(|code| ExpiryCause::from_code(code))
                .ok_or_else(|| corrupt("cause of expiry"))?,
            last: round,
        },
        "NO_OFFER" => Phase::NoOffer {
            reasons: codes,
            again: row.try_get("redispatching")?,
            last: (round.legs > 0).then_some(round),
        },
        "REJECTED" => Phase::Rejected { reasons: codes },
        "WITHDRAWN" => Phase::Withdrawn {
            cause: codes
                .first()
                .and_then(|code| WithdrawCause::from_code(code))
                .ok_or_else(|| corrupt("cause of withdrawal"))?,
        },
        _ => return Err(corrupt("state")),
    };
    Ok(Case {
        id: CaseId::from_uuid(id),
        version: row.try_get("version")?,
        channel: Channel::from_number(i32::from(row.try_get::<i16, _>("channel")?))
            .ok_or_else(|| corrupt("channel"))?,
        supplemented: row.try_get("supplemented")?,
        round: small("round", "round")?,
        phase,
    })
}
