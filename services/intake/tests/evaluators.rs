//! Evaluators beside the banks: asked, compared, chosen, engaged, and what they deliver.

use chrono::{DateTime, TimeDelta, Utc};
use intake::ROLE;
use partner::reply_submitted::Reply;
use prost::Message as _;
use proto::{
    common::v1::{self as common, LegState},
    intake::v1::{self as wire, dossier_service_client::DossierServiceClient},
    partner::v1 as partner,
};
use rpc::Actor;
use wire::CaseState;

use crate::{
    choice::approval,
    support::{
        ACTIVE_CONSENT, SETTINGS, Town, UNKNOWN, WIDE_CONSENT, application, bank, decline, evaluator, id,
        offer, quote, reason, town,
    },
};

fn wide(banks: i64) -> wire::Application {
    wire::Application { consent_id: WIDE_CONSENT.to_owned(), ..application(banks) }
}

fn confirmed() -> Reply {
    Reply::Confirmed(partner::Confirmed { document_no: "委2022-7".to_owned() })
}

fn report(total: i64, fee: i64, number: &str) -> Reply {
    Reply::Report(wire::ValuationReport {
        report_no: "评2022-7".to_owned(),
        licence_no: "证2020-1".to_owned(),
        signers: 2,
        base_date: "2022-09-01".to_owned(),
        methods: vec![1],
        values: vec![wire::AssetValue { number: number.to_owned(), value_fen: total }],
        total_fen: total,
        valid_until: "2023-08-31".to_owned(),
        fee_fen: fee,
        document: Some(common::DocumentRef {
            code: "D11".to_owned(),
            document_id: "store/11".to_owned(),
            sha256: vec![7; 32],
        }),
    })
}

/// One bank and two evaluators at OFFERS_READY: quotes of 900 and 500 yuan.
async fn valued(town: &mut Town) -> (wire::CaseHeader, [wire::LegView; 3]) {
    let case = town.submit(wide(1)).await;
    town.reaches(&case, CaseState::Collecting).await;
    let legs = [
        town.leg_of(&case, bank(1)).await,
        town.leg_of(&case, evaluator(1)).await,
        town.leg_of(&case, evaluator(2)).await,
    ];
    town.reply(&legs[1], quote(90_000)).await;
    town.reply(&legs[2], quote(50_000)).await;
    for leg in &legs[1..] {
        town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    }
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(CaseState::Collecting));
    town.reply(&legs[0], offer(1, 400)).await;
    town.reaches(&case, CaseState::OffersReady).await;
    (case, legs)
}

