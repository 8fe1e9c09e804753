//! After the enterprise's choice: what is held, confirmed, refused, undone (domain.md §3.2, undo table).

use chrono::TimeDelta;
use prost::Message as _;
use proto::{
    common::v1::{LegNoticed, LegState},
    insurance::v1 as wire,
    partner::v1::{self as partner, reply_submitted::Reply},
};

use crate::support::{Case, confirmed, outcomes, refused, state, town};

const SELECTED: &str = "intake.case-selected.v1";
const APPROVED: &str = "intake.case-approved.v1";
const REOPENED: &str = "intake.case-reopened.v1";
const RELEASED: &str = "insurance.cover-released.v1";
const LEGS_CHANGED: &str = "insurance.cover-legs-changed.v1";

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_quote_is_held_and_bound_while_the_others_hear_nothing_until_the_bank_approves() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 0).await;
    assert_eq!((state(&legs[0]), state(&legs[1])), (LegState::Selected, LegState::Offered));
    let told = town.is_told(&legs[0].institution_id, "insurance.leg-selected.v1", 1).await;
    assert!(LegNoticed::decode(told.as_slice()).unwrap().due_at.is_some());
    // Nobody answers: told again.
    town.ground.clock().advance(TimeDelta::seconds(700));
    town.is_told(&legs[0].institution_id, "insurance.leg-selected.v1", 2).await;

    town.reply_is(&legs[0], confirmed(), "accepted").await;
    let bound = town.reaches(&case, wire::CoverState::Bound).await;
    assert_eq!(bound.legs[0].document_no, "BX2022-1");
    let facts: Vec<wire::CoverBound> = town.facts("insurance.cover-bound.v1", 1).await;
    assert_eq!(facts[0].leg_id, legs[0].leg_id);
    for leg in &legs[1..] {
        for kind in ["insurance.leg-closed.v1", "insurance.leg-selected.v1", "insurance.leg-unselected.v1"] {
            assert!(town.told_to(&leg.institution_id, kind).await.is_empty(), "{kind}");
        }
    }
    town.fact(&case, APPROVED, &case.approved(&legs[0].leg_id)).await;
    for leg in &legs[1..] {
        town.is_told(&leg.institution_id, "insurance.leg-closed.v1", 1).await;
    }
    let round = town.reaches(&case, wire::CoverState::Bound).await;
    assert_eq!(state(&round.legs[2]), LegState::Released);
    assert!(town.told(RELEASED).await.is_empty());
    assert_eq!(town.count("deadline").await, 0);
    // Statistics hears how the legs stand: at the choice, and at the approval, which released two of them.
    let told: Vec<wire::CoverLegsChanged> = town.facts(LEGS_CHANGED, 2).await;
    let (offered, released) = (LegState::Offered, LegState::Released);
    assert_eq!(outcomes(&legs, &told[0].legs), [LegState::Selected, offered, offered]);
    assert_eq!(outcomes(&legs, &told[1].legs), [LegState::Confirmed, released, released]);
    assert_eq!((told[1].case_id.as_str(), told[1].round, told.len()), (case.id.to_string().as_str(), 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_institution_that_refuses_is_released_and_the_others_can_be_chosen() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 0).await;
    town.reply_is(&legs[0], refused(), "accepted").await;
    town.reaches(&case, wire::CoverState::Quoted).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!((released[0].cause.as_str(), &released[0].leg_id), ("COVER_REFUSED", &legs[0].leg_id));
    town.is_told(&legs[0].institution_id, "insurance.leg-closed.v1", 1).await;
    town.fact(&case, REOPENED, &case.reopened()).await;
    let again = case.selected(&legs[2].leg_id, town.now() + TimeDelta::days(5));
    town.fact(&case, SELECTED, &again).await;
    let round = town.reaches(&case, wire::CoverState::Held).await;
    assert_eq!(state(&round.legs[2]), LegState::Selected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_what_has_been_taken_back_is_told_as_gone() {
    let town = town().await;
    let case = Case::new();
    let legs = town.quoted(&case).await;
    town.reply_is(&legs[1], Reply::TakenBack(partner::OfferTakenBack {}), "accepted").await;
    let gone = case.selected(&legs[1].leg_id, town.now() + TimeDelta::days(5));
    town.fact(&case, SELECTED, &gone).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!((released[0].cause.as_str(), &released[0].leg_id), ("COVER_GONE", &legs[1].leg_id));
    town.reaches(&case, wire::CoverState::Quoted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_declines_gives_the_choice_back() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 1).await;
    town.fact(&case, REOPENED, &case.reopened()).await;
    town.is_told(&legs[1].institution_id, "insurance.leg-unselected.v1", 1).await;
    let round = town.reaches(&case, wire::CoverState::Quoted).await;
    assert_eq!(state(&round.legs[1]), LegState::Offered);
    assert!(town.told(RELEASED).await.is_empty(), "the quote stands");
    let told: Vec<wire::CoverLegsChanged> = town.facts(LEGS_CHANGED, 2).await;
    let states: Vec<LegState> = told.iter().map(|told| outcomes(&legs, &told.legs)[1]).collect();
    assert_eq!(states, [LegState::Selected, LegState::Offered]);
}

/// The undo table's row: insurer confirmed, bank declines.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_declines_releases_what_was_confirmed_once() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 1).await;
    town.reply_is(&legs[1], confirmed(), "accepted").await;
    town.reaches(&case, wire::CoverState::Bound).await;
    let reopened = case.reopened();
    town.fact_of(&case, REOPENED, &reopened, 50).await;
    town.fact_of(&case, REOPENED, &reopened, 50).await;
    let round = town.reaches(&case, wire::CoverState::Quoted).await;
    assert_eq!(state(&round.legs[1]), LegState::Released);
    // Something after the repeat, to know that it has been taken.
    town.fact_of(&case, "intake.cover-requested.v1", &case.requested(), 51).await;
    town.facts::<wire::CoverQuoted>("insurance.cover-quoted.v1", 2).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!(released.len(), 1);
    assert_eq!((released[0].cause.as_str(), &released[0].leg_id), ("BANK_DECLINED", &legs[1].leg_id));
    town.is_told(&legs[1].institution_id, "insurance.leg-closed.v1", 1).await;
    town.reply_is(&legs[1], confirmed(), "late").await;
}

/// The insurer issued before it heard that the case was withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_that_comes_after_the_release_is_told_late_and_its_document_is_shown() {
    let town = town().await;
    let case = Case::new();
    let legs = town.held(&case, 1).await;
    town.fact(&case, "intake.case-withdrawn.v1", &case.withdrawn(true)).await;
    town.reaches(&case, wire::CoverState::Released).await;
    town.reply_is(&legs[1], confirmed(), "late").await;
    let round = town.reaches(&case, wire::CoverState::Released).await;
    assert_eq!((state(&round.legs[1]), round.legs[1].document_no.as_str()), (LegState::Released, "BX2022-1"));
    assert_eq!(round.legs[0].document_no, "");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM cover_entry WHERE kind = 'LEG_CONFIRMED_LATE'")
        .fetch_one(&town.ground.pool(&insurance::ROLE))
        .await
        .unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_choice_that_comes_after_the_newer_reopening_is_dropped() {
    let town = town().await;
    let case = Case::new();
    let legs = town.quoted(&case).await;
    town.fact_of(&case, REOPENED, &case.reopened(), 60).await;
    town.knows(&case, 60).await;
    let old = case.selected(&legs[0].leg_id, town.now() + TimeDelta::days(5));
    town.fact_of(&case, SELECTED, &old, 59).await;
    let new = case.selected(&legs[2].leg_id, town.now() + TimeDelta::days(5));
    town.fact_of(&case, SELECTED, &new, 61).await;
    let round = town.reaches(&case, wire::CoverState::Held).await;
    assert_eq!((state(&round.legs[0]), state(&round.legs[2])), (LegState::Offered, LegState::Selected));
    assert!(town.told_to(&legs[0].institution_id, "insurance.leg-selected.v1").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_without_cover_releases_every_quote() {
    let town = town().await;
    let case = Case::new();
    let legs = town.quoted(&case).await;
    let without = case.selected("", town.now() + TimeDelta::days(5));
    town.fact(&case, SELECTED, &without).await;
    town.fact(&case, APPROVED, &case.approved("")).await;
    town.reaches(&case, wire::CoverState::Released).await;
    let released: Vec<wire::CoverReleased> = town.facts(RELEASED, 1).await;
    assert_eq!((released[0].cause.as_str(), released[0].leg_id.as_str()), ("NOT_CHOSEN", ""));
    for leg in &legs {
        town.is_told(&leg.institution_id, "insurance.leg-closed.v1", 1).await;
    }
    assert_eq!(town.count("deadline").await, 0);
}
