//! Today, as known now: the figures that the desk asks for all the time.

use proto::{
    common::v1::{InstitutionRole as Role, LegState},
    intake::v1::CaseState,
    statistics::v1 as wire,
};
use uuid::Uuid;

use crate::{
    story::{Case, Dice, leg, morning, story},
    support::{Stand, offers_ready, submitted},
};

const DAY_MS: i64 = 86_400_000;

fn states(overview: &wire::Overview) -> Vec<(CaseState, i64)> {
    overview.cases.iter().map(|counted| (counted.state(), counted.cases)).collect()
}

fn legs(overview: &wire::Overview) -> Vec<(Role, LegState, i64)> {
    overview.legs.iter().map(|counted| (counted.role(), counted.outcome(), counted.legs)).collect()
}

/// Everything but the time that it is pinned to.
pub(crate) fn figures(overview: wire::Overview) -> wire::Overview {
    wire::Overview { known_at: None, ..overview }
}

#[tokio::test]
async fn before_the_first_fact_every_figure_is_zero() {
    let stand = Stand::new().await;
    let overview = stand.overview("2026-03-02", None).await;
    assert!(overview.known_at.is_some());
    let nothing = wire::ResponseTime::default();
    let empty = wire::Overview {
        day: "2026-03-02".to_owned(),
        time_to_offers: Some(nothing),
        time_to_approval: Some(nothing),
        ..Default::default()
    };
    assert_eq!(figures(overview.clone()), empty);
    assert_eq!(stand.overview("2026-03-02", overview.known_at).await, overview);
    let days = stand.days("2026-03-01", "2026-03-03", None).await.days;
    assert_eq!(days.len(), 3);
    assert_eq!(days[1], wire::Day { day: "2026-03-02".to_owned(), ..Default::default() });
}

#[tokio::test]
async fn a_case_is_counted_from_submission_to_approval_with_its_legs_and_its_cover() {
    let stand = Stand::new().await;
    let mut case = Case::new(morning());
    case.submitted(300_000_000).wait(60).accepted("JY-GX").dispatched();
    let issued = case.at;
    let asked = |bank: LegState| {
        vec![
            leg(Role::Bank, bank, issued, Some(2_000)),
            leg(Role::Bank, LegState::Declined, issued, Some(5_000)),
            leg(Role::Bank, LegState::TimedOut, issued, None),
            leg(Role::Evaluator, LegState::Offered, issued, Some(9_000)),
        ]
    };
    let quoted = |state| vec![leg(Role::Insurer, state, issued, Some(70))];
    case.wait(86_400).wave_closed(asked(LegState::Offered));
    case.wait(60).cover_quoted(quoted(LegState::Offered)).offers_ready(asked(LegState::Offered));
    case.wait(60).selected(asked(LegState::Selected)).reopened(asked(LegState::Offered));
    case.selected(asked(LegState::Selected));
    case.wait(86_400).cover_bound(quoted(LegState::Confirmed));
    case.approved(250_000_000, asked(LegState::Confirmed));
    let mut other = Case::new(morning());
    other.submitted(7);
    stand.take(&case.told).await;
    stand.take(&other.told).await;

    let overview = stand.today().await;
    assert_eq!(states(&overview), [(CaseState::Submitted, 1), (CaseState::Approved, 1)]);
    assert_eq!(
        legs(&overview),
        [
            (Role::Bank, LegState::Declined, 1),
            (Role::Bank, LegState::TimedOut, 1),
            (Role::Bank, LegState::Confirmed, 1),
            (Role::Insurer, LegState::Confirmed, 1),
            (Role::Evaluator, LegState::Offered, 1),
        ]
    );
    let time = |role: Role, count, median_ms, p90_ms| wire::ResponseTime {
        role: role.into(),
        count,
        median_ms,
        p90_ms,
    };
    assert_eq!(
        overview.response_times,
        [
            time(Role::Bank, 2, 2_000, 5_000),
            time(Role::Insurer, 1, 70, 70),
            time(Role::Evaluator, 1, 9_000, 9_000)
        ]
    );
    let (to_offers, to_approval) = (DAY_MS + 120_000, 2 * DAY_MS + 180_000);
    assert_eq!(overview.time_to_offers, Some(time(Role::Unspecified, 1, to_offers, to_offers)));
    assert_eq!(overview.time_to_approval, Some(time(Role::Unspecified, 1, to_approval, to_approval)));
    assert_eq!((overview.amount_submitted_fen, overview.amount_approved_fen), (300_000_007, 250_000_000));
    assert_eq!(overview.facts, 12);

    let of_park = |park: &str| wire::GetOverviewRequest { park: park.to_owned(), ..Default::default() };
    let park = stand.regulator().get_overview(of_park("JY-GX")).await.unwrap().into_inner();
    assert_eq!(states(&park), [(CaseState::Approved, 1)]);
    assert_eq!((park.amount_submitted_fen, park.facts), (300_000_000, 11));
    assert_eq!(park.response_times, overview.response_times);
    let nowhere = stand.regulator().get_overview(of_park("JY-HL")).await.unwrap().into_inner();
    assert_eq!((states(&nowhere), nowhere.facts), (vec![], 0));

    let days = stand.days("2026-03-02", "2026-03-04", None).await.days;
    let counted: Vec<_> = days
        .iter()
        .map(|day| (day.submitted, day.offers_ready, day.selected, day.approved, day.amount_submitted_fen))
        .collect();
    assert_eq!(counted, [(2, 0, 0, 0, 300_000_007), (0, 1, 2, 0, 0), (0, 0, 0, 1, 0)]);
    assert_eq!(days[2].amount_approved_fen, 250_000_000);
}

