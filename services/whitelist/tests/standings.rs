//! RecordStanding, GetStandings.

use chrono::TimeDelta;
use prost::Message as _;
use prost_types::Timestamp;
use proto::whitelist::v1 as wire;
use tonic::Code;

use crate::support::{
    OTHER_USCC, Stand, USCC, assert_refused, asset, new_id, registration, standing, timestamp,
};

fn query(uscc: &str, consent_id: &str, asset_ids: &[&str]) -> wire::StandingQuery {
    wire::StandingQuery {
        uscc: uscc.to_owned(),
        consent_id: consent_id.to_owned(),
        asset_ids: asset_ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

async fn ask(stand: &Stand, queries: Vec<wire::StandingQuery>) -> Vec<wire::Standing> {
    let request = wire::GetStandingsRequest { queries };
    stand.role("intake").get_standings(request).await.unwrap().into_inner().standings
}

#[tokio::test]
async fn a_standing_is_recorded_audited_and_told() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let mut supervisor = stand.supervisor();
    let first = supervisor.record_standing(standing(&id, stand.now())).await.unwrap().into_inner();
    assert_eq!(first.revision, 1);
    let excluded = wire::RecordStandingRequest {
        listed: false,
        grade: 0,
        exclusions: vec!["HX03".to_owned(), "HX01".to_owned()],
        ..standing(&id, stand.now())
    };
    assert_eq!(supervisor.record_standing(excluded).await.unwrap().into_inner().revision, 2);

    let audited = stand.audited().await;
    let by = "staff:staff-supervisor".to_owned();
    let recorded = |result: &str| (by.clone(), "RECORD_STANDING".to_owned(), result.to_owned());
    assert_eq!(audited[1..], [recorded("LISTED"), recorded("NOT_LISTED")]);
    let bodies: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT aggregate_version, body FROM outbox ORDER BY seq")
            .fetch_all(&stand.pool)
            .await
            .unwrap();
    assert_eq!(stand.owed().await, ["whitelist.standing-recorded.v1"; 2]);
    assert_eq!(bodies.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2]);
    let told = wire::StandingRecorded::decode(&bodies[1].1[..]).unwrap();
    assert_eq!(
        told,
        wire::StandingRecorded {
            enterprise_id: id,
            revision: 2,
            listed: false,
            grade: 0,
            exclusions: vec!["HX01".to_owned(), "HX03".to_owned()],
        }
    );
}

#[tokio::test]
async fn a_standing_that_cannot_be_is_refused_and_changes_nothing() {
    type Spoil = fn(&mut wire::RecordStandingRequest);
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    stand.supervisor().record_standing(standing(&id, stand.now())).await.unwrap();
    let before = stand.rows().await;
    let bad = Code::InvalidArgument;
    let wrong: [(Spoil, Code, &str, &str); 13] = [
        (|r| r.request_id = "x".to_owned(), bad, "REQUEST_ID_INVALID", "request_id"),
        (|r| r.enterprise_id = "x".to_owned(), bad, "UUID_INVALID", "enterprise_id"),
        (|r| r.enterprise_id = new_id(), Code::NotFound, "NOT_FOUND", "enterprise_id"),
        (|r| r.grade = 5, bad, "ENUM_UNKNOWN", "grade"),
        (|r| r.grade = 4, bad, "LISTED_WITHOUT_GRADE", "grade"),
        (|r| r.grade = 0, bad, "LISTED_WITHOUT_GRADE", "grade"),
        (|r| r.exclusions = vec!["HX01".to_owned()], bad, "LISTED_THOUGH_EXCLUDED", "listed"),
        (|r| r.exclusions = vec!["HX16".to_owned()], bad, "EXCLUSION_UNKNOWN", "exclusions[0]"),
        (|r| r.exclusions = vec!["HX01".to_owned(); 2], bad, "FIELD_REPEATED", "exclusions[1]"),
        (|r| r.exclusions = vec!["HX01".to_owned(); 16], bad, "TOO_MANY", "exclusions"),
        (|r| r.as_of = None, bad, "FIELD_REQUIRED", "as_of"),
        (
            |r| r.as_of = Some(Timestamp { seconds: 253_000_000_000, nanos: 0 }),
            bad,
            "TIME_IN_FUTURE",
            "as_of",
        ),
        (
            |r| r.as_of = Some(Timestamp { seconds: 1_000_000_000, nanos: 0 }),
            Code::FailedPrecondition,
            "STANDING_OUTDATED",
            "as_of",
        ),
    ];
    for (spoil, code, reason, field) in wrong {
        let mut request = standing(&id, stand.now());
        spoil(&mut request);
        assert_refused(stand.supervisor().record_standing(request).await, code, reason, Some(field));
    }
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn a_standing_does_not_go_around_an_exclusion_on_record_or_the_entry() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let form = wire::RecordExclusionRequest {
        request_id: new_id(),
        enterprise_id: id.clone(),
        code: "HX11".to_owned(),
        evidence_sha256: vec![7; 32],
    };
    let mut screening = crate::screening::screening(&stand, rpc::Duty::Supervisor);
    let recorded = screening.record_exclusion(form).await.unwrap().into_inner();
    let refused = stand.supervisor().record_standing(standing(&id, stand.now())).await;
    assert_refused(refused, Code::InvalidArgument, "LISTED_THOUGH_EXCLUDED", Some("listed"));
    let cure = wire::CureExclusionRequest {
        request_id: new_id(),
        exclusion_id: recorded.exclusion_id,
        evidence_sha256: vec![8; 32],
    };
    screening.cure_exclusion(cure).await.unwrap();
    stand.supervisor().record_standing(standing(&id, stand.now())).await.unwrap();

    crate::entries::nominate(&stand, &id).await;
    let refused = stand.supervisor().record_standing(standing(&id, stand.now())).await;
    assert_refused(refused, Code::FailedPrecondition, "LISTED_AGAINST_ENTRY", Some("listed"));
    let off = wire::RecordStandingRequest { listed: false, grade: 0, ..standing(&id, stand.now()) };
    stand.supervisor().record_standing(off).await.unwrap();
}

