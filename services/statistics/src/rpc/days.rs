//! ListDays.

use proto::statistics::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::Response;

use super::{
    question::{self, Question, one_state},
    service::{Face, refused},
};
use crate::{
    domain::figures::{Day, days},
    reasons,
    store::figures,
    wire::timestamp,
    work::end_of_days,
};

/// The most days of one answer.
const DAYS: i64 = 400;

pub(super) async fn list(
    face: &Face,
    form: &wire::ListDaysRequest,
) -> Result<Response<wire::ListDaysResponse>, Fault> {
    let mut check = Checker::new();
    let first = check.date("first_day", &form.first_day);
    let last = check.date("last_day", &form.last_day);
    if let (Some(first), Some(last)) = (first, last) {
        if last < first {
            check.refuse("last_day", &reasons::RANGE_REVERSED);
        } else if (last - first).num_days() >= DAYS {
            check.refuse("last_day", &reasons::SPAN_TOO_LONG);
        }
    }
    let known_at = question::known_at(&mut check, form.known_at.as_ref());
    let park = question::park(&mut check, &form.park);
    let (first, last, known_at, park) = check.all((first, last, known_at, park))?;
    let question = Question { known_at, park };
    question.settle(face).await?;

    // Each fact is counted on its own day, so facts of later days do no harm; and they may tell a case's park.
    let (mut state, book) = one_state(face).await?;
    let ground = question.ground(book, end_of_days());
    let numbers = match ground.book {
        Some(book) => {
            figures::days(&mut state, book.book, &question.park, (first, last)).await.map_err(refused)?
        }
        None => {
            state.rollback().await?;
            question.past(face, ground.known_at, end_of_days()).await?
        }
    };
    let days = days(&numbers, first, last).into_iter().map(answer).collect();
    Ok(Response::new(wire::ListDaysResponse { days, known_at: Some(timestamp(ground.known_at)) }))
}

fn answer(day: Day) -> wire::Day {
    wire::Day {
        day: day.day.to_string(),
        submitted: day.submitted,
        offers_ready: day.offers_ready,
        no_offer: day.no_offer,
        selected: day.selected,
        approved: day.approved,
        withdrawn: day.withdrawn,
        amount_submitted_fen: day.submitted_fen,
        amount_approved_fen: day.approved_fen,
    }
}
