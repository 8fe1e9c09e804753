//! The end of a case releases its cover, whenever it comes.

use proto::{common::v1::LegProgress, insurance::v1 as wire, intake::v1 as intake};

use crate::support::{Case, confirmed, insurance, town};

const WITHDRAWN: &str = "intake.case-withdrawn.v1";
const RELEASED: &str = "insurance.cover-released.v1";

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_under_the_seal_releases_every_leg_and_later_answers_are_late() {
    let town = town().await;
    let case = Case::new();
    town.ask(&case).await;
    let legs = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    town.reply_is(&legs[0], insurance(1, 180, town.later()), "accepted").await;
    town.fact(&case, WITHDRAWN, &case.withdrawn(true)).await;
    let round = town.reaches(&case, wire::CoverState::Released).await;
    for leg in &legs {
        town.is_told(&leg.institution_id, "insurance.leg-closed.v1", 1).await;
    }
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!((released[0].cause.as_str(), released[0].leg_id.as_str()), ("CASE_WITHDRAWN", ""));
    assert!(round.legs.iter().all(|leg| leg.state == 0 && leg.answer.is_none()), "it stays sealed");
    assert_eq!(round.legs[0].progress, i32::from(LegProgress::Replied));
    town.reply_is(&legs[1], insurance(1, 180, town.later()), "late").await;
    assert!(town.told("insurance.cover-quoted.v1").await.is_empty());
    assert_eq!(town.count("deadline").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_releases_what_was_confirmed_too() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 0).await;
    town.reply_is(&legs[0], confirmed(), "accepted").await;
    town.fact(&case, WITHDRAWN, &case.withdrawn(true)).await;
    town.reaches(&case, wire::CoverState::Released).await;
    town.is_told(&legs[0].institution_id, "insurance.leg-closed.v1", 1).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!((released.len(), released[0].cause.as_str()), (1, "CASE_WITHDRAWN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_after_the_end_or_the_approval_of_its_case_starts_nothing() {
    let town = town().await;
    let (withdrawn, expired, unoffered, approved) = (Case::new(), Case::new(), Case::new(), Case::new());
    town.fact_of(&withdrawn, WITHDRAWN, &withdrawn.withdrawn(true), 9).await;
    let end = intake::CaseExpired {
        case_id: expired.id.to_string(),
        round: 1,
        cover: true,
        ..intake::CaseExpired::default()
    };
    town.fact_of(&expired, "intake.case-expired.v1", &end, 9).await;
    let end = intake::CaseNoOffer {
        case_id: unoffered.id.to_string(),
        round: 1,
        cover: true,
        ..intake::CaseNoOffer::default()
    };
    town.fact_of(&unoffered, "intake.case-no-offer.v1", &end, 9).await;
    // The bank approved a choice without cover: none is needed any more.
    town.fact_of(&approved, "intake.case-approved.v1", &approved.approved(""), 9).await;
    testkit::eventually(crate::support::LIMIT, || async {
        let ends = town.count("case_end").await;
        if ends == 4 { Ok(()) } else { Err(ends) }
    })
    .await;
    town.fact_of(&withdrawn, "intake.cover-requested.v1", &withdrawn.requested(), 5).await;
    town.fact_of(&expired, "intake.cover-requested.v1", &expired.requested(), 5).await;
    town.fact_of(&unoffered, "intake.cover-requested.v1", &unoffered.requested(), 5).await;
    town.fact_of(&approved, "intake.cover-requested.v1", &approved.requested(), 5).await;
    // Another case after them shows that they have been taken.
    let other = Case::new();
    town.ask(&other).await;
    town.reaches(&other, wire::CoverState::Collecting).await;
    town.ask(&withdrawn).await;
    let last = Case::new();
    town.ask(&last).await;
    town.reaches(&last, wire::CoverState::Collecting).await;
    for case in [&withdrawn, &expired, &unoffered, &approved] {
        assert!(town.round(case).await.is_none());
    }
    assert_eq!(town.count("cover_request").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_without_cover_costs_no_row() {
    let town = town().await;
    let case = Case::new();
    let id = || case.id.to_string();
    town.fact(&case, "intake.case-selected.v1", &case.selected("", town.later())).await;
    town.fact(&case, "intake.case-reopened.v1", &case.reopened()).await;
    let approved = intake::CaseApproved { cover: false, ..case.approved("") };
    town.fact(&case, "intake.case-approved.v1", &approved).await;
    let none = intake::CaseNoOffer { case_id: id(), round: 1, ..intake::CaseNoOffer::default() };
    town.fact(&case, "intake.case-no-offer.v1", &none).await;
    let rejected = intake::CaseRejected { case_id: id(), ..intake::CaseRejected::default() };
    town.fact(&case, "intake.case-rejected.v1", &rejected).await;
    town.fact(&case, WITHDRAWN, &case.withdrawn(false)).await;
    let other = Case::new();
    town.ask(&other).await;
    town.reaches(&other, wire::CoverState::Collecting).await;
    assert_eq!((town.count("cover_request").await, town.count("case_end").await), (1, 0));
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM held")
        .fetch_one(&town.ground.pool(&insurance::ROLE))
        .await
        .unwrap();
    assert_eq!(held, 0, "nothing was parked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_without_an_offer_and_a_rejected_case_release_their_cover() {
    let town = town().await;
    let (none, rejected) = (Case::new(), Case::new());
    town.ask(&none).await;
    town.quoted(&rejected).await;
    town.reaches(&none, wire::CoverState::Collecting).await;
    let body =
        intake::CaseNoOffer { case_id: none.id.to_string(), round: 1, ..intake::CaseNoOffer::default() };
    town.fact(&none, "intake.case-no-offer.v1", &body).await;
    let body = intake::CaseRejected { case_id: rejected.id.to_string(), ..intake::CaseRejected::default() };
    town.fact(&rejected, "intake.case-rejected.v1", &body).await;
    town.reaches(&none, wire::CoverState::Released).await;
    town.reaches(&rejected, wire::CoverState::Released).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 2).await;
    let mut causes: Vec<&str> = released.iter().map(|fact| fact.cause.as_str()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["CASE_NO_OFFER", "CASE_REJECTED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_round_of_a_case_asks_anew_unless_the_case_has_ended_since() {
    let town = town().await;
    let case = Case::new();
    town.ask(&case).await;
    let first = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    let none =
        intake::CaseNoOffer { case_id: case.id.to_string(), round: 1, ..intake::CaseNoOffer::default() };
    town.fact_of(&case, "intake.case-no-offer.v1", &none, 20).await;
    town.reaches(&case, wire::CoverState::Released).await;
    let second = intake::CoverRequested { round: 2, ..case.requested() };
    town.fact_of(&case, "intake.cover-requested.v1", &second, 25).await;
    for leg in &first {
        town.is_told(&leg.institution_id, "insurance.leg-issued.v1", 2).await;
    }
    let rejected = intake::CaseRejected { case_id: case.id.to_string(), ..intake::CaseRejected::default() };
    town.fact_of(&case, "intake.case-rejected.v1", &rejected, 30).await;
    town.facts::<wire::CoverReleased>(RELEASED, 2).await;
    // It was asked for before the case was rejected, and comes after.
    let third = intake::CoverRequested { round: 3, ..case.requested() };
    town.fact_of(&case, "intake.cover-requested.v1", &third, 28).await;
    let other = Case::new();
    town.ask(&other).await;
    town.reaches(&other, wire::CoverState::Collecting).await;
    assert_eq!(town.count("cover_request").await, 3);
}
