//! GetOverview.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::calendar::{date_of, start_of_day};
use proto::statistics::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::Response;

use super::{
    question::{self, Question, one_state},
    service::{Face, refused},
};
use crate::{
    domain::figures::{Durations, Figures},
    store::figures,
    wire::timestamp,
    work::end_of_days,
};

pub(super) async fn get(
    face: &Face,
    form: &wire::GetOverviewRequest,
) -> Result<Response<wire::Overview>, Fault> {
    let mut check = Checker::new();
    let day = check.optional_date("day", &form.day);
    let known_at = question::known_at(&mut check, form.known_at.as_ref());
    let park = question::park(&mut check, &form.park);
    let (day, known_at, park) = check.all((day, known_at, park))?;
    let day = day.unwrap_or_else(|| date_of(face.clock.now()));
    let question = Question { known_at, park };
    question.settle(face).await?;

    let happened_before = end_of(day);
    let (mut state, book) = one_state(face).await?;
    let ground = question.ground(book, happened_before);
    let numbers = match ground.book {
        Some(book) => figures::overview(&mut state, book.book, &question.park).await.map_err(refused)?,
        None => {
            state.rollback().await?;
            question.past(face, ground.known_at, happened_before).await?
        }
    };
    Ok(Response::new(answer(day, ground.known_at, Figures::of(&numbers))))
}

/// The first instant that is not of the day any more.
fn end_of(day: NaiveDate) -> DateTime<Utc> {
    day.succ_opt().map_or_else(end_of_days, start_of_day).min(end_of_days())
}

fn answer(day: NaiveDate, known_at: DateTime<Utc>, figures: Figures) -> wire::Overview {
    let response = |(role, durations): (i32, Durations)| wire::ResponseTime {
        role,
        count: durations.count,
        median_ms: durations.median_ms,
        p90_ms: durations.p90_ms,
    };
    wire::Overview {
        day: day.to_string(),
        known_at: Some(timestamp(known_at)),
        cases: figures.cases.into_iter().map(|(state, cases)| wire::CaseCount { state, cases }).collect(),
        legs: figures
            .legs
            .into_iter()
            .map(|(role, outcome, legs)| wire::LegCount { role, outcome, legs })
            .collect(),
        response_times: figures.responses.into_iter().map(response).collect(),
        time_to_offers: Some(response((0, figures.to_offers))),
        time_to_approval: Some(response((0, figures.to_approval))),
        amount_submitted_fen: figures.submitted_fen,
        amount_approved_fen: figures.approved_fen,
        facts: figures.facts,
    }
}
