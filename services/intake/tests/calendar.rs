//! Windows in working days of a year whose table is not there yet (CALENDAR_MISSING).

use chrono::{DateTime, TimeDelta, Utc};
use intake::ROLE;
use proto::intake::v1 as wire;

use crate::support::{LIMIT, SETTINGS, application, offer, town};

/// Made for this test: the true one is published in the autumn before.
const TABLE: &str = "[[year]]\nyear = 2027\noff = [\"01-01\"]\non = []\nworking_days = 260\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_window_waits_for_its_calendar_and_closes_when_it_says() {
    let mut town = town().await;
    // A Tuesday. The clock goes on from there.
    let tuesday: DateTime<Utc> = "2027-01-05T04:00:00Z".parse().unwrap();
    town.ground.clock().advance(tuesday - Utc::now());
    let mut settings = SETTINGS.to_vec();
    settings[0].1 = "5wd";
    town.roles.pop().unwrap().stop().await.unwrap();
    town.roles.push(town.ground.serve(&ROLE, &settings).await);
    let case = town.submit(application(2)).await;
    let pending = town.reaches(&case, wire::CaseState::Collecting).await;
    assert_eq!(pending.header.unwrap().window_closes_at, None);
    assert_eq!(pending.deadlines[0].due_at, None);
    let legs = pending.legs;
    town.is_told(&legs[1].institution_id, "intake.leg-issued.v1").await;

    let file = town.ground.file("days.toml", TABLE).display().to_string();
    settings.push(("ZHIRONG_CALENDAR_FILE", file.as_str()));
    town.roles.pop().unwrap().stop().await.unwrap();
    town.roles.push(town.ground.serve(&ROLE, &settings).await);
    testkit::eventually(LIMIT, || {
        let (mut client, case_id) = (town.client.clone(), case.case_id.clone());
        async move {
            let key = Some(wire::get_case_request::Key::CaseId(case_id));
            let header =
                client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner().header.unwrap();
            // The end of the next Tuesday in Jiyuan.
            let closes_at = header.window_closes_at.map(|at| at.seconds);
            (closes_at == Some(1_799_769_599)).then_some(()).ok_or(closes_at)
        }
    })
    .await;
    testkit::eventually(LIMIT, || async {
        let told = town.told(&legs[1].institution_id).await;
        if told.iter().filter(|kind| *kind == "intake.leg-issued.v1").count() == 2 {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;

    town.reply(&legs[0], offer(1, 400)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-accepted.v1").await;
    town.ground.clock().advance(TimeDelta::days(8));
    town.reaches(&case, wire::CaseState::OffersReady).await;
}
