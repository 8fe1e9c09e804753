//! Submission, acceptance and dispatch in one transaction, and what becomes of a submission that cannot be planned at once.

use std::time::{Duration, Instant};

use prost::Message as _;
use proto::{intake::v1 as wire, whitelist::v1 as whitelist};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{
    CATALOG, CLEAR, EXCLUDED, HANGING, LIMIT, PARTNER, REVOKED_CONSENT, Town, WHITELIST, WIDE_CONSENT,
    application, message, submission, town, town_with,
};

/// What the case's timeline says, and how many transactions wrote it.
async fn timeline(town: &Town, case: &wire::CaseHeader) -> (Vec<String>, usize) {
    let case_id: Uuid = case.case_id.parse().unwrap();
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT kind, xmin::text FROM case_entry WHERE case_id = $1 ORDER BY version")
            .bind(case_id)
            .fetch_all(&town.ground.pool(&intake::ROLE))
            .await
            .unwrap();
    let (kinds, mut transactions): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    transactions.dedup();
    (kinds, transactions.len())
}

async fn count(town: &Town, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&town.ground.pool(&intake::ROLE)).await.unwrap()
}

async fn as_owner(town: &Town, statement: &'static str) {
    sqlx::query(statement).execute(&town.ground.owner_pool(&intake::ROLE)).await.unwrap();
}

