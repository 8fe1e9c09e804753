//! A sheet as the table keeps it. Fields are never renumbered while a book that has them is in use.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use prost::Message;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    sheet::{Happened, Sheet},
    step::{CaseState, Leg, Moment, Order, Teller},
};

#[derive(Clone, PartialEq, Message)]
struct SheetRow {
    #[prost(int64, tag = "1")]
    facts: i64,
    /// Microseconds since 1970, as all times here.
    #[prost(int64, optional, tag = "2")]
    submitted_at: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    offers_ready_at: Option<i64>,
    #[prost(int64, optional, tag = "4")]
    approved_at: Option<i64>,
    #[prost(message, optional, tag = "5")]
    state: Option<StateRow>,
    #[prost(message, optional, tag = "6")]
    park: Option<ParkRow>,
    #[prost(message, repeated, tag = "7")]
    moments: Vec<MomentRow>,
    #[prost(message, repeated, tag = "8")]
    legs: Vec<LegsRow>,
}

#[derive(Clone, PartialEq, Message)]
struct OrderRow {
    #[prost(int64, tag = "1")]
    version: i64,
    #[prost(int64, tag = "2")]
    occurred_at: i64,
    #[prost(uint32, tag = "3")]
    rank: u32,
    #[prost(bytes = "vec", tag = "4")]
    message_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct StateRow {
    #[prost(message, optional, tag = "1")]
    order: Option<OrderRow>,
    #[prost(int32, tag = "2")]
    state: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ParkRow {
    #[prost(message, optional, tag = "1")]
    order: Option<OrderRow>,
    #[prost(string, tag = "2")]
    park: String,
}

#[derive(Clone, PartialEq, Message)]
struct MomentRow {
    /// Days of the common era.
    #[prost(int32, tag = "1")]
    day: i32,
    #[prost(int32, tag = "2")]
    moment: i32,
    #[prost(int64, tag = "3")]
    times: i64,
    #[prost(int64, tag = "4")]
    fen: i64,
}

#[derive(Clone, PartialEq, Message)]
struct LegsRow {
    #[prost(int32, tag = "1")]
    teller: i32,
    #[prost(int32, tag = "2")]
    round: i32,
    #[prost(message, optional, tag = "3")]
    order: Option<OrderRow>,
    #[prost(message, repeated, tag = "4")]
    legs: Vec<LegRow>,
}

#[derive(Clone, PartialEq, Message)]
struct LegRow {
    #[prost(int32, tag = "1")]
    role: i32,
    #[prost(int32, tag = "2")]
    outcome: i32,
    #[prost(int64, optional, tag = "3")]
    response_ms: Option<i64>,
}

pub(super) fn encoded(sheet: &Sheet) -> Vec<u8> {
    let at = |at: &Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
    let leg = |leg: &Leg| LegRow { role: leg.role, outcome: leg.outcome, response_ms: leg.response_ms };
    let row = SheetRow {
        facts: sheet.facts,
        submitted_at: at(&sheet.submitted_at),
        offers_ready_at: at(&sheet.offers_ready_at),
        approved_at: at(&sheet.approved_at),
        state: sheet
            .state
            .as_ref()
            .map(|(order, state)| StateRow { order: Some(order_row(order)), state: state.number() }),
        park: sheet
            .park
            .as_ref()
            .map(|(order, park)| ParkRow { order: Some(order_row(order)), park: park.clone() }),
        moments: sheet
            .moments
            .iter()
            .map(|((day, moment), happened)| MomentRow {
                day: day.num_days_from_ce(),
                moment: moment.number(),
                times: happened.times,
                fen: happened.fen,
            })
            .collect(),
        legs: sheet
            .legs
            .iter()
            .map(|((teller, round), (order, legs))| LegsRow {
                teller: teller.number(),
                round: *round,
                order: Some(order_row(order)),
                legs: legs.iter().map(leg).collect(),
            })
            .collect(),
    };
    row.encode_to_vec()
}

fn order_row(order: &Order) -> OrderRow {
    OrderRow {
        version: order.version,
        occurred_at: order.occurred_at.timestamp_micros(),
        rank: order.rank.into(),
        message_id: order.message_id.as_bytes().to_vec(),
    }
}

pub(super) fn decoded(case_id: Uuid, sheet: &[u8]) -> Result<Sheet, StoreError> {
    let row = SheetRow::decode(sheet).ok().and_then(read);
    row.ok_or(StoreError::Impossible { table: "case_now", id: case_id, column: "sheet" })
}

fn read(row: SheetRow) -> Option<Sheet> {
    let at = |at: Option<i64>| at.map(|at| DateTime::from_timestamp_micros(at).ok_or(())).transpose().ok();
    let state = match row.state {
        Some(kept) => Some((order(kept.order)?, CaseState::from_number(kept.state)?)),
        None => None,
    };
    let park = match row.park {
        Some(kept) => Some((order(kept.order)?, kept.park)),
        None => None,
    };
    let moment = |kept: MomentRow| {
        let key = (NaiveDate::from_num_days_from_ce_opt(kept.day)?, Moment::from_number(kept.moment)?);
        Some((key, Happened { times: kept.times, fen: kept.fen }))
    };
    let leg = |kept: LegRow| Leg { role: kept.role, outcome: kept.outcome, response_ms: kept.response_ms };
    let legs = |kept: LegsRow| {
        let key = (Teller::from_number(kept.teller)?, kept.round);
        Some((key, (order(kept.order)?, kept.legs.into_iter().map(leg).collect())))
    };
    Some(Sheet {
        facts: row.facts,
        submitted_at: at(row.submitted_at)?,
        offers_ready_at: at(row.offers_ready_at)?,
        approved_at: at(row.approved_at)?,
        state,
        park,
        moments: row.moments.into_iter().map(moment).collect::<Option<BTreeMap<_, _>>>()?,
        legs: row.legs.into_iter().map(legs).collect::<Option<BTreeMap<_, _>>>()?,
    })
}

fn order(row: Option<OrderRow>) -> Option<Order> {
    let row = row?;
    Some(Order {
        version: row.version,
        occurred_at: DateTime::from_timestamp_micros(row.occurred_at)?,
        rank: u8::try_from(row.rank).ok()?,
        message_id: Uuid::from_slice(&row.message_id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_reads_back_as_it_was_kept() {
        let at: DateTime<Utc> = "2026-03-02T00:00:00.123456Z".parse().unwrap();
        let order = Order { version: 7, occurred_at: at, rank: 80, message_id: Uuid::from_u128(9) };
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let legs = vec![
            Leg { role: 1, outcome: 5, response_ms: Some(0) },
            Leg { role: 2, outcome: 7, response_ms: None },
        ];
        let sheet = Sheet {
            facts: 3,
            submitted_at: Some(at),
            offers_ready_at: None,
            approved_at: Some(at),
            state: Some((order, CaseState::Approved)),
            park: Some((order, "JY-GX".to_owned())),
            moments: BTreeMap::from([((day, Moment::Approved), Happened { times: 1, fen: 30_000_000_000 })]),
            legs: BTreeMap::from([((Teller::Insurance, 2), (order, legs))]),
        };
        for sheet in [sheet, Sheet::default()] {
            assert_eq!(decoded(Uuid::nil(), &encoded(&sheet)).unwrap(), sheet);
        }
        assert!(decoded(Uuid::nil(), &[0xff; 5]).is_err());
    }
}
