//! Cases on their way: from submission to offers ready, and the other ends.

use prost::Message as _;
use proto::{intake::v1 as wire, partner::v1 as partner};

use crate::support::{
    CATALOG, EXCLUDED, LIMIT, NARROW_CONSENT, PARTNER, REVOKED_CONSENT, UNKNOWN, WHITELIST, application,
    decline, id, message, offer, reason, submission, terms, timestamp, town, town_with,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_application_reaches_offers_ready_with_what_the_banks_sent() {
    let mut town = town().await;
    let case = town.submit(application(3)).await;
    assert_eq!(case.state, i32::from(wire::CaseState::Submitted));
    let collecting = town.reaches(&case, wire::CaseState::Collecting).await;
    let legs = collecting.legs;
    assert_eq!(legs.len(), 3);

    town.reply(&legs[0], offer(1, 400)).await;
    town.reply(&legs[1], decline(8)).await;
    let sealed = testkit::eventually(LIMIT, || {
        let mut client = town.client.clone();
        let case_id = case.case_id.clone();
        async move {
            let key = Some(wire::get_case_request::Key::CaseId(case_id));
            let view = client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner();
            (view.header.as_ref().unwrap().legs_answered == 2).then_some(view)
        }
    })
    .await;
    for leg in &sealed.legs[..2] {
        assert_eq!(leg.state, 0, "sealed");
        assert_eq!(leg.decline_reason, 0, "sealed");
    }
    let replied = i32::from(proto::common::v1::LegProgress::Replied);
    assert_eq!(sealed.legs.iter().filter(|leg| leg.progress == replied).count(), 2);
    let refused = town.client.list_offers(wire::ListOffersRequest { case_id: case.case_id.clone() }).await;
    assert_eq!(reason(&refused.unwrap_err()), "OFFERS_SEALED");

    town.reply(&legs[2], offer(1, 350)).await;
    town.reaches(&case, wire::CaseState::OffersReady).await;
    let offers = town.offers(&case).await;
    let rates: Vec<i32> =
        offers.offers.iter().map(|view| view.offer.as_ref().unwrap().annual_rate_bp).collect();
    assert_eq!(rates, [350, 400], "cheapest first");
    assert_eq!(offers.offers[1].offer, Some(terms(1, 400)));
    assert!(offers.late_offers.is_empty());
    town.is_told(&legs[1].institution_id, "intake.reply-accepted.v1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_has_changed_since_is_judged_as_it_is() {
    let mut town = town().await;
    let case = town.submit(application(3)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    // Behind the back of this process, which has stored the case itself.
    let pool = town.ground.pool(&intake::ROLE);
    for (statement, id) in [
        ("UPDATE leg SET state = 'TIMED_OUT', version = version + 1 WHERE id = $1", &legs[0].leg_id),
        ("UPDATE financing_case SET touched = touched + 1 WHERE id = $1", &case.case_id),
    ] {
        let id: uuid::Uuid = id.parse().unwrap();
        sqlx::query(statement).bind(id).execute(&pool).await.unwrap();
    }
    town.reply(&legs[0], offer(1, 400)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-late.v1").await;
    for leg in &legs[1..] {
        town.reply(leg, offer(1, 400)).await;
        town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    }
    let mut states = town.states(&case).await;
    states.sort();
    assert_eq!(states, ["OFFERED", "OFFERED", "TIMED_OUT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivered_reply_changes_nothing_and_each_offer_is_told_its_fate() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    let body = partner::ReplySubmitted {
        reply_id: uuid::Uuid::new_v4().to_string(),
        leg_id: legs[0].leg_id.clone(),
        institution_id: legs[0].institution_id.clone(),
        submitted_at: Some(timestamp(chrono::Utc::now())),
        reply: Some(offer(1, 500)),
    }
    .encode_to_vec();
    let once = message();
    town.send("partner.reply-submitted.v1", once, &legs[0], body.clone()).await;
    town.is_told(&legs[0].institution_id, "intake.reply-accepted.v1").await;
    town.send("partner.reply-submitted.v1", once, &legs[0], body).await;
    // The same number with other terms is refused, a higher one takes the place of the first.
    town.reply(&legs[0], offer(1, 410)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-refused.v1").await;
    town.reply(&legs[0], offer(2, 390)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-superseded.v1").await;
    town.reply(&legs[1], decline(1)).await;
    town.reaches(&case, wire::CaseState::OffersReady).await;
    let offers = town.offers(&case).await.offers;
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].offer, Some(terms(2, 390)));
    let told = town.told(&legs[0].institution_id).await;
    assert_eq!(told.iter().filter(|kind| *kind == "intake.reply-accepted.v1").count(), 2, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_shows_no_sign_of_life_is_issued_again_while_the_window_is_open() {
    let mut town = town().await;
    let case = town.submit(application(3)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    for leg in &legs {
        town.is_told_times(&leg.institution_id, "intake.leg-issued.v1", 1).await;
    }
    town.received(&legs[0]).await;
    town.shows(&case, "LEG_DELIVERED").await;
    town.reply(&legs[1], offer(1, 400)).await;
    town.is_told(&legs[1].institution_id, "intake.reply-accepted.v1").await;
    for times in [2, 3] {
        town.ground.clock().advance(chrono::TimeDelta::seconds(700));
        town.is_told_times(&legs[2].institution_id, "intake.leg-issued.v1", times).await;
    }
    for leg in &legs[..2] {
        assert_eq!(town.times_told(&leg.institution_id, "intake.leg-issued.v1").await, 1);
    }
    assert_eq!(town.view(&case).await.header.unwrap().legs_answered, 1, "asking again changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_legs_time_out_and_late_answers_are_kept_apart() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    town.reply(&legs[0], offer(1, 400)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-accepted.v1").await;
    town.ground.clock().advance(chrono::TimeDelta::seconds(3_700));
    let ready = town.reaches(&case, wire::CaseState::OffersReady).await;
    let silent = ready.legs.iter().find(|leg| leg.leg_id == legs[1].leg_id).unwrap();
    assert_eq!(silent.state, i32::from(proto::common::v1::LegState::TimedOut));
    town.is_told(&legs[1].institution_id, "intake.leg-closed.v1").await;
    town.reply(&legs[1], offer(1, 300)).await;
    town.is_told(&legs[1].institution_id, "intake.reply-late.v1").await;
    let offers = town.offers(&case).await;
    assert_eq!((offers.offers.len(), offers.late_offers.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_without_an_offer_ends_in_no_offer_and_may_be_asked_again_only_with_something_new() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    town.reply(&legs[0], decline(3)).await;
    town.reaches(&case, wire::CaseState::NoOffer).await;
    let again = wire::RedispatchCaseRequest { request_id: id(), case_id: case.case_id.clone() };
    town.client.redispatch_case(again).await.unwrap();
    testkit::eventually(LIMIT, || {
        let mut client = town.client.clone();
        let case_id = case.case_id.clone();
        async move {
            let key = Some(wire::get_case_request::Key::CaseId(case_id));
            let header =
                client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner().header.unwrap();
            if header.reasons == ["NOTHING_CHANGED"] { Ok(()) } else { Err(header) }
        }
    })
    .await;
    let end =
        wire::GiveUpCaseRequest { request_id: id(), case_id: case.case_id.clone(), reason: String::new() };
    let ended = town.client.give_up_case(end).await.unwrap().into_inner().case.unwrap();
    assert_eq!(ended.state, i32::from(wire::CaseState::Rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_to_ask_is_an_outcome_with_its_reasons() {
    let mut town = town().await;
    let case = town.submit(application(0)).await;
    let view = town.reaches(&case, wire::CaseState::NoOffer).await;
    assert_eq!(view.header.unwrap().reasons, ["AMOUNT_ABOVE_MAX"]);
    assert!(view.legs.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_exclusion_rejects_and_a_failed_guard_waits_for_a_clerk() {
    let mut town = town().await;
    let excluded = town.submit(wire::Application { uscc: EXCLUDED.to_owned(), ..application(1) }).await;
    let view = town.reaches(&excluded, wire::CaseState::Rejected).await;
    assert_eq!(view.header.unwrap().reasons, ["HX01"]);

    for (application, held, refused) in [
        (
            wire::Application { uscc: UNKNOWN.to_owned(), ..application(1) },
            "ENTERPRISE_UNKNOWN",
            "ENTERPRISE_UNKNOWN",
        ),
        (
            wire::Application { consent_id: REVOKED_CONSENT.to_owned(), ..application(1) },
            "CONSENT_REVOKED",
            "CONSENT_NOT_ACTIVE",
        ),
    ] {
        let case = town.submit(application).await;
        testkit::eventually(LIMIT, || {
            let mut client = town.client.clone();
            let case_id = case.case_id.clone();
            async move {
                let key = Some(wire::get_case_request::Key::CaseId(case_id));
                let view = client.get_case(wire::GetCaseRequest { key }).await.unwrap().into_inner();
                (view.header.unwrap().reasons == [held]).then_some(())
            }
        })
        .await;
        let accept = wire::AcceptCaseRequest { request_id: id(), case_id: case.case_id.clone() };
        assert_eq!(reason(&town.client.accept_case(accept).await.unwrap_err()), refused);
        assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(wire::CaseState::Submitted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_application_is_drafted_submitted_supplemented_and_accepted_by_clerks() {
    let mut town = town().await;
    let mut draft = application(1);
    draft.documents.pop();
    let request = wire::CreateDraftRequest { request_id: id(), channel: 1, application: Some(draft.clone()) };
    let case = town.client.create_draft(request).await.unwrap().into_inner().case.unwrap();
    let submit =
        |version| wire::SubmitDraftRequest { request_id: id(), case_id: case.case_id.clone(), version };
    let incomplete = town.client.submit_draft(submit(case.version)).await.unwrap_err();
    assert_eq!(reason(&incomplete), "APPLICATION_INCOMPLETE");

    let change = wire::ChangeDraftRequest {
        request_id: id(),
        case_id: case.case_id.clone(),
        version: case.version,
        application: Some(application(1)),
    };
    let changed = town.client.change_draft(change).await.unwrap().into_inner().case.unwrap();
    let stale = town.client.submit_draft(submit(case.version)).await.unwrap_err();
    assert_eq!(reason(&stale), "VERSION_CONFLICT");
    let submitted =
        town.client.submit_draft(submit(changed.version)).await.unwrap().into_inner().case.unwrap();
    assert_eq!(submitted.state, i32::from(wire::CaseState::Submitted));

    let ask = || wire::RequestSupplementRequest {
        request_id: id(),
        case_id: case.case_id.clone(),
        document_codes: vec!["D04".to_owned()],
        note: String::new(),
    };
    town.client.request_supplement(ask()).await.unwrap();
    let give = wire::ProvideSupplementRequest {
        request_id: id(),
        case_id: case.case_id.clone(),
        documents: crate::support::documents()[3..4].to_vec(),
    };
    town.client.provide_supplement(give).await.unwrap();
    assert_eq!(reason(&town.client.request_supplement(ask()).await.unwrap_err()), "SECOND_SUPPLEMENT");
    let accept = wire::AcceptCaseRequest { request_id: id(), case_id: case.case_id.clone() };
    town.client.accept_case(accept).await.unwrap();
    town.reaches(&case, wire::CaseState::Collecting).await;
    let timeline = wire::ListTimelineRequest { case_id: case.case_id.clone() };
    let entries = town.client.list_timeline(timeline).await.unwrap().into_inner().entries;
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "CASE_DRAFTED",
            "CASE_DRAFT_CHANGED",
            "CASE_SUBMITTED",
            "CASE_SUPPLEMENT_REQUESTED",
            "CASE_SUPPLEMENTED",
            "CASE_ACCEPTED",
            "CASE_DISPATCHED"
        ]
    );
    assert!(
        entries.iter().enumerate().all(|(index, entry)| entry.version == i64::try_from(index).unwrap() + 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_asks_and_is_answered() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let leg = town.reaches(&case, wire::CaseState::Collecting).await.legs.remove(0);
    let answer = || wire::AnswerInstitutionRequest {
        request_id: id(),
        leg_id: leg.leg_id.clone(),
        documents: crate::support::documents()[3..4].to_vec(),
        note: String::new(),
    };
    assert_eq!(reason(&town.client.answer_institution(answer()).await.unwrap_err()), "NOTHING_ASKED");
    let question =
        partner::SupplementAsked { document_codes: vec!["D04".to_owned()], note: "近期报表".to_owned() };
    town.reply(&leg, partner::reply_submitted::Reply::Supplement(question)).await;
    town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    let asked = town.view(&case).await.legs.remove(0);
    assert_eq!(asked.progress, i32::from(proto::common::v1::LegProgress::Question));
    assert_eq!(asked.asked_document_codes, ["D04"]);
    town.client.answer_institution(answer()).await.unwrap();
    town.is_told(&leg.institution_id, "intake.leg-supplemented.v1").await;
    town.reply(&leg, offer(1, 420)).await;
    town.reaches(&case, wire::CaseState::OffersReady).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_is_stored_while_its_neighbours_are_away_and_goes_on_when_they_are_back() {
    let mut town = town_with(&[&PARTNER]).await;
    let case = town.submit(application(2)).await;
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(wire::CaseState::Submitted));
    let _catalog = town.ground.serve(&CATALOG, &[]).await;
    let _whitelist = town.ground.serve(&WHITELIST, &[]).await;
    town.reaches(&case, wire::CaseState::Collecting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_first_answer_and_another_body_is_refused() {
    let mut town = town().await;
    let request = submission(application(1));
    let first = town.client.submit_application(request.clone()).await.unwrap().into_inner();
    let second = town.client.submit_application(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, second);
    let other = wire::SubmitApplicationRequest { application: Some(application(2)), ..request };
    let refused = town.client.submit_application(other).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let list = wire::ListCasesRequest::default();
    assert_eq!(town.client.list_cases(list).await.unwrap().into_inner().cases.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_that_arrive_together_have_a_case_each_twins_have_one_and_a_bad_one_spoils_nothing() {
    let mut town = town().await;
    let requests: Vec<_> = (0..20).map(|_| submission(application(1))).collect();
    let lacking = submission(wire::Application { documents: Vec::new(), ..application(1) });
    let crowd = requests.iter().flat_map(|request| [request, request]).chain([&lacking]);
    let calls = crowd.map(|request| {
        let (mut client, request) = (town.client.clone(), request.clone());
        async move { client.submit_application(request).await }
    });
    let mut answers = futures::future::join_all(calls).await;
    assert_eq!(reason(&answers.pop().unwrap().unwrap_err()), "APPLICATION_INCOMPLETE");
    let cases: Vec<_> =
        answers.into_iter().map(|answer| answer.unwrap().into_inner().case.unwrap()).collect();
    assert!(cases.chunks(2).all(|twins| twins[0] == twins[1]));
    let mut ids: Vec<&str> = cases.iter().map(|case| case.case_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    let list = wire::ListCasesRequest { page_size: 100, ..wire::ListCasesRequest::default() };
    assert_eq!(town.client.list_cases(list).await.unwrap().into_inner().cases.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_institutions_that_the_consent_names_are_asked() {
    let mut town = town().await;
    let narrow = wire::Application { consent_id: NARROW_CONSENT.to_owned(), ..application(3) };
    let case = town.submit(narrow).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    assert_eq!(legs.len(), 1);
    assert_eq!(legs[0].institution_id, crate::support::bank(1).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_ends_early_takes_better_offers_until_its_window_closes() {
    let mut town = town().await;
    let case = town.submit(application(1)).await;
    let leg = town.reaches(&case, wire::CaseState::Collecting).await.legs.remove(0);
    town.reply(&leg, offer(1, 450)).await;
    town.reaches(&case, wire::CaseState::OffersReady).await;
    town.reply(&leg, offer(2, 380)).await;
    town.is_told(&leg.institution_id, "intake.reply-superseded.v1").await;
    let offers = town.offers(&case).await;
    assert_eq!(offers.offers.len(), 1);
    assert_eq!(offers.offers[0].offer, Some(terms(2, 380)));
    assert!(offers.late_offers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_to_answer_an_institution_does_not_tell_an_offer_from_a_decline() {
    let mut town = town().await;
    let case = town.submit(application(3)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    town.reply(&legs[0], offer(1, 450)).await;
    town.reply(&legs[1], decline(8)).await;
    for leg in &legs[..2] {
        town.is_told(&leg.institution_id, "intake.reply-accepted.v1").await;
    }
    let mut told = Vec::new();
    for leg in &legs[..2] {
        let answer = wire::AnswerInstitutionRequest {
            request_id: id(),
            leg_id: leg.leg_id.clone(),
            documents: crate::support::documents()[3..4].to_vec(),
            note: String::new(),
        };
        let refused = town.client.answer_institution(answer).await.unwrap_err();
        told.push((refused.code(), refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(told[0], told[1]);
}
