//! GrantConsent, RevokeConsent, CheckConsent.

use chrono::TimeDelta;
use prost::Message as _;
use prost_types::Timestamp;
use proto::whitelist::v1 as wire;
use tonic::Code;

use crate::support::{OTHER_USCC, Stand, USCC, assert_refused, consent, new_id, timestamp};

fn question(consent_id: &str, enterprise_id: &str) -> wire::CheckConsentRequest {
    wire::CheckConsentRequest {
        consent_id: consent_id.to_owned(),
        enterprise_id: enterprise_id.to_owned(),
        uscc: String::new(),
        purpose: 1,
        categories: vec![1, 4],
        recipient_institution_id: String::new(),
        person_resident_id: String::new(),
    }
}

/// The reason why not, or an empty text for yes.
async fn answer(stand: &Stand, question: wire::CheckConsentRequest) -> String {
    let answer = stand.role("partner").check_consent(question).await.unwrap().into_inner();
    assert_eq!(answer.allowed, answer.reason.is_empty());
    assert!(answer.checked_at.is_some());
    answer.reason
}

#[tokio::test]
async fn a_granted_consent_allows_what_it_covers_until_it_is_revoked() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let granted = stand.consent(&id).await;
    assert_eq!(
        (granted.enterprise_id.as_str(), granted.purpose, &granted.categories[..]),
        (&*id, 1, &[1, 4][..])
    );
    assert_eq!(granted.revoked_at, None);
    assert_eq!(answer(&stand, question(&granted.consent_id, &id)).await, "");

    let revoke =
        || wire::RevokeConsentRequest { request_id: new_id(), consent_id: granted.consent_id.clone() };
    let revoked = stand.clerk().revoke_consent(revoke()).await.unwrap().into_inner().consent.unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(answer(&stand, question(&granted.consent_id, &id)).await, "CONSENT_REVOKED");
    let again = stand.clerk().revoke_consent(revoke()).await.unwrap().into_inner().consent.unwrap();
    assert_eq!(again, revoked, "the first revocation counts");

    assert_eq!(stand.owed().await, ["whitelist.consent-granted.v1", "whitelist.consent-revoked.v1"]);
    let audited = stand.audited().await;
    let done: Vec<_> = audited.iter().map(|(_, action, result)| (action.as_str(), result.as_str())).collect();
    assert_eq!(
        done[1..],
        [("GRANT_CONSENT", "DONE"), ("REVOKE_CONSENT", "DONE"), ("REVOKE_CONSENT", "ALREADY_APPLIED")]
    );
}

#[tokio::test]
async fn messages_about_a_consent_carry_ids_and_count_its_versions() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let granted = stand.consent(&id).await;
    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: granted.consent_id.clone() };
    let revoked = stand.clerk().revoke_consent(revoke).await.unwrap().into_inner().consent.unwrap();
    let rows: Vec<(uuid::Uuid, i64, Vec<u8>)> =
        sqlx::query_as("SELECT aggregate_id, aggregate_version, body FROM outbox ORDER BY seq")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    let [(first_id, 1, first), (second_id, 2, second)] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!([first_id.to_string(), second_id.to_string()], [(); 2].map(|()| granted.consent_id.clone()));
    let told = wire::ConsentGranted { consent_id: granted.consent_id.clone(), enterprise_id: id.clone() };
    assert_eq!(wire::ConsentGranted::decode(&first[..]).unwrap(), told);
    let told = wire::ConsentRevoked {
        consent_id: granted.consent_id,
        enterprise_id: id,
        revoked_at: revoked.revoked_at,
    };
    assert_eq!(wire::ConsentRevoked::decode(&second[..]).unwrap(), told);
}

#[tokio::test]
async fn a_consent_denies_what_it_does_not_cover() {
    let stand = Stand::new().await;
    let (id, other) = (stand.enterprise(USCC).await, stand.enterprise(OTHER_USCC).await);
    let bank = new_id();
    let request = wire::GrantConsentRequest {
        recipient_institution_ids: vec![bank.clone()],
        ..consent(&id, stand.now())
    };
    let granted = stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap();
    let asked = || question(&granted.consent_id, &id);
    let by_uscc = |uscc: &str| wire::CheckConsentRequest {
        enterprise_id: String::new(),
        uscc: uscc.to_owned(),
        ..asked()
    };
    for (question, wanted) in [
        (asked(), ""),
        (by_uscc(&USCC.to_lowercase()), ""),
        (wire::CheckConsentRequest { recipient_institution_id: bank, ..asked() }, ""),
        (question(&new_id(), &id), "CONSENT_NOT_FOUND"),
        (question(&granted.consent_id, &other), "CONSENT_WRONG_SUBJECT"),
        (by_uscc(OTHER_USCC), "CONSENT_WRONG_SUBJECT"),
        (by_uscc("91350100M000100Y43"), "CONSENT_WRONG_SUBJECT"),
        (wire::CheckConsentRequest { categories: vec![1, 2], ..asked() }, "CONSENT_CATEGORY_MISSING"),
        (
            wire::CheckConsentRequest { recipient_institution_id: new_id(), ..asked() },
            "CONSENT_RECIPIENT_NOT_NAMED",
        ),
    ] {
        assert_eq!(answer(&stand, question.clone()).await, wanted, "{question:?}");
    }
}