#[tokio::test]
async fn screenings_of_one_enterprise_at_once_are_all_recorded_in_a_row() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let as_of = stand.now();
    let calls = (0..4).map(|_| {
        let (mut supervisor, request) = (stand.supervisor(), standing(&id, as_of));
        tokio::spawn(async move { supervisor.record_standing(request).await.unwrap().into_inner().revision })
    });
    let mut revisions = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        revisions.push(call.await.unwrap());
    }
    revisions.sort_unstable();
    assert_eq!(revisions, [1, 2, 3, 4]);
}

#[tokio::test]
async fn standings_come_in_the_order_asked_with_profile_assets_and_consent() {
    let stand = Stand::new().await;
    let (one, other) = (stand.enterprise(USCC).await, stand.enterprise(OTHER_USCC).await);
    let consent = stand.consent(&one).await.consent_id;
    let mine = stand.clerk().register_asset(asset(&one)).await.unwrap().into_inner().asset.unwrap();
    let theirs = stand.clerk().register_asset(asset(&other)).await.unwrap().into_inner().asset.unwrap();
    stand.supervisor().record_standing(standing(&one, stand.now())).await.unwrap();
    let unknown = new_id();

    let answers = ask(
        &stand,
        vec![
            query("91350100M000100Y43", &consent, &[]),
            query(OTHER_USCC, &consent, &[&theirs.asset_id]),
            query(
                &USCC.to_lowercase(),
                &consent,
                &[&theirs.asset_id, &mine.asset_id, &unknown, &mine.asset_id],
            ),
            query(USCC, "", &[]),
            query(USCC, &new_id(), &[]),
        ],
    )
    .await;
    let [unregistered, stranger, whole, without, invented] = &answers[..] else { panic!("{answers:?}") };

    assert_eq!(unregistered, &wire::Standing::default());
    assert!(stranger.registered && !stranger.listed && !stranger.consent_active);
    assert_eq!(stranger.consent_reason, "CONSENT_WRONG_SUBJECT");
    assert_eq!((stranger.grade, stranger.standing_revision), (0, 0), "never screened");
    assert_eq!(stranger.assets, std::slice::from_ref(&theirs));

    assert_eq!(whole.enterprise.as_ref().unwrap().enterprise_id, one);
    assert_eq!((whole.listed, whole.grade, whole.standing_revision), (true, 2, 1));
    assert!(whole.consent_active && whole.consent_reason.is_empty());
    assert_eq!(whole.assets, [mine]);
    assert_eq!(whole.missing_asset_ids, [theirs.asset_id, unknown]);

    assert!(!without.consent_active && !invented.consent_active);
    assert_eq!(
        [&*without.consent_reason, &*invented.consent_reason],
        ["CONSENT_NOT_FOUND", "CONSENT_NOT_FOUND"]
    );
}

