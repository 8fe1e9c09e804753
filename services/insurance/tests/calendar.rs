//! Windows in working days of a year whose table is not there yet (CALENDAR_MISSING).

use chrono::{DateTime, TimeDelta, Utc};
use prost::Message as _;
use proto::{common::v1::LegIssued, insurance::v1 as wire};

use crate::support::{Case, LIMIT, SETTINGS, insurance, town};

/// Made for this test: the true one is published in the autumn before.
const TABLE: &str = "[[year]]\nyear = 2027\noff = [\"01-01\"]\non = []\nworking_days = 260\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_window_waits_for_its_calendar_and_closes_when_it_says() {
    let mut town = town().await;
    // A Tuesday. The clock goes on from there.
    let tuesday: DateTime<Utc> = "2027-01-05T04:00:00Z".parse().unwrap();
    town.ground.clock().advance(tuesday - Utc::now());
    let mut settings = SETTINGS.to_vec();
    settings[0].1 = "3wd";
    town.restart(&settings).await;
    let case = Case::new();
    town.ask(&case).await;
    let pending = town.reaches(&case, wire::CoverState::Collecting).await;
    assert_eq!(pending.window_closes_at, None);
    let legs = pending.legs;
    town.is_told(&legs[1].institution_id, "insurance.leg-issued.v1", 1).await;

    let file = town.ground.file("days.toml", TABLE).display().to_string();
    settings.push(("ZHIRONG_CALENDAR_FILE", file.as_str()));
    town.restart(&settings).await;
    testkit::eventually(LIMIT, || async {
        // The end of the Friday in Jiyuan.
        let closes_at = town.round(&case).await.and_then(|round| round.window_closes_at).map(|at| at.seconds);
        (closes_at == Some(1_799_423_999)).then_some(()).ok_or(closes_at)
    })
    .await;
    let told = town.is_told(&legs[1].institution_id, "insurance.leg-issued.v1", 2).await;
    assert!(LegIssued::decode(told.as_slice()).unwrap().due_at.is_some());

    town.reply_is(&legs[0], insurance(1, 180, town.later()), "accepted").await;
    town.ground.clock().advance(TimeDelta::days(4));
    town.reaches(&case, wire::CoverState::Quoted).await;
}