#[tokio::test]
async fn a_consent_holds_from_its_signature_to_its_end() {
    let stand = Stand::new().await;
    let clock = stand.ground.clock();
    clock.set("2026-03-02T01:00:00Z".parse().unwrap());
    let id = stand.enterprise(USCC).await;
    let (signed, end) = (stand.now() + TimeDelta::minutes(2), stand.now() + TimeDelta::days(1));
    let request = wire::GrantConsentRequest {
        signed_at: Some(timestamp(signed)),
        valid_to: Some(timestamp(end)),
        ..consent(&id, stand.now())
    };
    let granted = stand.clerk().grant_consent(request).await.unwrap().into_inner().consent.unwrap();
    let second = TimeDelta::seconds(1);
    for (now, wanted) in [
        (signed - second, "CONSENT_NOT_YET_VALID"),
        (signed, ""),
        (end, ""),
        (end + second, "CONSENT_EXPIRED"),
    ] {
        clock.set(now);
        assert_eq!(answer(&stand, question(&granted.consent_id, &id)).await, wanted, "{now}");
    }
}

#[tokio::test]
async fn a_consent_with_a_wrong_field_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::GrantConsentRequest);
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let before = stand.rows().await;
    let wrong: [(Spoil, Code, &str, &str); 18] = [
        (|r| r.request_id = String::new(), Code::InvalidArgument, "REQUEST_ID_INVALID", "request_id"),
        (|r| r.enterprise_id = "x".to_owned(), Code::InvalidArgument, "UUID_INVALID", "enterprise_id"),
        (|r| r.enterprise_id = new_id(), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (|r| r.purpose = 0, Code::InvalidArgument, "ENUM_UNSPECIFIED", "purpose"),
        (|r| r.purpose = 5, Code::InvalidArgument, "ENUM_UNKNOWN", "purpose"),
        (|r| r.categories.clear(), Code::InvalidArgument, "FIELD_REQUIRED", "categories"),
        (|r| r.categories = vec![1, 7], Code::InvalidArgument, "ENUM_UNKNOWN", "categories[1]"),
        (|r| r.categories = vec![1, 1], Code::InvalidArgument, "FIELD_REPEATED", "categories[1]"),
        (
            |r| r.recipient_institution_ids = vec!["x".to_owned()],
            Code::InvalidArgument,
            "UUID_INVALID",
            "recipient_institution_ids[0]",
        ),
        (
            |r| r.recipient_institution_ids = (0..201).map(|_| new_id()).collect(),
            Code::InvalidArgument,
            "TOO_MANY",
            "recipient_institution_ids",
        ),
        (|r| r.signed_at = None, Code::InvalidArgument, "FIELD_REQUIRED", "signed_at"),
        (
            |r| r.signed_at = Some(Timestamp { seconds: i64::MAX, nanos: -1 }),
            Code::InvalidArgument,
            "TIME_INVALID",
            "signed_at",
        ),
        (
            |r| r.signed_at = Some(Timestamp { seconds: 253_000_000_000, nanos: 0 }),
            Code::InvalidArgument,
            "TIME_IN_FUTURE",
            "signed_at",
        ),
        (|r| r.valid_to = None, Code::InvalidArgument, "FIELD_REQUIRED", "valid_to"),
        (|r| r.valid_to = r.signed_at, Code::InvalidArgument, "CONSENT_PERIOD_INVALID", "valid_to"),
        (|r| r.text_sha256.clear(), Code::InvalidArgument, "FIELD_REQUIRED", "text_sha256"),
        (|r| r.text_sha256.push(1), Code::InvalidArgument, "DIGEST_INVALID", "text_sha256"),
        (|r| r.evidence_sha256.truncate(31), Code::InvalidArgument, "DIGEST_INVALID", "evidence_sha256"),
    ];
    for (spoil, code, reason, field) in wrong {
        let mut request = consent(&id, stand.now());
        spoil(&mut request);
        assert_refused(stand.clerk().grant_consent(request).await, code, reason, Some(field));
    }
    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: new_id() };
    assert_refused(
        stand.clerk().revoke_consent(revoke).await,
        Code::NotFound,
        "NOT_FOUND",
        Some("consent_id"),
    );
    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: "x".to_owned() };
    let answer = stand.clerk().revoke_consent(revoke).await;
    assert_refused(answer, Code::InvalidArgument, "UUID_INVALID", Some("consent_id"));
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn a_question_about_a_consent_that_is_none_is_refused() {
    type Spoil = fn(&mut wire::CheckConsentRequest);
    let stand = Stand::new().await;
    let wrong: [(Spoil, &str, &str); 8] = [
        (|r| r.consent_id = "x".to_owned(), "UUID_INVALID", "consent_id"),
        (|r| r.enterprise_id = String::new(), "FIELD_REQUIRED", "enterprise_id"),
        (|r| r.uscc = USCC.to_owned(), "FIELD_INVALID", "uscc"),
        (
            |r| {
                r.enterprise_id = String::new();
                r.uscc = "91350100M000100Y4Z".to_owned();
            },
            "USCC_INVALID",
            "uscc",
        ),
        (|r| r.purpose = 7, "ENUM_UNKNOWN", "purpose"),
        (|r| r.categories = vec![], "FIELD_REQUIRED", "categories"),
        (|r| r.categories = vec![0], "ENUM_UNSPECIFIED", "categories[0]"),
        (|r| r.recipient_institution_id = "x".to_owned(), "UUID_INVALID", "recipient_institution_id"),
    ];
    for (spoil, reason, field) in wrong {
        let mut request = question(&new_id(), &new_id());
        spoil(&mut request);
        let answer = stand.role("intake").check_consent(request).await;
        assert_refused(answer, Code::InvalidArgument, reason, Some(field));
    }
}