#[tokio::test]
async fn the_latest_standing_counts() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    stand.supervisor().record_standing(standing(&id, stand.now())).await.unwrap();
    let removed = wire::RecordStandingRequest {
        listed: false,
        exclusions: vec!["HX09".to_owned()],
        ..standing(&id, stand.now())
    };
    stand.supervisor().record_standing(removed).await.unwrap();
    let answers = ask(&stand, vec![query(USCC, "", &[])]).await;
    assert_eq!((answers[0].listed, answers[0].standing_revision), (false, 2));
    assert_eq!(answers[0].exclusions, ["HX09"]);
}

#[tokio::test]
async fn a_qualification_stops_counting_the_day_after_it_ends() {
    let stand = Stand::new().await;
    let clock = stand.ground.clock();
    clock.set("2026-03-02T01:00:00Z".parse().unwrap());
    let held = |code, from: &str, to: &str| wire::QualificationHeld {
        code,
        number: String::new(),
        valid_from: from.to_owned(),
        valid_to: to.to_owned(),
        ..Default::default()
    };
    let ending = held(9, "2023-03-03", "2026-03-02");
    let later = held(2, "2026-03-03", "2027-03-02");
    let request = wire::RegisterEnterpriseRequest {
        qualifications: vec![ending.clone(), later.clone()],
        ..registration()
    };
    stand.clerk().register_enterprise(request).await.unwrap();
    for (now, counting) in [("2026-03-02T15:59:59Z", ending), ("2026-03-02T16:00:00Z", later)] {
        clock.set(now.parse().unwrap());
        let answers = ask(&stand, vec![query(USCC, "", &[])]).await;
        assert_eq!(answers[0].enterprise.as_ref().unwrap().qualifications, [counting], "{now}");
    }
}

#[tokio::test]
async fn a_consent_that_ends_or_is_revoked_makes_the_next_answer_a_no() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let consent = stand.consent(&id).await;
    let asked = || vec![query(USCC, &consent.consent_id, &[])];
    assert!(ask(&stand, asked()).await[0].consent_active);
    stand.ground.clock().advance(TimeDelta::days(181));
    assert_eq!(ask(&stand, asked()).await[0].consent_reason, "CONSENT_EXPIRED");
    stand.ground.clock().advance(TimeDelta::days(-181));
    let revoke = wire::RevokeConsentRequest { request_id: new_id(), consent_id: consent.consent_id.clone() };
    stand.clerk().revoke_consent(revoke).await.unwrap();
    assert_eq!(ask(&stand, asked()).await[0].consent_reason, "CONSENT_REVOKED");
}

#[tokio::test]
async fn two_hundred_applications_are_answered_in_one_call_and_more_are_refused() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let consent = stand.consent(&id).await.consent_id;
    let answers = ask(&stand, vec![query(USCC, &consent, &[]); 200]).await;
    assert_eq!(answers.len(), 200);
    assert!(answers.iter().all(|answer| answer.consent_active));

    let refused = async |queries| {
        let request = wire::GetStandingsRequest { queries };
        stand.role("intake").get_standings(request).await
    };
    let bad = Code::InvalidArgument;
    let answer = refused(vec![query(USCC, &consent, &[]); 201]).await;
    assert_refused(answer, bad, "TOO_MANY", Some("queries"));
    let ids: Vec<String> = (0..10_000).map(|_| new_id()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let answer = refused(vec![query(USCC, &consent, &ids)]).await;
    assert_refused(answer, bad, "TOO_MANY", Some("queries[0].asset_ids"));
    let answer = refused(vec![query(USCC, &consent, &[]), query("91350100M000100Y4Z", &consent, &[])]).await;
    assert_refused(answer, bad, "USCC_INVALID", Some("queries[1].uscc"));
    let answer = refused(vec![query(USCC, "x", &["y"])]).await;
    assert_refused(answer, bad, "UUID_INVALID", Some("queries[0].asset_ids[0]"));
}

#[tokio::test]
async fn a_time_of_screening_is_kept_as_given() {
    let stand = Stand::new().await;
    let id = stand.enterprise(USCC).await;
    let as_of = stand.now() - TimeDelta::days(3);
    let request = wire::RecordStandingRequest { as_of: Some(timestamp(as_of)), ..standing(&id, stand.now()) };
    stand.supervisor().record_standing(request).await.unwrap();
    let kept: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT as_of FROM standing").fetch_one(&stand.pool).await.unwrap();
    assert_eq!(kept.timestamp(), as_of.timestamp());
}
