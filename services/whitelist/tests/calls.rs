//! What holds for every method: request ids, who may call, the size of a request.

use prost::Message as _;
use proto::whitelist::v1 as wire;
use rpc::{Actor, Duty};
use tonic::Code;

use crate::support::{Stand, USCC, assert_refused, asset, consent, new_id, registration, standing};

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_and_is_done_once() {
    let stand = Stand::new().await;
    let (mut clerk, mut supervisor) = (stand.clerk(), stand.supervisor());

    let request = registration();
    let first = clerk.register_enterprise(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.register_enterprise(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);
    let id = first.enterprise.unwrap().enterprise_id;

    let request = asset(&id);
    let first = clerk.register_asset(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.register_asset(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let request = consent(&id, stand.now());
    let first = clerk.grant_consent(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.grant_consent(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let request =
        wire::RevokeConsentRequest { request_id: new_id(), consent_id: first.consent.unwrap().consent_id };
    let first = clerk.revoke_consent(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.revoke_consent(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let request = standing(&id, stand.now());
    let first = supervisor.record_standing(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(supervisor.record_standing(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn a_request_id_that_comes_with_another_body_or_for_another_method_is_refused() {
    let stand = Stand::new().await;
    let (mut clerk, mut supervisor) = (stand.clerk(), stand.supervisor());
    let used = registration();
    let id =
        clerk.register_enterprise(used.clone()).await.unwrap().into_inner().enterprise.unwrap().enterprise_id;
    let by_supervisor = standing(&id, stand.now());
    supervisor.record_standing(by_supervisor.clone()).await.unwrap();
    let rows = stand.rows().await;

    let reused = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::AlreadyExists, "REQUEST_ID_REUSED", Some("request_id"));
    };
    let request_id = used.request_id.clone();
    let other = wire::RegisterEnterpriseRequest { size: 4, ..used };
    reused(clerk.register_enterprise(other).await.map(drop));
    let other = wire::RegisterAssetRequest { request_id: request_id.clone(), ..asset(&id) };
    reused(clerk.register_asset(other).await.map(drop));
    let other = wire::GrantConsentRequest { request_id: request_id.clone(), ..consent(&id, stand.now()) };
    reused(clerk.grant_consent(other).await.map(drop));
    let other = wire::RevokeConsentRequest { request_id, consent_id: new_id() };
    reused(clerk.revoke_consent(other).await.map(drop));
    let other = wire::RecordStandingRequest { grade: 1, ..by_supervisor };
    reused(supervisor.record_standing(other).await.map(drop));
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn the_same_request_sent_four_times_at_once_is_done_once_and_answered_alike() {
    let stand = Stand::new().await;
    let request = registration();
    let calls = (0..4).map(|_| {
        let (mut clerk, request) = (stand.clerk(), request.clone());
        tokio::spawn(async move { clerk.register_enterprise(request).await.unwrap().into_inner() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    let [enterprises, _, _, _, _, audited, replays, _] = stand.rows().await;
    assert_eq!((enterprises, audited, replays), (1, 1, 1));
}

#[tokio::test]
async fn each_method_lets_in_whom_its_policy_names_and_nobody_else() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let rows = stand.rows().await;
    let bank = Actor::Institution {
        id: kernel::InstitutionId::from_uuid(uuid::Uuid::new_v4()),
        role: kernel::InstitutionRole::Bank,
        person: None,
    };
    let denied = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    };
    for mut outsider in [
        stand.staff(Duty::Operator),
        stand.staff(Duty::Regulator),
        stand.role("intake"),
        stand.client(bank.clone()),
    ] {
        denied(outsider.register_enterprise(registration()).await.map(drop));
        denied(outsider.register_asset(asset(&id)).await.map(drop));
        denied(outsider.grant_consent(consent(&id, stand.now())).await.map(drop));
        let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: new_id() };
        denied(outsider.revoke_consent(revoke).await.map(drop));
        denied(outsider.record_standing(standing(&id, stand.now())).await.map(drop));
    }
    denied(stand.clerk().record_standing(standing(&id, stand.now())).await.map(drop));
    for mut outsider in [stand.staff(Duty::Operator), stand.role("statistics"), stand.client(bank.clone())] {
        denied(outsider.check_consent(wire::CheckConsentRequest::default()).await.map(drop));
        denied(outsider.get_standings(wire::GetStandingsRequest::default()).await.map(drop));
    }
    for mut outsider in [stand.staff(Duty::Operator), stand.client(bank)] {
        denied(outsider.get_enterprise(wire::GetEnterpriseRequest::default()).await.map(drop));
        denied(outsider.list_assets(wire::ListAssetsRequest::default()).await.map(drop));
    }
    for role in ["intake", "partner", "insurance", "catalog"] {
        let answer = stand.role(role).get_standings(wire::GetStandingsRequest::default()).await.unwrap();
        assert_eq!(answer.into_inner().standings, []);
    }
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn a_request_that_is_far_too_large_is_refused() {
    let stand = Stand::new().await;
    let rows = stand.rows().await;
    let request = wire::RegisterEnterpriseRequest { name: "x".repeat(20 * 1024 * 1024), ..registration() };
    assert!(request.encoded_len() > 20 * 1024 * 1024);
    let answer = stand.clerk().register_enterprise(request).await;
    assert_refused(answer, Code::ResourceExhausted, "BODY_TOO_LARGE", None);
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn a_number_is_checked_as_it_is_typed_and_a_wrong_one_is_an_answer() {
    let stand = Stand::new().await;
    let mut clerk = stand.clerk();
    let rows = stand.rows().await;
    let mut ask = async |kind: wire::IdentifierKind, text: &str| {
        let request = wire::CheckIdentifierRequest { kind: kind.into(), text: text.to_owned() };
        clerk.check_identifier(request).await
    };
    let patent =
        ask(wire::IdentifierKind::Patent, "ＺＬ２０２２１０１２３４５６１").await.unwrap().into_inner();
    assert!(patent.valid);
    assert_eq!((patent.normalised.as_str(), patent.year), ("202210123456.1", 2022));
    let firm = ask(wire::IdentifierKind::Uscc, "91419001ma9abc128h").await.unwrap().into_inner();
    assert_eq!((firm.region.as_str(), firm.present_region.as_str()), ("419001", "419001"));
    let wrong = ask(wire::IdentifierKind::Uscc, "91350100M000100Y44").await.unwrap().into_inner();
    assert!(!wrong.valid && !wrong.message.is_empty() && wrong.normalised.is_empty());
    assert_eq!(wrong.reason, "USCC_CHECK");
    let resident = ask(wire::IdentifierKind::ResidentId, "11010519491231002X").await.unwrap().into_inner();
    assert_eq!(resident.normalised, "110105********002X");
    for number in 1..=23 {
        ask(wire::IdentifierKind::try_from(number).unwrap(), "x").await.unwrap();
    }
    let former = ask(wire::IdentifierKind::Region, "419003").await.unwrap().into_inner();
    assert_eq!((former.present_region.as_str(), former.region_years.as_str()), ("419001", "1988–1994"));
    let unknown = ask(wire::IdentifierKind::Unspecified, "1").await.map(drop);
    assert_refused(unknown, Code::InvalidArgument, "ENUM_UNSPECIFIED", Some("kind"));
    assert_eq!(stand.rows().await, rows);
}