/// Submits such applications until one was planned at once: on a busy machine neighbours may be slower than a submission
/// waits for them.
async fn planned_at_once(
    town: &mut Town,
    application: &wire::Application,
) -> (wire::SubmitApplicationRequest, wire::CaseHeader, Vec<String>) {
    let begun = Instant::now();
    loop {
        let request = submission(application.clone());
        let answer = town.client.submit_application(request.clone()).await.unwrap();
        let case = answer.into_inner().case.unwrap();
        // What is there when the answer comes: nobody is waited for.
        let (kinds, transactions) = timeline(town, &case).await;
        if transactions == 1 && kinds.len() > 2 {
            return (request, case, kinds);
        }
        assert!(begun.elapsed() < LIMIT, "none is planned at once: {kinds:?} by {transactions}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_its_acceptance_and_its_dispatch_are_one_transaction() {
    let mut town = town().await;
    let (_, case, kinds) = planned_at_once(&mut town, &application(3)).await;
    assert_eq!(kinds, ["CASE_DRAFTED", "CASE_SUBMITTED", "CASE_ACCEPTED", "CASE_DISPATCHED"]);
    assert_eq!(
        (case.state, case.version),
        (i32::from(wire::CaseState::Submitted), 2),
        "the answer is that the application is taken in, however far it has come"
    );
    assert_eq!(town.row_kinds(&case).await, ["WINDOW"]);
    let view = town.view(&case).await;
    let header = view.header.unwrap();
    assert_eq!((header.state, header.version), (i32::from(wire::CaseState::Collecting), 4));
    assert_eq!((header.round, header.wave, header.legs_total, view.legs.len()), (1, 1, 3, 3));
    assert_eq!(header.window_closes_at, view.deadlines[0].due_at);
    assert_eq!(header.trace_id, case.trace_id);
    for leg in &view.legs {
        town.is_told(&leg.institution_id, "intake.leg-issued.v1").await;
    }
    let dispatched: wire::CaseDispatched = town.fact("intake.case-dispatched.v1").await;
    assert_eq!(dispatched.legs, 3);
    let accepted: wire::CaseAccepted = town.fact("intake.case-accepted.v1").await;
    assert!(accepted.automatic);
    town.fact::<wire::CaseSubmitted>("intake.case-submitted.v1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_follows_from_standing_and_products_is_in_the_same_transaction() {
    let mut town = town().await;
    let excluded = wire::Application { uscc: EXCLUDED.to_owned(), ..application(1) };
    let (_, case, kinds) = planned_at_once(&mut town, &excluded).await;
    assert_eq!(kinds, ["CASE_DRAFTED", "CASE_SUBMITTED", "CASE_ACCEPTED", "CASE_REJECTED"]);
    assert!(town.row_kinds(&case).await.is_empty());
    let header = town.view(&case).await.header.unwrap();
    assert_eq!(
        (header.state, header.reasons),
        (i32::from(wire::CaseState::Rejected), vec!["HX01".to_owned()])
    );

    let held = wire::Application { consent_id: REVOKED_CONSENT.to_owned(), ..application(1) };
    let (_, case, kinds) = planned_at_once(&mut town, &held).await;
    assert_eq!(kinds, ["CASE_DRAFTED", "CASE_SUBMITTED", "CASE_HELD"]);
    assert!(town.row_kinds(&case).await.is_empty());
    let header = town.view(&case).await.header.unwrap();
    let state = i32::from(wire::CaseState::Submitted);
    assert_eq!((header.state, header.reasons), (state, vec!["CONSENT_REVOKED".to_owned()]));

    let (_, case, kinds) = planned_at_once(&mut town, &application(0)).await;
    assert_eq!(kinds, ["CASE_DRAFTED", "CASE_SUBMITTED", "CASE_ACCEPTED", "CASE_NOBODY_TO_ASK"]);
    assert_eq!(town.row_kinds(&case).await, ["NO_OFFER"]);
    let header = town.view(&case).await.header.unwrap();
    let state = i32::from(wire::CaseState::NoOffer);
    assert_eq!((header.state, header.reasons, header.round), (state, vec!["AMOUNT_ABOVE_MAX".to_owned()], 1));

    let cover = wire::Application { enhancement: vec![1, 2], cover_at_once: true, ..application(1) };
    let (_, case, kinds) = planned_at_once(&mut town, &cover).await;
    assert_eq!(kinds[3..], ["CASE_DISPATCHED", "COVER_REQUESTED"]);
    assert_eq!(town.row_kinds(&case).await, ["COVER", "WINDOW"]);
    let asked: wire::CoverRequested = town.fact("intake.cover-requested.v1").await;
    assert!(asked.case_id == case.case_id && asked.kinds == [2], "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clerk_has_to_accept_is_not_planned() {
    let mut town = town().await;
    planned_at_once(&mut town, &application(1)).await;
    let desk = i32::from(wire::Channel::Desk);
    let request = wire::SubmitApplicationRequest { channel: desk, ..submission(application(1)) };
    let case = town.client.submit_application(request).await.unwrap().into_inner().case.unwrap();
    assert_eq!(
        timeline(&town, &case).await,
        (vec!["CASE_DRAFTED".to_owned(), "CASE_SUBMITTED".to_owned()], 1)
    );
    assert!(town.row_kinds(&case).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_whitelist_is_away_submissions_are_stored_and_planned_when_it_is_back() {
    let mut town = town_with(&[&CATALOG, &PARTNER]).await;
    let first = town.submit(application(2)).await;
    let second = town.submit(application(1)).await;
    for case in [&first, &second] {
        assert_eq!(town.row_kinds(case).await, ["PLAN"]);
        assert_eq!(town.view(case).await.header.unwrap().state, i32::from(wire::CaseState::Submitted));
    }
    let _whitelist = town.ground.serve(&WHITELIST, &[]).await;
    for (case, legs) in [(&first, 2), (&second, 1)] {
        assert_eq!(town.reaches(case, wire::CaseState::Collecting).await.legs.len(), legs);
        assert_eq!(town.row_kinds(case).await, ["WINDOW"]);
        assert_eq!(timeline(&town, case).await.1, 2);
    }
    planned_at_once(&mut town, &application(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_does_not_answer_keeps_no_submission_waiting() {
    let mut town = town().await;
    planned_at_once(&mut town, &application(1)).await;
    let begun = Instant::now();
    let case = town.submit(application(HANGING * 100 + 2)).await;
    // A quarter of a second and the machine's own time; the question itself would be given up after 5 s.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(timeline(&town, &case).await.0[..2], ["CASE_DRAFTED", "CASE_SUBMITTED"]);
    assert_eq!(town.reaches(&case, wire::CaseState::Collecting).await.legs.len(), 2);
    assert_eq!(timeline(&town, &case).await.1, 2, "by the worker");
    planned_at_once(&mut town, &application(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_cannot_be_stored_keeps_no_submission_from_being_stored() {
    let mut town = town().await;
    planned_at_once(&mut town, &application(1)).await;
    as_owner(&town, "ALTER TABLE leg ADD CONSTRAINT broken CHECK (round > 99) NOT VALID").await;
    let case = town.submit(application(2)).await;
    assert_eq!(town.row_kinds(&case).await, ["PLAN"]);
    assert!(town.states(&case).await.is_empty());
    as_owner(&town, "ALTER TABLE leg DROP CONSTRAINT broken").await;
    assert_eq!(town.reaches(&case, wire::CaseState::Collecting).await.legs.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_what_was_planned_at_once_gets_the_first_answer_and_asks_nobody_again() {
    let mut town = town().await;
    let (request, case, _) = planned_at_once(&mut town, &application(3)).await;
    let (cases, legs, dossiers) =
        (count(&town, "financing_case").await, count(&town, "leg").await, count(&town, "dossier").await);
    let again = town.client.submit_application(request.clone()).await.unwrap().into_inner().case.unwrap();
    assert_eq!(again, case);
    let other = wire::SubmitApplicationRequest { application: Some(application(2)), ..request };
    town.client.submit_application(other).await.unwrap_err();
    assert_eq!(count(&town, "financing_case").await, cases);
    assert_eq!((count(&town, "leg").await, count(&town, "dossier").await), (legs, dossiers));
    assert_eq!(town.row_kinds(&case).await, ["WINDOW"]);
    let first = town.view(&case).await.legs.remove(0);
    town.is_told(&first.institution_id, "intake.leg-issued.v1").await;
    let of_case = |fact: &wire::CaseDispatched| fact.case_id == case.case_id;
    let told = async || {
        let facts = town.facts::<wire::CaseDispatched>("intake.case-dispatched.v1").await;
        facts.iter().filter(|fact| of_case(fact)).count()
    };
    // Facts that nobody waits for come a moment later.
    testkit::eventually(LIMIT, async || told().await > 0).await;
    assert_eq!(told().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_at_the_same_time_make_one_case_with_one_round() {
    let mut town = town().await;
    planned_at_once(&mut town, &application(0)).await;
    let before = count(&town, "financing_case").await;
    for _ in 0..10 {
        let request = submission(application(3));
        let calls = (0..4).map(|_| {
            let (mut client, request) = (town.client.clone(), request.clone());
            async move { client.submit_application(request).await.unwrap().into_inner().case.unwrap() }
        });
        let answers = futures::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        town.reaches(&answers[0], wire::CaseState::Collecting).await;
    }
    assert_eq!(count(&town, "financing_case").await, before + 10);
    assert_eq!((count(&town, "leg").await, count(&town, "dossier").await), (30, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_was_planned_before_a_revocation_and_stored_after_it_is_withdrawn_too() {
    const HASTEN: &str = "UPDATE held SET due_at = clock_timestamp()";
    let mut town = town().await;
    let revoked = whitelist::ConsentRevoked { consent_id: WIDE_CONSENT.to_owned(), ..Default::default() };
    let leg = wire::LegView { leg_id: Uuid::from_u128(1).to_string(), ..wire::LegView::default() };
    town.send("whitelist.consent-revoked.v1", message(), &leg, revoked.encode_to_vec()).await;
    testkit::eventually(LIMIT, || async { (count(&town, "held").await == 1).then_some(()) }).await;
    // Whitelist still says that the consent holds, as it did before the revocation.
    let wide =
        wire::Application { uscc: CLEAR.to_owned(), consent_id: WIDE_CONSENT.to_owned(), ..application(2) };
    let case = town.submit(wide).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    sqlx::query(HASTEN).execute(&town.ground.pool(&intake::ROLE)).await.unwrap();
    let view = town.reaches(&case, wire::CaseState::Withdrawn).await;
    assert_eq!(view.header.unwrap().reasons, ["CONSENT_REVOKED"]);
    town.is_told(&legs[0].institution_id, "intake.leg-closed.v1").await;
    // Nothing that was planned before can come any more.
    town.ground.clock().advance(chrono::TimeDelta::seconds(301));
    sqlx::query(HASTEN).execute(&town.ground.pool(&intake::ROLE)).await.unwrap();
    testkit::eventually(LIMIT, || async { (count(&town, "held").await == 0).then_some(()) }).await;
}