/// What statistics is told of these legs beside the facts of their case: exactly so many times.
async fn legs_told(town: &Town, legs: &[wire::LegView; 3], times: usize) -> Vec<[LegState; 3]> {
    let told = testkit::eventually(crate::support::LIMIT, || async {
        let told = town.facts::<wire::CaseLegsChanged>("intake.case-legs-changed.v1").await;
        if told.len() == times { Ok(told) } else { Err(told) }
    })
    .await;
    let state = |told: &wire::CaseLegsChanged, leg: &wire::LegView| {
        assert_eq!((told.round, told.legs.len()), (1, legs.len()));
        told.legs.iter().find(|one| one.institution_id == leg.institution_id).unwrap().state()
    };
    told.iter().map(|told| legs.each_ref().map(|leg| state(told, leg))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluators_are_asked_with_the_banks_and_read_what_a_valuation_needs() {
    let mut town = town().await;
    let case = town.submit(wide(1)).await;
    let legs = town.reaches(&case, CaseState::Collecting).await.legs;
    assert_eq!(legs.len(), 3, "both evaluators and the bank");
    let leg = town.leg_of(&case, evaluator(1)).await;
    assert_eq!((leg.product_id.as_str(), leg.product_version), ("", 0));
    let channel = town.ground.channel(&intake::ROLE, Actor::Role("partner".to_owned()));
    let request =
        wire::GetDossierRequest { leg_id: leg.leg_id.clone(), institution_id: evaluator(1).to_string() };
    let read = DossierServiceClient::new(channel).get_dossier(request).await.unwrap().into_inner();
    let dossier = wire::Dossier::decode(read.dossier.as_slice()).unwrap();
    assert_eq!((dossier.assets.len(), dossier.purpose.as_str()), (1, "购买原材料"));
    assert_eq!((dossier.amount_fen, dossier.grade, dossier.whitelisted), (0, 0, false));
    let codes: Vec<&str> = dossier.documents.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["D01", "D05", "D06", "D07"]);
    // An evaluator cannot offer, nor a bank value; insurance's answers belong elsewhere.
    town.reply(&leg, offer(1, 400)).await;
    town.is_told(&leg.institution_id, "intake.reply-refused.v1").await;
    let bank_leg = town.leg_of(&case, bank(1)).await;
    town.reply(&bank_leg, quote(1)).await;
    town.is_told(&bank_leg.institution_id, "intake.reply-refused.v1").await;
    assert_eq!(town.view(&case).await.header.unwrap().legs_answered, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_with_quotes_but_no_offer_has_no_offer_and_the_quotes_serve_the_next_one() {
    let mut town = town().await;
    let case = town.submit(wide(1)).await;
    town.reaches(&case, CaseState::Collecting).await;
    for number in [1, 2] {
        let leg = town.leg_of(&case, evaluator(number)).await;
        town.reply(&leg, if number == 1 { quote(90_000) } else { decline(1) }).await;
    }
    let leg = town.leg_of(&case, bank(1)).await;
    town.reply(&leg, decline(3)).await;
    town.reaches(&case, CaseState::NoOffer).await;
    // Given up, the quote that still stands is released too.
    let end =
        wire::GiveUpCaseRequest { request_id: id(), case_id: case.case_id.clone(), reason: String::new() };
    town.client.give_up_case(end).await.unwrap();
    let mut states = town.states(&case).await;
    states.sort();
    assert_eq!(states, ["DECLINED", "DECLINED", "RELEASED"]);
    let told: wire::CaseRejected = town.fact("intake.case-rejected.v1").await;
    let mut states: Vec<LegState> = told.legs.iter().map(common::LegSummary::state).collect();
    states.sort();
    assert_eq!((told.round, states), (1, vec![LegState::Declined, LegState::Declined, LegState::Released]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cheapest_valuation_is_in_the_cost_and_a_chosen_evaluator_delivers() {
    let mut town = town().await;
    let (case, legs) = valued(&mut town).await;
    let offers = town.offers(&case).await;
    let fees: Vec<i64> = offers.valuations.iter().map(|one| one.quote.clone().unwrap().fee_fen).collect();
    assert_eq!(fees, [50_000, 90_000]);
    assert_eq!(offers.offers[0].cost.unwrap().valuation_fen, 50_000);
    town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
    town.is_told(&legs[1].institution_id, "intake.leg-selected.v1").await;

    // Who was not chosen has nothing to deliver.
    town.reply(&legs[2], report(1_000, 50_000, "202210123456.1")).await;
    town.is_told(&legs[2].institution_id, "intake.reply-refused.v1").await;
    town.reply(&legs[1], confirmed()).await;
    town.shows(&case, "EVALUATOR_ENGAGED").await;
    // Dearer than quoted; of another asset.
    for wrong in [report(1_000, 90_001, "202210123456.1"), report(1_000, 90_000, "x")] {
        town.reply(&legs[1], wrong).await;
    }
    testkit::eventually(crate::support::LIMIT, || async {
        let told = town.told(&legs[1].institution_id).await;
        (told.iter().filter(|kind| *kind == "intake.reply-refused.v1").count() == 2).then_some(()).ok_or(told)
    })
    .await;
    town.reply(&legs[0], approval(280_000_000, 400)).await;
    town.reaches(&case, CaseState::Approved).await;
    town.reply(&legs[1], report(123_456, 90_000, "202210123456.1")).await;
    town.shows(&case, "REPORT_DELIVERED").await;
    assert_eq!(town.states(&case).await, ["CONFIRMED", "FULFILLED", "RELEASED"]);
    // Statistics hears of what no fact of the case tells: before the approval and after it.
    assert_eq!(
        legs_told(&town, &legs, 2).await,
        [
            [LegState::Selected, LegState::Confirmed, LegState::Offered],
            [LegState::Confirmed, LegState::Fulfilled, LegState::Released],
        ]
    );
    let valuations = town.offers(&case).await.valuations;
    assert_eq!(valuations[0].report.clone().unwrap().total_fen, 123_456);
    assert!(town.row_kinds(&case).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_evaluator_that_never_confirms_is_told_again_and_then_let_go() {
    let mut town = town().await;
    let (case, legs) = valued(&mut town).await;
    town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
    let selection = town.view(&case).await.header.unwrap().selection.unwrap();
    town.is_told_times(&legs[1].institution_id, "intake.leg-selected.v1", 1).await;
    town.reply(&legs[0], approval(280_000_000, 400)).await;
    let view = town.reaches(&case, CaseState::Approved).await;
    let deadlines: Vec<_> = view.deadlines.iter().map(|one| (one.kind.as_str(), one.due_at)).collect();
    assert_eq!(deadlines, [("VALUATION", selection.approve_by)], "as long as the bank had");
    town.ground.clock().advance(TimeDelta::seconds(700));
    town.is_told_times(&legs[1].institution_id, "intake.leg-selected.v1", 2).await;
    assert_eq!(
        town.times_told(&legs[0].institution_id, "intake.leg-selected.v1").await,
        1,
        "it has answered"
    );
    assert_eq!(town.view(&case).await.header.unwrap().selection.unwrap().evaluator_leg_id, legs[1].leg_id);
    town.ground.clock().advance(TimeDelta::seconds(3_000));
    town.shows(&case, "EVALUATOR_LOST").await;
    town.is_told(&legs[1].institution_id, "intake.leg-closed.v1").await;
    let header = town.view(&case).await.header.unwrap();
    assert_eq!(header.state, i32::from(CaseState::Approved), "the case goes on without one");
    assert_eq!(header.selection.unwrap().evaluator_leg_id, "");
    assert_eq!(town.states(&case).await, ["CONFIRMED", "RELEASED", "RELEASED"]);
    assert!(town.row_kinds(&case).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_bank_and_evaluator_are_both_silent_the_choice_is_undone_and_the_quote_stands_again() {
    let mut town = town().await;
    let case = town.submit(wide(2)).await;
    town.reaches(&case, CaseState::Collecting).await;
    for number in [1, 2] {
        let leg = town.leg_of(&case, bank(number)).await;
        town.reply(&leg, offer(1, 400)).await;
        let leg = town.leg_of(&case, evaluator(number)).await;
        town.reply(&leg, quote(90_000)).await;
    }
    town.reaches(&case, CaseState::OffersReady).await;
    let (first, valuer) = (town.leg_of(&case, bank(1)).await, town.leg_of(&case, evaluator(1)).await);
    town.select(&case, &first, "", &valuer.leg_id).await.unwrap();
    town.ground.clock().advance(TimeDelta::seconds(3_700));
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.states(&case).await, ["RELEASED", "OFFERED", "OFFERED", "OFFERED"]);
    assert_eq!(town.row_kinds(&case).await, ["SELECTION"]);
}

/// Made for this test, for the days after `MONDAY`.
const TABLE: &str = "[[year]]\nyear = 2027\noff = [\"01-01\"]\non = []\nworking_days = 260\n";

/// A town on Tuesday 2027-01-05, which knows the working days of that year.
async fn town_in_january() -> Town {
    let mut town = town().await;
    let tuesday: DateTime<Utc> = "2027-01-05T04:00:00Z".parse().unwrap();
    town.ground.clock().advance(tuesday - Utc::now());
    let file = town.ground.file("days.toml", TABLE).display().to_string();
    let mut settings = SETTINGS.to_vec();
    settings.push(("ZHIRONG_CALENDAR_FILE", file.as_str()));
    town.roles.pop().unwrap().stop().await.unwrap();
    town.roles.push(town.ground.serve(&ROLE, &settings).await);
    town
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engaged_evaluator_has_the_working_days_that_it_quoted_and_a_report_after_them_is_shown_as_late() {
    let mut town = town_in_january().await;
    let (case, legs) = valued(&mut town).await;
    town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
    town.reply(&legs[1], confirmed()).await;
    town.shows(&case, "EVALUATOR_ENGAGED").await;
    town.reply(&legs[0], approval(280_000_000, 400)).await;
    let view = town.reaches(&case, CaseState::Approved).await;
    // Seven working days after the Tuesday: the end of the Thursday of the week after.
    let thursday = crate::support::timestamp("2027-01-14T15:59:59Z".parse().unwrap());
    let deadlines: Vec<_> = view.deadlines.iter().map(|one| (one.kind.as_str(), one.due_at)).collect();
    assert_eq!(deadlines, [("VALUATION", Some(thursday))]);
    let of = |valuations: Vec<wire::ValuationView>| {
        valuations.into_iter().find(|one| one.leg_id == legs[1].leg_id).unwrap()
    };
    assert_eq!(of(town.offers(&case).await.valuations).report_by, Some(thursday));

    town.ground.clock().advance(TimeDelta::days(10));
    town.shows(&case, "EVALUATOR_BREACHED").await;
    assert_eq!(town.states(&case).await, ["CONFIRMED", "BREACHED", "RELEASED"]);
    assert!(town.row_kinds(&case).await.is_empty());
    let shown = of(town.offers(&case).await.valuations);
    assert_eq!((shown.state, shown.report), (i32::from(common::LegState::Breached), None));
    assert_eq!(town.view(&case).await.header.unwrap().selection.unwrap().evaluator_leg_id, legs[1].leg_id);

    // What comes after all is judged as before, kept once, and stays late.
    town.reply(&legs[1], report(1_000, 90_001, "202210123456.1")).await;
    town.is_told_times(&legs[1].institution_id, "intake.reply-refused.v1", 1).await;
    town.reply(&legs[1], report(123_456, 90_000, "202210123456.1")).await;
    town.is_told(&legs[1].institution_id, "intake.reply-late.v1").await;
    town.shows(&case, "REPORT_DELIVERED").await;
    town.reply(&legs[1], report(1, 1, "202210123456.1")).await;
    town.is_told_times(&legs[1].institution_id, "intake.reply-refused.v1", 2).await;
    let shown = of(town.offers(&case).await.valuations);
    assert_eq!(shown.state, i32::from(common::LegState::Breached));
    assert_eq!(shown.report.unwrap().total_fen, 123_456);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_late_by_the_time_at_which_it_was_given_whoever_looks_first() {
    for (given, state, fate) in [
        ("2027-01-14T15:59:59Z", "FULFILLED", "intake.reply-accepted.v1"),
        ("2027-01-14T16:00:00Z", "BREACHED", "intake.reply-late.v1"),
    ] {
        let mut town = town_in_january().await;
        let (case, legs) = valued(&mut town).await;
        town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
        town.reply(&legs[1], confirmed()).await;
        town.shows(&case, "EVALUATOR_ENGAGED").await;
        // Its quote and its confirmation: told before what is counted below.
        town.is_told_times(&legs[1].institution_id, "intake.reply-accepted.v1", 2).await;
        let before = town.times_told(&legs[1].institution_id, fate).await;
        let delivered = report(123_456, 90_000, "202210123456.1");
        town.reply_at(&legs[1], delivered, given.parse().unwrap()).await;
        town.shows(&case, "REPORT_DELIVERED").await;
        town.is_told_times(&legs[1].institution_id, fate, before + 1).await;
        assert_eq!(town.states(&case).await, ["SELECTED", state, "OFFERED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_still_owed_when_the_case_ends_is_late_and_changes_nothing() {
    let mut town = town_in_january().await;
    let (case, legs) = valued(&mut town).await;
    town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
    town.reply(&legs[1], confirmed()).await;
    town.reply(&legs[0], approval(280_000_000, 400)).await;
    town.reaches(&case, CaseState::Approved).await;
    town.shows(&case, "EVALUATOR_ENGAGED").await;
    town.ground.clock().advance(TimeDelta::days(10));
    town.shows(&case, "EVALUATOR_BREACHED").await;
    town.withdraw(&case).await;
    town.reply(&legs[1], report(123_456, 90_000, "202210123456.1")).await;
    town.is_told(&legs[1].institution_id, "intake.reply-late.v1").await;
    assert_eq!(town.states(&case).await, ["RELEASED", "BREACHED", "RELEASED"]);
    assert_eq!(town.offers(&case).await, wire::ListOffersResponse::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_comes_too_late_is_kept_beside_the_others() {
    let mut town = town().await;
    let case = town.submit(wide(1)).await;
    town.reaches(&case, CaseState::Collecting).await;
    let leg = town.leg_of(&case, bank(1)).await;
    town.reply(&leg, offer(1, 400)).await;
    town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    town.ground.clock().advance(TimeDelta::seconds(3_700));
    town.reaches(&case, CaseState::OffersReady).await;
    let silent = town.leg_of(&case, evaluator(1)).await;
    town.reply(&silent, quote(90_000)).await;
    town.is_told(&silent.institution_id, "intake.reply-late.v1").await;
    let offers = town.offers(&case).await;
    assert!(offers.valuations.is_empty());
    let late = &offers.late_valuations[0];
    assert_eq!((offers.late_valuations.len(), late.leg_id.as_str()), (1, silent.leg_id.as_str()));
    assert_eq!(late.quote.clone().unwrap().fee_fen, 90_000);
    assert_eq!(offers.offers[0].cost.unwrap().valuation_fen, 0, "it is not in any cost");
    let refused = town.select(&case, &leg, "", &silent.leg_id).await.unwrap_err();
    assert_eq!(reason(&refused), "OFFER_NOT_STANDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_evaluator_that_refuses_leaves_the_choice_as_it_is() {
    let mut town = town().await;
    let (case, legs) = valued(&mut town).await;
    town.select(&case, &legs[0], "", &legs[1].leg_id).await.unwrap();
    town.reply(&legs[1], Reply::Refused(partner::DeclineGiven { reason: 1, text: String::new() })).await;
    town.shows(&case, "EVALUATOR_LOST").await;
    let header = town.view(&case).await.header.unwrap();
    assert_eq!(header.state, i32::from(CaseState::Selected));
    assert_eq!(header.selection.unwrap().evaluator_leg_id, "");
    assert_eq!(town.states(&case).await, ["SELECTED", "RELEASED", "OFFERED"]);
    let told = legs_told(&town, &legs, 1).await;
    assert_eq!(told, [[LegState::Selected, LegState::Released, LegState::Offered]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engaged_evaluator_stays_usable_when_the_bank_is_lost() {
    let mut town = town().await;
    let case = town.submit(wide(2)).await;
    town.reaches(&case, CaseState::Collecting).await;
    for number in [1, 2] {
        let leg = town.leg_of(&case, bank(number)).await;
        town.reply(&leg, offer(1, 400)).await;
        let leg = town.leg_of(&case, evaluator(number)).await;
        town.reply(&leg, quote(90_000)).await;
    }
    town.reaches(&case, CaseState::OffersReady).await;
    let (first, second) = (town.leg_of(&case, bank(1)).await, town.leg_of(&case, bank(2)).await);
    let valuer = town.leg_of(&case, evaluator(1)).await;
    town.select(&case, &first, "", &valuer.leg_id).await.unwrap();
    town.reply(&valuer, confirmed()).await;
    town.shows(&case, "EVALUATOR_ENGAGED").await;
    town.ground.clock().advance(TimeDelta::seconds(3_700));
    town.reaches(&case, CaseState::OffersReady).await;
    assert_eq!(town.states(&case).await, ["RELEASED", "OFFERED", "CONFIRMED", "OFFERED"]);
    town.select(&case, &second, "", &valuer.leg_id).await.unwrap();
    town.reply(&second, approval(280_000_000, 400)).await;
    town.reaches(&case, CaseState::Approved).await;
    assert_eq!(town.states(&case).await, ["RELEASED", "CONFIRMED", "CONFIRMED", "RELEASED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_before_anybody_is_asked() {
    let mut town = town().await;
    let preview = |application| wire::PreviewPlanRequest { application: Some(application) };
    let mut early = wide(2);
    early.documents.clear();
    let plan = town.client.preview_plan(preview(early)).await.unwrap().into_inner();
    let roles: Vec<i32> = plan.legs.iter().map(|leg| leg.role).collect();
    assert_eq!(roles, [1, 1, 5, 5]);
    assert_eq!(plan.legs[0].reasons, ["AMOUNT_IN_RANGE"]);
    assert_eq!(plan.not_asked[0].reasons, ["AMOUNT_ABOVE_MAX"]);
    assert!(plan.whitelisted && plan.may_need_cover && plan.held.is_empty());

    let narrow = wire::Application { enhancement: vec![1], ..application(1) };
    assert_eq!(narrow.consent_id, ACTIVE_CONSENT);
    let plan = town.client.preview_plan(preview(narrow)).await.unwrap().into_inner();
    assert_eq!(plan.legs.len(), 1);
    assert!(!plan.may_need_cover);
    let unnamed = plan.not_asked.iter().filter(|one| one.reasons == ["CONSENT_RECIPIENT_NOT_NAMED"]).count();
    assert_eq!(unnamed, 2, "the evaluators");

    let unknown = wire::Application { uscc: UNKNOWN.to_owned(), ..wide(1) };
    let plan = town.client.preview_plan(preview(unknown)).await.unwrap().into_inner();
    assert_eq!(plan.held, ["ENTERPRISE_UNKNOWN"]);
    assert!(plan.legs.is_empty());
    let empty = wire::Application { purpose: String::new(), ..wide(1) };
    let refused = town.client.preview_plan(preview(empty)).await.unwrap_err();
    assert_eq!(reason(&refused), "APPLICATION_INCOMPLETE");
    assert!(
        town.client
            .list_cases(wire::ListCasesRequest::default())
            .await
            .unwrap()
            .into_inner()
            .cases
            .is_empty()
    );
}
