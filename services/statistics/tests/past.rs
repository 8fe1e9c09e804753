//! As of a past day, and as known at a time: the same question has the same answer for ever.

use prost_types::Timestamp;
use proto::{intake::v1::CaseState, statistics::v1 as wire};
use statistics::store::facts;

use crate::{
    figures::figures,
    story::{Case, Dice, morning, story},
    support::{SOON, Stand},
};
use testkit::eventually;

fn now(stand: &Stand) -> Timestamp {
    let now = stand.now();
    Timestamp {
        seconds: now.timestamp(),
        nanos: i32::try_from(now.timestamp_subsec_micros()).unwrap() * 1_000,
    }
}

fn state_of_one(overview: &wire::Overview) -> Option<CaseState> {
    assert!(overview.cases.iter().map(|counted| counted.cases).sum::<i64>() <= 1);
    overview.cases.first().map(wire::CaseCount::state)
}

#[tokio::test]
async fn a_day_is_answered_as_it_ended_in_shanghai() {
    let stand = Stand::new().await;
    let mut case = Case::new("2026-03-02T15:59:59.999999Z".parse().unwrap());
    case.submitted(5);
    // A microsecond later it is the third of March.
    case.at += chrono::TimeDelta::microseconds(1);
    case.accepted("JY-GX").wait(86_400).dispatched();
    case.told.rotate_left(1);
    stand.take(&case.told).await;
    for (day, state) in [
        ("2026-03-01", None),
        ("2026-03-02", Some(CaseState::Submitted)),
        ("2026-03-03", Some(CaseState::Accepted)),
        ("2026-03-04", Some(CaseState::Collecting)),
        ("2026-03-05", Some(CaseState::Collecting)),
        ("9999-12-31", Some(CaseState::Collecting)),
    ] {
        assert_eq!(state_of_one(&stand.overview(day, None).await), state, "{day}");
    }
}

#[tokio::test]
async fn a_late_fact_changes_its_day_but_not_what_was_known_before() {
    let stand = Stand::new().await;
    let mut case = Case::new(morning());
    case.submitted(5).accepted("JY-GX");
    let late = case.told.remove(1);
    stand.take(&case.told).await;
    let day = "2026-03-02";
    let before = (stand.overview(day, None).await, stand.days(day, day, None).await);
    assert_eq!(state_of_one(&before.0), Some(CaseState::Submitted));

    stand.take(&[late]).await;
    let after = stand.overview(day, None).await;
    assert_eq!(state_of_one(&after), Some(CaseState::Accepted));
    assert_eq!(stand.overview(day, before.0.known_at).await, before.0);
    assert_eq!(stand.days(day, day, before.1.known_at).await, before.1);
    assert_eq!(stand.overview(day, after.known_at).await, after);
}

#[tokio::test]
async fn what_the_running_figures_answered_is_what_the_facts_answer_for_ever() {
    let stand = Stand::new().await;
    let mut told = story(21, 50);
    Dice::new(22).shuffle(&mut told);
    let span = ("2026-03-01", "2026-03-20");
    let mut answers = Vec::new();
    for part in told.chunks(60) {
        stand.take(part).await;
        answers.push((stand.today().await, stand.days(span.0, span.1, None).await));
    }
    assert!(answers.len() > 3);
    let (last, earlier) = answers.split_last().unwrap();
    // Nothing was known after it: still the running figures. Everything before: the facts.
    assert_eq!(stand.overview("", last.0.known_at).await, last.0);
    for (overview, days) in earlier {
        assert_eq!(stand.overview(&overview.day, overview.known_at).await, *overview);
        assert_eq!(stand.days(span.0, span.1, days.known_at).await, *days);
        for park in ["JY-GX", "JY-NONE"] {
            let known_at = overview.known_at;
            let question = wire::GetOverviewRequest { day: String::new(), known_at, park: park.to_owned() };
            let first = stand.regulator().get_overview(question.clone()).await.unwrap().into_inner();
            assert_eq!(stand.regulator().get_overview(question).await.unwrap().into_inner(), first);
        }
    }
    // The end of the last day, as known now, is today, as known now.
    let (past, today) = (stand.overview("2026-03-31", None).await, stand.today().await);
    assert_eq!(wire::Overview { day: today.day.clone(), ..past }, today);
}

#[tokio::test]
async fn both_ways_to_an_answer_give_the_same_numbers_for_every_park() {
    let stand = Stand::new().await;
    stand.take(&story(31, 80)).await;
    let ask = async |park: &str, known_at| {
        let question = wire::GetOverviewRequest { day: String::new(), known_at, park: park.to_owned() };
        stand.regulator().get_overview(question).await.unwrap().into_inner()
    };
    let mut running = Vec::new();
    for park in ["", "JY-GX", "JY-HL", "JY-YC"] {
        running.push((park, ask(park, None).await));
    }
    stand.take(&story(32, 1)).await;
    for (park, overview) in running {
        assert!(overview.facts > 0);
        assert_eq!(ask(park, overview.known_at).await, overview, "{park}");
    }
}

#[tokio::test]
async fn an_answer_as_known_now_waits_for_facts_in_hand_and_later_ones_are_recorded_after_it() {
    let stand = Stand::new().await;
    let mut case = Case::new(morning());
    case.submitted(5).accepted("JY-GX");
    let mut in_hand = stand.pool.begin().await.unwrap();
    facts::insert_new(&mut in_hand, &case.told[..1], stand.now()).await.unwrap();
    let known_at = now(&stand);
    let mut client = stand.regulator();
    let question = wire::GetOverviewRequest { known_at: Some(known_at), ..Default::default() };
    let answer = tokio::spawn(async move { client.get_overview(question).await.unwrap().into_inner() });
    eventually(SOON, async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&stand.pool)
        .await
        .unwrap();
        waiting == 1
    })
    .await;
    in_hand.commit().await.unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(state_of_one(&answer), Some(CaseState::Submitted));
    assert_eq!(answer.known_at, Some(known_at));

    // This one claims to have been taken an hour before.
    let mut late = stand.pool.begin().await.unwrap();
    let hour = chrono::TimeDelta::hours(1);
    facts::insert_new(&mut late, &case.told[1..], stand.now() - hour).await.unwrap();
    late.commit().await.unwrap();
    assert_eq!(stand.overview("", Some(known_at)).await, answer);
    assert_eq!(state_of_one(&stand.today().await), Some(CaseState::Accepted));
}

#[tokio::test]
async fn a_fact_of_tomorrow_is_not_a_part_of_today() {
    let stand = Stand::new().await;
    let mut case = Case::new(stand.now());
    case.submitted(5).wait(2 * 86_400).accepted("JY-GX");
    stand.take(&case.told).await;
    assert_eq!(state_of_one(&stand.today().await), Some(CaseState::Submitted));
    let days = stand.overview("9999-12-31", None).await;
    assert_eq!(state_of_one(&days), Some(CaseState::Accepted));
    assert_eq!(figures(stand.today().await).facts, 1);
}
