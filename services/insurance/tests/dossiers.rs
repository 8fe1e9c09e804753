//! What an institution may read of its leg.

use prost::Message as _;
use proto::{
    insurance::v1::{self as wire, cover_dossier_service_client::CoverDossierServiceClient},
    intake::v1 as intake,
};
use rpc::Actor;

use crate::support::{Case, SURETY, institution, reason, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_is_read_by_its_own_institution_while_consent_and_case_allow() {
    let town = town().await;
    let case = Case::new();
    town.ask(&case).await;
    let legs = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    let channel = town.ground.channel(&insurance::ROLE, Actor::Role("partner".to_owned()));
    let mut dossiers = CoverDossierServiceClient::new(channel);
    let ask = |leg: usize, number| wire::GetCoverDossierRequest {
        leg_id: legs[leg].leg_id.clone(),
        institution_id: institution(number).to_string(),
    };
    let read = dossiers.get_cover_dossier(ask(0, 1)).await.unwrap().into_inner();
    let asked = intake::GetRoleDossierRequest::decode(read.dossier.as_slice()).unwrap();
    assert_eq!((asked.case_id, asked.round, asked.role), (case.id.to_string(), 1, 2));
    assert_eq!(asked.institution_id, institution(1).to_string());
    let need = read.need.unwrap();
    assert_eq!((need.kinds, need.amount_fen), (vec![SURETY], 300_000_000));
    assert_eq!(reason(&dossiers.get_cover_dossier(ask(0, 2)).await.unwrap_err()), "LEG_NOT_FOUND");
    // Intake says so of the second and of the third.
    assert_eq!(reason(&dossiers.get_cover_dossier(ask(1, 2)).await.unwrap_err()), "CONSENT_REVOKED");
    assert_eq!(reason(&dossiers.get_cover_dossier(ask(2, 3)).await.unwrap_err()), "LEG_CLOSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_was_recalled_unread_cannot_be_read_any_more() {
    let town = town().await;
    let case = Case::new();
    town.ask(&case).await;
    let legs = town.reaches(&case, wire::CoverState::Collecting).await.legs;
    town.fact(&case, "intake.case-withdrawn.v1", &case.withdrawn(true)).await;
    town.reaches(&case, wire::CoverState::Released).await;
    let channel = town.ground.channel(&insurance::ROLE, Actor::Role("partner".to_owned()));
    let mut dossiers = CoverDossierServiceClient::new(channel);
    let ask = wire::GetCoverDossierRequest {
        leg_id: legs[0].leg_id.clone(),
        institution_id: institution(1).to_string(),
    };
    assert_eq!(reason(&dossiers.get_cover_dossier(ask).await.unwrap_err()), "LEG_CLOSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_partner_may_read() {
    let town = town().await;
    let channel = town.ground.channel(&insurance::ROLE, crate::support::clerk());
    let mut dossiers = CoverDossierServiceClient::new(channel);
    let refused = dossiers.get_cover_dossier(wire::GetCoverDossierRequest::default()).await.unwrap_err();
    assert_eq!(reason(&refused), "PERMISSION_DENIED");
}
