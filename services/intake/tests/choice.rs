//! The enterprise's choice, the bank's approval, and every way in which a choice is undone or never made.

use chrono::TimeDelta;
use partner::reply_submitted::Reply;
use prost::Message as _;
use proto::{intake::v1 as wire, partner::v1 as partner, whitelist::v1 as whitelist};
use wire::CaseState;

use crate::support::{
    ACTIVE_CONSENT, application, bank, decline, id, message, offer, reason, terms, timestamp, town,
};

pub(crate) fn approval(amount: i64, rate: i32) -> Reply {
    Reply::Approval(wire::Approval {
        approval_no: "批复2022-17".to_owned(),
        amount_fen: amount,
        term_months: 12,
        annual_rate_bp: rate,
        approved_at: None,
    })
}

fn refused() -> Reply {
    Reply::Refused(partner::DeclineGiven { reason: 1, text: String::new() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_bank_approves_and_every_other_leg_is_released() {
    let mut town = town().await;
    let (case, legs) = town.ready(3).await;
    assert_eq!(town.waits_for(&case).await, ["SELECTION"]);
    let selected = town.select(&case, &legs[1], "", "").await.unwrap();
    assert_eq!(selected.state, i32::from(CaseState::Selected));
    let selection = selected.selection.unwrap();
    assert_eq!(selection.bank_leg_id, legs[1].leg_id);
    assert!(selection.approve_by.is_some());
    assert_eq!(town.waits_for(&case).await, ["APPROVAL"]);
    town.is_told(&legs[1].institution_id, "intake.leg-selected.v1").await;
    let fact: wire::CaseSelected = town.fact("intake.case-selected.v1").await;
    assert_eq!((fact.bank_leg_id, fact.amount_fen), (legs[1].leg_id.clone(), 280_000_000));

    // More than was offered is no approval of it; a rival has nothing to confirm.
    town.reply(&legs[1], approval(280_000_001, 401)).await;
    town.is_told(&legs[1].institution_id, "intake.reply-refused.v1").await;
    town.reply(&legs[0], approval(1, 1)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-refused.v1").await;
    town.reply(&legs[1], approval(270_000_000, 401)).await;
    let approved = town.reaches(&case, CaseState::Approved).await;
    let selection = approved.header.unwrap().selection.unwrap();
    assert_eq!(selection.approval.unwrap().amount_fen, 270_000_000);
    assert!(approved.deadlines.is_empty());
    assert_eq!(town.states(&case).await, ["RELEASED", "CONFIRMED", "RELEASED"]);
    for held in [&legs[0], &legs[2]] {
        town.is_told(&held.institution_id, "intake.leg-closed.v1").await;
        let told = town.told(&held.institution_id).await;
        assert!(!told.iter().any(|kind| kind.contains("selected")), "held banks are told nothing: {told:?}");
    }
    let fact: wire::CaseApproved = town.fact("intake.case-approved.v1").await;
    assert_eq!((fact.amount_fen, fact.annual_rate_bp, fact.cover), (270_000_000, 401, false));
    assert_eq!(fact.legs.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_stand_cannot_be_chosen() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, CaseState::Collecting).await.legs;
    let sealed = town.select(&case, &legs[0], "", "").await.unwrap_err();
    assert_eq!(reason(&sealed), "CASE_STATE");
    town.reply(&legs[0], offer(1, 400)).await;
    town.reply(&legs[1], decline(2)).await;
    town.reaches(&case, CaseState::OffersReady).await;
    let declined = town.select(&case, &legs[1], "", "").await.unwrap_err();
    assert_eq!(reason(&declined), "OFFER_NOT_STANDING");
    let not_called = town.select(&case, &legs[0], &id(), "").await.unwrap_err();
    assert_eq!(reason(&not_called), "COVER_NOT_CALLED_FOR");
    let unknown = town.select(&case, &legs[0], "", &id()).await.unwrap_err();
    assert_eq!(reason(&unknown), "OFFER_NOT_STANDING");
    let no_id = town.select(&case, &legs[0], "x", "").await.unwrap_err();
    assert_eq!(reason(&no_id), "UUID_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_refuses_after_its_selection_opens_the_choice_again_and_the_last_one_ends_the_case() {
    let mut town = town().await;
    let (case, legs) = town.ready(2).await;
    town.select(&case, &legs[0], "", "").await.unwrap();
    town.reply(&legs[0], refused()).await;
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.states(&case).await, ["RELEASED", "OFFERED"]);
    assert_eq!(town.waits_for(&case).await, ["SELECTION"]);
    town.is_told(&legs[0].institution_id, "intake.leg-closed.v1").await;
    let fact: wire::CaseReopened = town.fact("intake.case-reopened.v1").await;
    assert_eq!(fact.cause, "BANK_DECLINED");
    assert_eq!(reason(&town.select(&case, &legs[0], "", "").await.unwrap_err()), "OFFER_NOT_STANDING");
    // A late approval is kept, and changes nothing.
    town.reply(&legs[0], approval(1, 1)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-late.v1").await;

    town.select(&case, &legs[1], "", "").await.unwrap();
    town.reply(&legs[1], refused()).await;
    let view = town.reaches(&case, CaseState::Expired).await;
    assert_eq!(view.header.unwrap().reasons, ["OFFERS_EXPIRED"]);
    assert!(view.deadlines.is_empty());
    let fact: wire::CaseExpired = town.fact("intake.case-expired.v1").await;
    assert_eq!((fact.cause.as_str(), fact.cover), ("OFFERS_EXPIRED", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_does_not_approve_in_time_loses_its_turn() {
    let mut town = town().await;
    let (case, legs) = town.ready(2).await;
    town.select(&case, &legs[0], "", "").await.unwrap();
    town.ground.clock().advance(TimeDelta::seconds(3_700));
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.states(&case).await, ["RELEASED", "OFFERED"]);
    let fact: wire::CaseReopened = town.fact("intake.case-reopened.v1").await;
    assert_eq!(fact.cause, "APPROVAL_TIMEOUT");
    assert_eq!(town.waits_for(&case).await, ["SELECTION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_bank_that_is_silent_is_told_again_and_again_until_it_answers() {
    let mut town = town().await;
    let (case, legs) = town.ready(2).await;
    town.select(&case, &legs[0], "", "").await.unwrap();
    let chosen = legs[0].institution_id.as_str();
    town.is_told_times(chosen, "intake.leg-selected.v1", 1).await;
    for times in [2, 3] {
        town.ground.clock().advance(TimeDelta::seconds(700));
        town.is_told_times(chosen, "intake.leg-selected.v1", times).await;
    }
    assert_eq!(town.times_told(&legs[1].institution_id, "intake.leg-selected.v1").await, 0);
    let view = town.view(&case).await;
    let kinds: Vec<&str> = view.deadlines.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["APPROVAL"], "that it is told again is nobody's deadline");
    assert_eq!(view.deadlines[0].due_at, view.header.unwrap().selection.unwrap().approve_by);
    assert!(town.row_kinds(&case).await.contains(&"CHOSEN".to_owned()));
    town.reply(&legs[0], approval(280_000_000, 400)).await;
    town.reaches(&case, CaseState::Approved).await;
    assert!(town.row_kinds(&case).await.is_empty(), "nobody is told any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_is_not_made_in_time_expires_the_case() {
    let mut town = town().await;
    let (case, legs) = town.ready(2).await;
    town.ground.clock().advance(TimeDelta::seconds(7_300));
    let view = town.reaches(&case, CaseState::Expired).await;
    assert_eq!(view.header.unwrap().reasons, ["SELECTION_TIMEOUT"]);
    assert!(view.deadlines.is_empty());
    assert_eq!(town.states(&case).await, ["RELEASED", "RELEASED"]);
    for leg in &legs {
        town.is_told(&leg.institution_id, "intake.leg-closed.v1").await;
    }
    let refused = town.select(&case, &legs[0], "", "").await.unwrap_err();
    assert_eq!(reason(&refused), "CASE_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_that_run_out_before_the_time_to_choose_end_the_case_with_the_last_of_them() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let leg = town.reaches(&case, CaseState::Collecting).await.legs.remove(0);
    let soon = kernel::Clock::now(town.ground.clock()) + TimeDelta::seconds(600);
    town.reply(&leg, Reply::Offer(wire::Offer { valid_until: Some(timestamp(soon)), ..terms(1, 400) })).await;
    town.reaches(&case, CaseState::OffersReady).await;
    // A better offer that lasts longer moves the end.
    let later = soon + TimeDelta::seconds(600);
    town.reply(&leg, Reply::Offer(wire::Offer { valid_until: Some(timestamp(later)), ..terms(2, 390) }))
        .await;
    town.is_told(&leg.institution_id, "intake.reply-superseded.v1").await;
    town.ground.clock().advance(TimeDelta::seconds(700));
    testkit::eventually(crate::support::LIMIT, || {
        let (mut client, case_id) = (town.client.clone(), case.case_id.clone());
        async move {
            let key = Some(wire::get_case_request::Key::CaseId(case_id));
            let view = client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner();
            let due = view.deadlines.first().and_then(|deadline| deadline.due_at).map(|due| due.seconds);
            (due == Some(later.timestamp())).then_some(()).ok_or(view.deadlines)
        }
    })
    .await;
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(CaseState::OffersReady));
    town.ground.clock().advance(TimeDelta::seconds(700));
    let view = town.reaches(&case, CaseState::Expired).await;
    assert_eq!(view.header.unwrap().reasons, ["OFFERS_EXPIRED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_taken_back_is_gone_and_the_last_one_taken_back_ends_the_case() {
    let mut town = town().await;
    let (case, legs) = town.ready(2).await;
    town.reply(&legs[0], Reply::TakenBack(partner::OfferTakenBack {})).await;
    town.is_told(&legs[0].institution_id, "intake.leg-closed.v1").await;
    assert_eq!(town.offers(&case).await.offers.len(), 1);
    assert_eq!(reason(&town.select(&case, &legs[0], "", "").await.unwrap_err()), "OFFER_NOT_STANDING");
    // Once chosen, an offer binds.
    town.select(&case, &legs[1], "", "").await.unwrap();
    town.reply(&legs[1], Reply::TakenBack(partner::OfferTakenBack {})).await;
    town.is_told(&legs[1].institution_id, "intake.reply-refused.v1").await;
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(CaseState::Selected));

    let (case, legs) = town.ready(1).await;
    town.reply(&legs[0], Reply::TakenBack(partner::OfferTakenBack {})).await;
    town.reaches(&case, CaseState::Expired).await;
    assert_eq!(town.states(&case).await, ["WITHDRAWN_BY_INST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_seal_an_offer_taken_back_looks_like_any_answer() {
    let mut town = town().await;
    let case = town.submit(application(3)).await;
    let legs = town.reaches(&case, CaseState::Collecting).await.legs;
    town.reply(&legs[0], offer(1, 400)).await;
    town.reply(&legs[1], decline(1)).await;
    for leg in &legs[..2] {
        town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    }
    town.reply(&legs[0], Reply::TakenBack(partner::OfferTakenBack {})).await;
    town.is_told(&legs[0].institution_id, "intake.leg-closed.v1").await;
    let view = town.view(&case).await;
    let shown = |at: usize| view.legs.iter().find(|leg| leg.leg_id == legs[at].leg_id).unwrap();
    assert_eq!(shown(0).progress, shown(1).progress);
    assert_eq!((shown(0).state, shown(1).state), (0, 0));
    let request = wire::ListTimelineRequest { case_id: case.case_id.clone() };
    let entries = town.client.list_timeline(request).await.unwrap().into_inner().entries;
    assert!(!entries.iter().any(|entry| entry.kind == "LEG_ANSWER_TAKEN_BACK"));
    // The round goes on, and nothing of the offer is left at its end.
    town.reply(&legs[2], decline(1)).await;
    town.reaches(&case, CaseState::NoOffer).await;
}

/// What a bank is told of a better offer is the same whether a rival was chosen or nobody was.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_bank_cannot_tell_by_its_own_replies_that_a_rival_was_chosen() {
    let mut told = Vec::new();
    for chosen in [false, true] {
        let mut town = town().await;
        let (case, legs) = town.ready(2).await;
        if chosen {
            town.select(&case, &legs[1], "", "").await.unwrap();
        }
        town.reply(&legs[0], offer(2, 390)).await;
        town.is_told(&legs[0].institution_id, "intake.reply-superseded.v1").await;
        town.reply(&legs[0], offer(2, 380)).await;
        town.is_told(&legs[0].institution_id, "intake.reply-refused.v1").await;
        town.ground.clock().advance(TimeDelta::seconds(3_590));
        town.reply(&legs[0], offer(3, 370)).await;
        testkit::eventually(crate::support::LIMIT, || async {
            let told = town.told(&legs[0].institution_id).await;
            (told.len() == 7).then_some(()).ok_or(told)
        })
        .await;
        // The two fates of one reply may overtake each other.
        let mut kinds = town.told(&legs[0].institution_id).await;
        kinds.sort();
        told.push(kinds);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_withdrawn_in_every_state_before_contracting_with_all_its_legs() {
    for state in [CaseState::OffersReady, CaseState::Selected, CaseState::Approved] {
        let mut town = town().await;
        let (case, legs) = town.ready(2).await;
        if state != CaseState::OffersReady {
            town.select(&case, &legs[0], "", "").await.unwrap();
        }
        if state == CaseState::Approved {
            town.reply(&legs[0], approval(280_000_000, 400)).await;
            town.reaches(&case, state).await;
        }
        let withdrawn = town.withdraw(&case).await;
        assert_eq!(withdrawn.state, i32::from(CaseState::Withdrawn), "{state:?}");
        assert_eq!(town.states(&case).await, ["RELEASED", "RELEASED"], "{state:?}");
        for leg in &legs {
            town.is_told(&leg.institution_id, "intake.leg-closed.v1").await;
        }
        assert!(town.waits_for(&case).await.is_empty());
        town.reply(&legs[0], approval(280_000_000, 400)).await;
        town.is_told(&legs[0].institution_id, "intake.reply-late.v1").await;
        assert_eq!(town.withdraw(&case).await.version, town.view(&case).await.header.unwrap().version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_consent_withdraws_a_case_in_every_state() {
    let mut town = town().await;
    let mut cases = Vec::new();
    for state in [CaseState::OffersReady, CaseState::Selected, CaseState::Approved] {
        let (case, legs) = town.ready(1).await;
        if state != CaseState::OffersReady {
            town.select(&case, &legs[0], "", "").await.unwrap();
        }
        if state == CaseState::Approved {
            town.reply(&legs[0], approval(280_000_000, 400)).await;
        }
        town.reaches(&case, state).await;
        cases.push((case, legs));
    }
    let revoked = whitelist::ConsentRevoked { consent_id: ACTIVE_CONSENT.to_owned(), ..Default::default() };
    let leg = cases[0].1[0].clone();
    town.send("whitelist.consent-revoked.v1", message(), &leg, revoked.encode_to_vec()).await;
    for (case, _) in &cases {
        let view = town.reaches(case, CaseState::Withdrawn).await;
        assert_eq!(view.header.unwrap().reasons, ["CONSENT_REVOKED"]);
        assert!(view.deadlines.is_empty());
        assert_eq!(town.states(case).await, ["RELEASED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_without_an_offer_that_nobody_takes_up_ends() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let leg = town.reaches(&case, CaseState::Collecting).await.legs.remove(0);
    assert_eq!(leg.institution_id, bank(1).to_string());
    town.reply(&leg, decline(3)).await;
    let view = town.reaches(&case, CaseState::NoOffer).await;
    assert_eq!(view.deadlines[0].kind, "NO_OFFER");
    town.ground.clock().advance(TimeDelta::seconds(7_300));
    let view = town.reaches(&case, CaseState::Rejected).await;
    assert_eq!(view.header.unwrap().reasons, ["NO_OFFER_LAPSED"]);
    assert!(view.deadlines.is_empty());
    let fact: wire::CaseRejected = town.fact("intake.case-rejected.v1").await;
    assert_eq!(fact.reasons, ["NO_OFFER_LAPSED"]);
}
