//! Keeps a filled desk open for a look at its pages. Run by hand: it waits until a file is removed.

use desk::domain::Duty;
use proto::common::v1::LegState;
use proto::intake::v1::CaseState;
use proto::statistics::v1 as statistics;

use crate::support::{Stand, world};

/// Figures of a busy half year.
pub(crate) fn overview() -> statistics::Overview {
    let case = |state: CaseState, cases: i64| statistics::CaseCount { state: state.into(), cases };
    let leg = |role: i32, outcome: LegState, legs: i64| statistics::LegCount {
        role,
        outcome: outcome.into(),
        legs,
    };
    let time = |role: i32, count: i64, median_ms: i64, p90_ms: i64| statistics::ResponseTime {
        role,
        count,
        median_ms,
        p90_ms,
    };
    statistics::Overview {
        day: "2026-03-02".to_owned(),
        known_at: world::at(0),
        cases: vec![
            case(CaseState::Submitted, 4),
            case(CaseState::Collecting, 17),
            case(CaseState::OffersReady, 23),
            case(CaseState::Selected, 6),
            case(CaseState::Approved, 61),
            case(CaseState::NoOffer, 9),
            case(CaseState::Withdrawn, 5),
        ],
        legs: vec![
            leg(1, LegState::Offered, 412),
            leg(1, LegState::Declined, 233),
            leg(1, LegState::TimedOut, 41),
            leg(1, LegState::Confirmed, 61),
            leg(1, LegState::Unspecified, 88),
            leg(5, LegState::Offered, 120),
            leg(5, LegState::Fulfilled, 54),
            leg(2, LegState::Offered, 77),
            leg(2, LegState::Declined, 30),
        ],
        response_times: vec![
            time(1, 747, 186_000_000, 480_000_000),
            time(2, 107, 90_000_000, 170_000_000),
            time(5, 174, 60_000_000, 88_000_000),
        ],
        time_to_offers: Some(time(0, 90, 260_000_000, 460_000_000)),
        time_to_approval: Some(time(0, 61, 560_000_000, 910_000_000)),
        amount_submitted_fen: 41_230_000_000,
        amount_approved_fen: 18_600_000_000,
        facts: 8_213,
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "opens the pages for a person; waits until the file that it names is removed"]
async fn the_pages_stay_open_for_a_look() {
    let Ok(mark) = std::env::var("DESK_SHOW") else { return };
    let stand = Stand::with(&[("ZHIRONG_DESK_BOARD", "1s")]).await;
    {
        let mut world = stand.world.lock();
        world.plan = Some(world::plan());
        world.timeline = world::timeline();
        world.offers = Some(world::offers());
        world.overview = Some(overview());
        world.contacts = Some(Vec::new());
        let day = |number: i64| statistics::Day {
            day: format!("2026-02-{number:02}"),
            submitted: 3 + number * 7 % 5,
            offers_ready: 2 + number * 5 % 4,
            approved: number * 3 % 3,
            ..Default::default()
        };
        world.days = (1..=28).map(day).collect();
        let states =
            [CaseState::Collecting, CaseState::OffersReady, CaseState::Submitted, CaseState::NoOffer];
        for (number, state) in states.into_iter().enumerate() {
            let mut view = world::case(state);
            let header = view.header.as_mut().unwrap();
            header.case_id = world::CASE.replace("0001", &format!("000{}", number + 1));
            world.cases.push(view);
        }
    }
    sqlx::query(
        "INSERT INTO held (queue, kind, reason, message_id, message_kind, aggregate_id, aggregate_version, occurred_at, body)
         SELECT 'intake.replies.v1', 'parked', 'UNDECODABLE', gen_random_uuid(), 'partner.reply-submitted.v1',
                gen_random_uuid(), n, now(), 'x' FROM generate_series(1, 3) n",
    )
    .execute(&stand.intake)
    .await
    .unwrap();
    let browser = stand.enter("all", &[Duty::Clerk, Duty::Administrator]).await;
    std::fs::write(&mark, format!("{} {}", stand.desk.grpc, browser.cookies["zhirong_desk"])).unwrap();
    while std::path::Path::new(&mark).exists() {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
