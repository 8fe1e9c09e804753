//! The second wave: cover is asked of insurance, waited for, compared, chosen, bound and lost.

use chrono::TimeDelta;
use partner::reply_submitted::Reply;
use prost::Message as _;
use proto::{
    common::v1 as common,
    insurance::v1 as insurance,
    intake::v1::{self as wire, dossier_service_client::DossierServiceClient},
    partner::v1 as partner,
};
use rpc::Actor;
use uuid::Uuid;
use wire::CaseState;

use crate::{
    choice::approval,
    support::{LIMIT, Town, application, bank, covered, far, offer, reason, town},
};

const INSURER: u128 = 701;

fn option(leg: u128, rate: i32) -> insurance::CoverOption {
    insurance::CoverOption {
        leg_id: Uuid::from_u128(leg).to_string(),
        institution_id: bank(leg - 100).to_string(),
        role: 2,
        kind: 2,
        amount_fen: 280_000_000,
        max_term_months: 12,
        coverage_bp: 8_000,
        annual_rate_bp: rate,
        min_cost_fen: 0,
        cost_fen: 280_000_000 / 10_000 * 8 / 10 * i64::from(rate),
        valid_until: Some(far()),
    }
}

async fn quoted(town: &Town, case: &wire::CaseHeader, options: Vec<insurance::CoverOption>) {
    let body = insurance::CoverQuoted { case_id: case.case_id.clone(), round: 1, options, legs: Vec::new() };
    town.insurance("insurance.cover-quoted.v1", case, &body).await;
}

async fn released(town: &Town, case: &wire::CaseHeader, leg: u128) {
    let summary = common::LegSummary {
        role: 2,
        institution_id: bank(leg - 100).to_string(),
        state: i32::from(common::LegState::Released),
        ..common::LegSummary::default()
    };
    let mut body = insurance::CoverReleased::default();
    body.legs.push(summary);
    body.case_id.clone_from(&case.case_id);
    body.round = 1;
    body.cause = "COVER_REFUSED".to_owned();
    town.insurance("insurance.cover-released.v1", case, &body).await;
}

async fn bound(town: &Town, case: &wire::CaseHeader, leg: u128) {
    let body = insurance::CoverBound {
        case_id: case.case_id.clone(),
        round: 1,
        leg_id: Uuid::from_u128(leg).to_string(),
        legs: Vec::new(),
    };
    town.insurance("insurance.cover-bound.v1", case, &body).await;
}

/// A case whose first wave has closed with one offer that calls for cover, and one that does not.
async fn waiting(town: &mut Town) -> (wire::CaseHeader, Vec<wire::LegView>) {
    let case = town.submit(application(2)).await;
    let mut legs = town.reaches(&case, CaseState::Collecting).await.legs;
    legs.sort_by_key(|leg| leg.institution_id.clone());
    town.reply(&legs[0], covered(1, 300)).await;
    town.reply(&legs[1], offer(1, 500)).await;
    town.fact::<wire::CoverRequested>("intake.cover-requested.v1").await;
    (case, legs)
}

/// The same at OFFERS_READY, with two covers.
async fn covered_case(town: &mut Town) -> (wire::CaseHeader, Vec<wire::LegView>) {
    let (case, legs) = waiting(town).await;
    quoted(town, &case, vec![option(INSURER, 100), option(INSURER + 1, 60)]).await;
    town.reaches(&case, CaseState::OffersReady).await;
    (case, legs)
}

