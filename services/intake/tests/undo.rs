//! Undoing: withdrawal, lapsed supplements, revoked consents; and what institutions may still read.

use partner::reply_submitted::Reply;
use prost::Message as _;
use proto::{
    intake::v1::{self as wire, dossier_service_client::DossierServiceClient},
    partner::v1 as partner,
    whitelist::v1 as whitelist,
};
use rpc::Actor;

use crate::support::{
    ACTIVE_CONSENT, Town, application, bank, decline, id, message, offer, reason, submission, town,
};

async fn withdraw(town: &mut Town, case: &wire::CaseHeader) -> wire::CaseHeader {
    let request = wire::WithdrawCaseRequest {
        request_id: id(),
        case_id: case.case_id.clone(),
        reason: "另有安排".to_owned(),
    };
    town.client.withdraw_case(request).await.unwrap().into_inner().case.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_releases_every_leg_and_later_answers_are_late() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    town.reply(&legs[0], offer(1, 400)).await;
    town.is_told(&legs[0].institution_id, "intake.reply-accepted.v1").await;
    let withdrawn = withdraw(&mut town, &case).await;
    assert_eq!(withdrawn.state, i32::from(wire::CaseState::Withdrawn));
    assert_eq!(
        withdraw(&mut town, &case).await.version,
        withdrawn.version,
        "withdrawing twice changes nothing"
    );
    for leg in &legs {
        town.is_told(&leg.institution_id, "intake.leg-closed.v1").await;
    }
    town.reply(&legs[1], offer(1, 300)).await;
    town.is_told(&legs[1].institution_id, "intake.reply-late.v1").await;
    let view = town.view(&case).await;
    assert_eq!(view.header.unwrap().state, i32::from(wire::CaseState::Withdrawn));
    assert!(view.deadlines.is_empty());
    assert!(view.legs.iter().all(|leg| leg.state == 0), "a withdrawn round stays sealed");
    assert!(town.offers(&case).await.offers.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_to_a_case_withdrawn_under_the_seal_is_shown_to_nobody() {
    let mut town = town().await;
    let case = town.submit(application(4)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    town.reply(&legs[0], offer(1, 400)).await;
    town.reply(&legs[0], Reply::TakenBack(partner::OfferTakenBack {})).await;
    town.is_told(&legs[0].institution_id, "intake.leg-closed.v1").await;
    withdraw(&mut town, &case).await;
    for (leg, late) in [(&legs[1], offer(1, 300)), (&legs[2], decline(2))] {
        town.reply(leg, late).await;
        town.is_told(&leg.institution_id, "intake.reply-late.v1").await;
    }
    let shown = town.offers(&case).await;
    assert_eq!(shown, wire::ListOffersResponse::default(), "nothing of what came, late or not");
    let request = wire::ListTimelineRequest { case_id: case.case_id.clone() };
    let entries = town.client.list_timeline(request).await.unwrap().into_inner().entries;
    let late: Vec<_> = entries.iter().filter(|entry| entry.kind == "LEG_ANSWERED_LATE").collect();
    assert_eq!(late.len(), 2);
    assert!(late.iter().all(|entry| entry.codes.is_empty()), "an offer and a refusal look alike: {late:?}");
    assert!(!entries.iter().any(|entry| entry.kind == "LEG_ANSWER_TAKEN_BACK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supplement_that_does_not_come_withdraws_the_case() {
    let mut town = town().await;
    let mut request = submission(application(1));
    request.channel = i32::from(wire::Channel::Desk);
    let case = town.client.submit_application(request).await.unwrap().into_inner().case.unwrap();
    let ask = wire::RequestSupplementRequest {
        request_id: id(),
        case_id: case.case_id.clone(),
        document_codes: vec!["D04".to_owned()],
        note: String::new(),
    };
    town.client.request_supplement(ask).await.unwrap();
    assert_eq!(town.view(&case).await.deadlines[0].kind, "SUPPLEMENT");
    town.ground.clock().advance(chrono::TimeDelta::seconds(3_700));
    let view = town.reaches(&case, wire::CaseState::Withdrawn).await;
    assert_eq!(view.header.unwrap().reasons, ["SUPPLEMENT_TIMEOUT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_consent_withdraws_what_rests_on_it() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    let revoked = whitelist::ConsentRevoked { consent_id: ACTIVE_CONSENT.to_owned(), ..Default::default() };
    town.send("whitelist.consent-revoked.v1", message(), &legs[0], revoked.encode_to_vec()).await;
    let view = town.reaches(&case, wire::CaseState::Withdrawn).await;
    assert_eq!(view.header.unwrap().reasons, ["CONSENT_REVOKED"]);
    for leg in &legs {
        town.is_told(&leg.institution_id, "intake.leg-closed.v1").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_read_by_its_own_institution_while_consent_allows() {
    let mut town = town().await;
    let case = town.submit(application(2)).await;
    let legs = town.reaches(&case, wire::CaseState::Collecting).await.legs;
    let channel = town.ground.channel(&intake::ROLE, Actor::Role("partner".to_owned()));
    let mut dossiers = DossierServiceClient::new(channel);
    let leg_of = |number| legs.iter().find(|leg| leg.institution_id == bank(number).to_string()).unwrap();
    let ask = |number, institution| wire::GetDossierRequest {
        leg_id: leg_of(number).leg_id.clone(),
        institution_id: bank(institution).to_string(),
    };
    let read = dossiers.get_dossier(ask(1, 1)).await.unwrap().into_inner();
    let dossier = wire::Dossier::decode(read.dossier.as_slice()).unwrap();
    assert_eq!(dossier.case_no, case.case_no);
    assert_eq!(dossier.assets.len(), 1);
    assert_eq!(reason(&dossiers.get_dossier(ask(1, 2)).await.unwrap_err()), "LEG_NOT_FOUND");
    // The consent does not name the second bank.
    assert_eq!(reason(&dossiers.get_dossier(ask(2, 2)).await.unwrap_err()), "CONSENT_REVOKED");
}

/// domain.md §3.2, undo table: packages that nobody has read are recalled. Partner may not have heard of it yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_was_not_read_before_its_leg_ended_is_not_given_out_any_more() {
    let mut town = town().await;
    let channel = town.ground.channel(&intake::ROLE, Actor::Role("partner".to_owned()));
    let mut dossiers = DossierServiceClient::new(channel);
    let mut legs = Vec::new();
    for _ in 0..3 {
        let case = town.submit(application(1)).await;
        legs.push((case.clone(), town.reaches(&case, wire::CaseState::Collecting).await.legs.remove(0)));
    }
    let [(unread, first), (read, second), (silent, third)] = &legs[..] else { panic!("three cases") };
    town.received(second).await;
    town.shows(read, "LEG_DELIVERED").await;
    for case in [unread, read] {
        withdraw(&mut town, case).await;
    }
    town.ground.clock().advance(chrono::TimeDelta::seconds(3_700));
    town.reaches(silent, wire::CaseState::NoOffer).await;
    assert_eq!(town.states(silent).await, ["TIMED_OUT"]);
    let ask = |leg: &wire::LegView| wire::GetDossierRequest {
        leg_id: leg.leg_id.clone(),
        institution_id: bank(1).to_string(),
    };
    for leg in [first, third] {
        assert_eq!(reason(&dossiers.get_dossier(ask(leg)).await.unwrap_err()), "CASE_STATE");
    }
    assert!(dossiers.get_dossier(ask(second)).await.is_ok(), "what was read cannot be taken back");
}