#[tokio::test]
async fn what_becomes_of_legs_after_the_last_fact_of_their_case_is_counted_too() {
    let stand = Stand::new().await;
    let (mut case, issued) = (Case::new(morning()), morning());
    let evaluator = |state| vec![leg(Role::Evaluator, state, issued, Some(9_000))];
    let banks = |state| vec![leg(Role::Bank, state, issued, Some(50))];
    let cover = |one, other| {
        vec![leg(Role::Insurer, one, issued, Some(70)), leg(Role::Guarantor, other, issued, Some(80))]
    };
    case.submitted(1).accepted("JY-GX").dispatched().no_offer(evaluator(LegState::Offered)).round = 2;
    case.dispatched().cover_quoted(cover(LegState::Offered, LegState::Offered));
    case.offers_ready(banks(LegState::Offered)).selected(banks(LegState::Selected));
    case.legs_changed(1, evaluator(LegState::Selected)).wait(60);
    case.cover_legs_changed(cover(LegState::Selected, LegState::Offered));
    case.cover_bound(cover(LegState::Confirmed, LegState::Offered));
    case.approved(1, banks(LegState::Confirmed));
    stand.take(&case.told).await;
    let approved = stand.today().await;
    case.told.clear();
    case.cover_legs_changed(cover(LegState::Confirmed, LegState::Released));
    case.wait(86_400).legs_changed(1, evaluator(LegState::Fulfilled));
    stand.take(&case.told).await;

    let bank = (Role::Bank, LegState::Confirmed, 1);
    let insurer = (Role::Insurer, LegState::Confirmed, 1);
    let before =
        [bank, insurer, (Role::Guarantor, LegState::Offered, 1), (Role::Evaluator, LegState::Selected, 1)];
    assert_eq!(legs(&approved), before);
    let after =
        [bank, insurer, (Role::Guarantor, LegState::Released, 1), (Role::Evaluator, LegState::Fulfilled, 1)];
    let overview = stand.today().await;
    assert_eq!(legs(&overview), after);
    assert_eq!(overview.facts, approved.facts + 2);
    assert_eq!(states(&overview), [(CaseState::Approved, 1)], "a leg's fact leaves the case as it was");
    assert_eq!(overview.response_times, approved.response_times, "each leg answered once");

    let mut given_up = Case::new(morning());
    given_up.submitted(1).accepted("JY-GX").dispatched().no_offer(evaluator(LegState::Offered));
    given_up.rejected(evaluator(LegState::Released));
    stand.take(&given_up.told).await;
    assert!(legs(&stand.today().await).contains(&(Role::Evaluator, LegState::Released, 1)));
}

#[tokio::test]
async fn of_two_facts_of_one_version_the_later_in_the_life_of_a_case_counts() {
    let stand = Stand::new().await;
    let mut case = Case::new(morning());
    let asked = vec![leg(Role::Bank, LegState::Released, morning(), Some(1))];
    case.submitted(1).accepted("JY-GX").dispatched().offers_ready(asked.clone()).selected(asked.clone());
    case.reopened(asked.clone()).expired_at_once(asked);
    case.told.reverse();
    stand.take(&case.told).await;
    assert_eq!(states(&stand.today().await), [(CaseState::Expired, 1)]);
}

#[tokio::test]
async fn the_order_and_the_repetition_of_facts_make_no_difference() {
    let (one, other) = tokio::join!(Stand::new(), Stand::new());
    let told = story(11, 60);
    let mut disorder = told.clone();
    disorder.extend_from_slice(&told[..told.len() / 3]);
    Dice::new(12).shuffle(&mut disorder);
    one.take(&told).await;
    // Figures are asked for in between, so that they are folded in parts.
    for part in disorder.chunks(100) {
        other.take(part).await;
        other.today().await;
    }
    let (one_day, other_day) = (one.today().await, other.today().await);
    assert!(one_day.cases.len() > 5 && one_day.response_times.len() == 4, "{one_day:?}");
    assert_eq!(figures(one_day), figures(other_day));
    let span = ("2026-03-01", "2026-03-20");
    assert_eq!(one.days(span.0, span.1, None).await.days, other.days(span.0, span.1, None).await.days);
}

#[tokio::test]
async fn a_case_told_twice_through_the_broker_is_counted_once() {
    let stand = Stand::new().await;
    let case = Uuid::new_v4();
    let (first, last) = (submitted(case, 1, stand.now()), offers_ready(case, 2, stand.now()));
    for message in [&last, &first, &last, &first] {
        stand.tell(std::slice::from_ref(message)).await;
        stand.sent().await;
    }
    stand.tell(&[submitted(Uuid::new_v4(), 1, stand.now())]).await;
    stand.counted(&[("intake.case-offers-ready.v1", 1), ("intake.case-submitted.v1", 2)]).await;
    // Whoever sees a fact counted finds it in the figures.
    let overview = stand.today().await;
    assert_eq!(states(&overview), [(CaseState::Submitted, 1), (CaseState::OffersReady, 1)]);
    assert_eq!((overview.facts, overview.amount_submitted_fen), (3, 600_000_000));
}