fn cover(leg: u128) -> String {
    Uuid::from_u128(leg).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_calls_for_cover_is_compared_with_every_cover_that_fits() {
    let mut town = town().await;
    let (case, legs) = waiting(&mut town).await;
    let asked: wire::CoverRequested = town.fact("intake.cover-requested.v1").await;
    assert_eq!((asked.case_id.as_str(), asked.round, asked.kinds), (case.case_id.as_str(), 1, vec![2]));
    assert_eq!((asked.amount_fen, asked.term_months, asked.park.as_str()), (280_000_000, 12, "JY-GX"));
    assert_eq!(asked.recipient_institution_ids.len(), 50);
    let closed: wire::CaseWaveClosed = town.fact("intake.case-wave-closed.v1").await;
    assert_eq!((closed.wave, closed.legs.len()), (1, 2));
    let view = town.view(&case).await;
    let header = view.header.unwrap();
    assert_eq!((header.state, header.wave), (i32::from(CaseState::Collecting), 2));
    assert_eq!(view.deadlines.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["COVER"]);
    let list = wire::ListOffersRequest { case_id: case.case_id.clone() };
    assert_eq!(reason(&town.client.list_offers(list).await.unwrap_err()), "OFFERS_SEALED", "wave 2 too");

    let small = insurance::CoverOption { amount_fen: 1, ..option(INSURER + 2, 1) };
    quoted(&town, &case, vec![option(INSURER, 100), option(INSURER + 1, 60), small]).await;
    town.reaches(&case, CaseState::OffersReady).await;
    let offers = town.offers(&case).await;
    assert_eq!(offers.covers.len(), 3);
    assert_eq!(offers.offers[0].leg_id, legs[0].leg_id, "3 % with cover is cheaper than 5 % without");
    let ways: Vec<&str> = offers.offers[0].ways.iter().map(|way| way.cover_leg_id.as_str()).collect();
    assert_eq!(ways, [cover(INSURER + 1), cover(INSURER)]);
    let cost = offers.offers[0].cost.unwrap();
    // 2.8 m × 3 % of a bank that counts 365 days, each of five periods rounded, and 2.8 m × 80 % × 0.6 %.
    assert!((8_399_997..=8_400_003).contains(&cost.interest_fen), "{}", cost.interest_fen);
    assert_eq!((cost.cover_fen, cost.total_fen), (1_344_000, cost.interest_fen + 1_344_000));
    assert!(cost.apr_bp > 300 && cost.apr_bp < 500, "{}", cost.apr_bp);
    // Half of the interest is given back, but not more than 40,000 yuan.
    assert_eq!((cost.subsidies_fen, cost.net_total_fen), (4_000_000, cost.total_fen - 4_000_000));
    assert!(cost.net_apr_bp > 200 && cost.net_apr_bp < cost.apr_bp - 100, "{}", cost.net_apr_bp);
    // 2.8 m × 5 % × 365 / 360 of a bank that counts 360.
    let other = offers.offers[1].cost.unwrap();
    assert!((14_194_441..=14_194_447).contains(&other.interest_fen), "{}", other.interest_fen);
    assert_eq!(offers.paid_out_on.len(), 10, "{}", offers.paid_out_on);
    assert_eq!(offers.offers[1].ways.len(), 1);
    assert_eq!(offers.offers[1].ways[0].cover_leg_id, "");

    let none = town.select(&case, &legs[0], "", "").await.unwrap_err();
    assert_eq!(reason(&none), "COVER_REQUIRED");
    let small = town.select(&case, &legs[0], &cover(INSURER + 2), "").await.unwrap_err();
    assert_eq!(reason(&small), "COVER_TOO_SMALL");
    let selected = town.select(&case, &legs[0], &cover(INSURER), "").await.unwrap();
    assert_eq!(selected.selection.unwrap().cover_leg_id, cover(INSURER));
    let fact: wire::CaseSelected = town.fact("intake.case-selected.v1").await;
    assert_eq!(fact.cover_leg_id, cover(INSURER));

    // Bound before the approval here, after it in another case.
    bound(&town, &case, INSURER).await;
    town.shows(&case, "COVER_BOUND").await;
    town.reply(&legs[0], approval(280_000_000, 300)).await;
    let view = town.reaches(&case, CaseState::Approved).await;
    assert!(view.header.unwrap().selection.unwrap().cover_bound);
    let fact: wire::CaseApproved = town.fact("intake.case-approved.v1").await;
    assert!(fact.cover);
    assert_eq!(fact.cover_leg_id, cover(INSURER));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_cover_that_was_lost_is_made_again_and_given_up_at_last() {
    let mut town = town().await;
    let (case, legs) = waiting(&mut town).await;
    town.ground.clock().advance(TimeDelta::seconds(610));
    testkit::eventually(LIMIT, || async {
        let asked = town.facts::<wire::CoverRequested>("intake.cover-requested.v1").await;
        if asked.len() == 2 { Ok(()) } else { Err(asked.len()) }
    })
    .await;
    let asked = town.facts::<wire::CoverRequested>("intake.cover-requested.v1").await;
    assert_eq!(asked[0], asked[1]);
    town.ground.clock().advance(TimeDelta::seconds(6_700));
    town.reaches(&case, CaseState::OffersReady).await;
    let offers = town.offers(&case).await;
    assert_eq!(offers.offers[0].leg_id, legs[1].leg_id, "what cannot be taken comes last");
    assert!(offers.offers[1].cover_missing && offers.offers[1].ways.is_empty());
    // The answer comes after all: it is taken, however late, and once.
    quoted(&town, &case, vec![option(INSURER, 100)]).await;
    town.shows(&case, "COVER_QUOTED").await;
    assert!(!town.offers(&case).await.offers[0].cover_missing);
    let version = town.view(&case).await.header.unwrap().version;
    town.ground.clock().advance(TimeDelta::seconds(1));
    quoted(&town, &case, Vec::new()).await;
    testkit::eventually(LIMIT, || {
        let (mut client, case_id) = (town.client.clone(), case.case_id.clone());
        async move {
            let list = wire::ListOffersRequest { case_id };
            let covers = client.list_offers(list).await.unwrap().into_inner().covers;
            covers.is_empty().then_some(()).ok_or(covers)
        }
    })
    .await;
    assert_eq!(
        town.view(&case).await.header.unwrap().version,
        version,
        "the newest list is a list, no event"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cover_at_all_is_an_answer() {
    let mut town = town().await;
    let (case, _) = waiting(&mut town).await;
    quoted(&town, &case, Vec::new()).await;
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.waits_for(&case).await, ["SELECTION"]);
    assert!(town.offers(&case).await.offers[1].cover_missing);
}

#[tokio::test(flavor = "multi_thread")]
async fn cover_asked_at_once_goes_out_with_the_legs_and_both_are_waited_for() {
    let mut town = town().await;
    let wanted = wire::Application { cover_at_once: true, ..application(1) };
    let case = town.submit(wanted).await;
    let legs = town.reaches(&case, CaseState::Collecting).await.legs;
    let asked: wire::CoverRequested = town.fact("intake.cover-requested.v1").await;
    assert_eq!((asked.amount_fen, asked.kinds), (300_000_001, vec![2, 3, 4]));
    quoted(&town, &case, vec![option(INSURER, 100)]).await;
    town.shows(&case, "COVER_QUOTED").await;
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(CaseState::Collecting));
    town.reply(&legs[0], covered(1, 300)).await;
    town.reaches(&case, CaseState::OffersReady).await;
    assert!(!town.offers(&case).await.offers[0].cover_missing);
    assert_eq!(town.facts::<wire::CoverRequested>("intake.cover-requested.v1").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cover_that_is_refused_after_the_choice_opens_it_again_and_the_banks_offer_stands() {
    let mut town = town().await;
    let (case, legs) = covered_case(&mut town).await;
    town.select(&case, &legs[0], &cover(INSURER), "").await.unwrap();
    released(&town, &case, INSURER).await;
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.states(&case).await, ["OFFERED", "OFFERED"]);
    town.is_told(&legs[0].institution_id, "intake.leg-unselected.v1").await;
    let fact: wire::CaseReopened = town.fact("intake.case-reopened.v1").await;
    assert_eq!((fact.cause.as_str(), fact.cover), ("COVER_REFUSED", true));
    let gone = town.select(&case, &legs[0], &cover(INSURER), "").await.unwrap_err();
    assert_eq!(reason(&gone), "OFFER_NOT_STANDING");
    // A repeated list does not bring it back.
    town.ground.clock().advance(TimeDelta::seconds(1));
    quoted(&town, &case, vec![option(INSURER, 100), option(INSURER + 1, 60)]).await;
    town.select(&case, &legs[0], &cover(INSURER + 1), "").await.unwrap();
    let gone = town.offers(&case).await.covers;
    assert!(!gone.iter().any(|one| one.leg_id == cover(INSURER)));

    // After the bank's approval it is for a person to act.
    town.reply(&legs[0], approval(280_000_000, 300)).await;
    town.reaches(&case, CaseState::Approved).await;
    bound(&town, &case, INSURER + 1).await;
    town.shows(&case, "COVER_BOUND").await;
    released(&town, &case, INSURER + 1).await;
    town.shows(&case, "COVER_LOST").await;
    let header = town.view(&case).await.header.unwrap();
    assert_eq!(header.state, i32::from(CaseState::Approved));
    let selection = header.selection.unwrap();
    assert_eq!((selection.cover_bound, selection.cover_lost), (false, true));
    // Told again, and in another order: it stays lost, once, and operations are told of it.
    let version = header.version;
    bound(&town, &case, INSURER + 1).await;
    released(&town, &case, INSURER + 1).await;
    released(&town, &case, INSURER).await;
    all_is_taken(&town, &case).await;
    assert_eq!(town.view(&case).await.header.unwrap().version, version);
    let mut conn = town.ground.pool(&intake::ROLE).acquire().await.unwrap();
    assert_eq!(intake::store::cases::cover_lost(&mut conn).await.unwrap(), 1);
    town.withdraw(&case).await;
    assert_eq!(intake::store::cases::cover_lost(&mut conn).await.unwrap(), 0);
}

/// Everything that insurance told before has been taken: what it tells now has.
async fn all_is_taken(town: &Town, case: &wire::CaseHeader) {
    quoted(town, case, vec![option(INSURER + 2, 90)]).await;
    testkit::eventually(LIMIT, || {
        let (mut client, case_id) = (town.client.clone(), case.case_id.clone());
        async move {
            let list = wire::ListOffersRequest { case_id };
            let covers = client.list_offers(list).await.unwrap().into_inner().covers;
            covers.iter().any(|one| one.leg_id == cover(INSURER + 2)).then_some(()).ok_or(covers)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawal_and_expiry_tell_insurance_that_it_has_something_to_undo() {
    let mut town = town().await;
    let (case, _) = waiting(&mut town).await;
    town.withdraw(&case).await;
    let fact: wire::CaseWithdrawn = town.fact("intake.case-withdrawn.v1").await;
    assert_eq!((fact.cover, fact.round), (true, 1));
    // What insurance says now changes nothing.
    quoted(&town, &case, vec![option(INSURER, 100)]).await;
    bound(&town, &case, INSURER).await;
    released(&town, &case, INSURER).await;
    let (other, _) = covered_case_again(&mut town).await;
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(CaseState::Withdrawn));
    town.ground.clock().advance(TimeDelta::seconds(7_300));
    town.reaches(&other, CaseState::Expired).await;
    let fact: wire::CaseExpired = town.fact("intake.case-expired.v1").await;
    assert!(fact.cover);
}

async fn covered_case_again(town: &mut Town) -> (wire::CaseHeader, Vec<wire::LegView>) {
    let case = town.submit(application(1)).await;
    let legs = town.reaches(&case, CaseState::Collecting).await.legs;
    town.reply(&legs[0], covered(1, 300)).await;
    town.shows(&case, "COVER_REQUESTED").await;
    quoted(town, &case, vec![option(INSURER + 10, 100)]).await;
    town.reaches(&case, CaseState::OffersReady).await;
    (case, legs)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_offer_taken_back_in_the_second_wave_ends_the_round() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let leg = town.reaches(&case, CaseState::Collecting).await.legs.remove(0);
    town.reply(&leg, covered(1, 300)).await;
    town.shows(&case, "COVER_REQUESTED").await;
    town.reply(&leg, Reply::TakenBack(partner::OfferTakenBack {})).await;
    let view = town.reaches(&case, CaseState::NoOffer).await;
    assert_eq!(view.deadlines.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["NO_OFFER"]);
    let fact: wire::CaseNoOffer = town.fact("intake.case-no-offer.v1").await;
    assert!(fact.cover);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_reads_its_own_reading_from_when_cover_was_asked_until_the_round_is_over() {
    let mut town = town().await;
    let (case, _) = waiting(&mut town).await;
    let channel = town.ground.channel(&intake::ROLE, Actor::Role("insurance".to_owned()));
    let mut dossiers = DossierServiceClient::new(channel);
    let ask = |role: i32, institution| wire::GetRoleDossierRequest {
        case_id: case.case_id.clone(),
        round: 1,
        role,
        institution_id: bank(institution).to_string(),
    };
    let read = dossiers.get_role_dossier(ask(2, INSURER - 100)).await.unwrap().into_inner();
    let dossier = wire::Dossier::decode(read.dossier.as_slice()).unwrap();
    assert_eq!((dossier.cover_kinds, dossier.grade), (vec![2], 2));
    let codes: Vec<&str> = dossier.documents.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["D01", "D03", "D04", "D05", "D06", "D07"], "no personal identifiers");
    assert!(dossiers.get_role_dossier(ask(3, INSURER - 100)).await.is_ok());
    let bank_role = dossiers.get_role_dossier(ask(1, 1)).await.unwrap_err();
    assert_eq!(bank_role.code(), tonic::Code::InvalidArgument);
    // The consent does not name the second bank.
    assert_eq!(reason(&dossiers.get_role_dossier(ask(2, 2)).await.unwrap_err()), "CONSENT_REVOKED");
    town.withdraw(&case).await;
    let ended = dossiers.get_role_dossier(ask(2, INSURER - 100)).await.unwrap_err();
    assert_eq!(reason(&ended), "CASE_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn cover_is_bound_after_the_approval_too_and_what_was_not_chosen_concerns_nobody() {
    let mut town = town().await;
    let (case, legs) = covered_case(&mut town).await;
    town.select(&case, &legs[0], &cover(INSURER), "").await.unwrap();
    town.reply(&legs[0], approval(280_000_000, 300)).await;
    let view = town.reaches(&case, CaseState::Approved).await;
    assert!(!view.header.unwrap().selection.unwrap().cover_bound);
    bound(&town, &case, INSURER).await;
    town.shows(&case, "COVER_BOUND").await;
    let version = town.view(&case).await.header.unwrap().version;
    // Twice, and for a leg that was not chosen: nothing more happens.
    bound(&town, &case, INSURER).await;
    bound(&town, &case, INSURER + 1).await;
    released_after(&town, &case).await;
    assert_eq!(town.view(&case).await.header.unwrap().version, version);
    let withdrawn = town.withdraw(&case).await;
    assert_eq!(withdrawn.state, i32::from(CaseState::Withdrawn));
    let fact: wire::CaseWithdrawn = town.fact("intake.case-withdrawn.v1").await;
    assert!(fact.cover, "insurance releases what is bound");
}

/// Insurance releases what was not chosen, and this has been taken.
async fn released_after(town: &Town, case: &wire::CaseHeader) {
    let summary = common::LegSummary {
        role: 2,
        institution_id: bank(INSURER + 1 - 100).to_string(),
        state: i32::from(common::LegState::Released),
        ..common::LegSummary::default()
    };
    let mut body = insurance::CoverReleased::default();
    body.legs.push(summary);
    body.case_id.clone_from(&case.case_id);
    body.round = 1;
    body.cause = "NOT_CHOSEN".to_owned();
    town.insurance("insurance.cover-released.v1", case, &body).await;
    testkit::eventually(LIMIT, || {
        let (mut client, case_id) = (town.client.clone(), case.case_id.clone());
        async move {
            let list = wire::ListOffersRequest { case_id };
            let covers = client.list_offers(list).await.unwrap().into_inner().covers;
            (covers.len() == 1).then_some(()).ok_or(covers)
        }
    })
    .await;
}
