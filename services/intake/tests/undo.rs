//! Undoing: withdrawal, lapsed supplements, revoked consents; and what institutions may still read.

use prost::Message as _;
use proto::{
    intake::v1::{self as wire, dossier_service_client::DossierServiceClient},
    whitelist::v1 as whitelist,
};
use rpc::Actor;

use crate::support::{ACTIVE_CONSENT, Town, application, bank, id, message, offer, reason, submission, town};

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
