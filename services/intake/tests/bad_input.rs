//! Bad input gets a canonical code, a reason and the field, and changes nothing.

use proto::intake::v1 as wire;
use tonic::Code;

use crate::support::{Client, Town, application, id, reason, submission, town};

async fn cases(client: &mut Client) -> usize {
    client.list_cases(wire::ListCasesRequest::default()).await.unwrap().into_inner().cases.len()
}

fn field(status: &tonic::Status) -> String {
    rpc::status::violations(status).first().map(|(field, _)| field.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_application_is_refused_by_field_and_nothing_is_stored() {
    let town = town().await;
    let Town { client, ground, .. } = &town;
    let mut client = client.clone();
    let bad: Vec<(&str, &str, wire::Application)> = vec![
        (
            "USCC_INVALID",
            "application.uscc",
            wire::Application { uscc: "91350100M000100Y4Z".into(), ..application(1) },
        ),
        (
            "APPLICATION_INCOMPLETE",
            "application.amount_fen",
            wire::Application { amount_fen: 0, ..application(1) },
        ),
        (
            "AMOUNT_OUT_OF_RANGE",
            "application.amount_fen",
            wire::Application { amount_fen: 30_000_000_001, ..application(1) },
        ),
        (
            "AMOUNT_OUT_OF_RANGE",
            "application.amount_fen",
            wire::Application { amount_fen: -1, ..application(1) },
        ),
        (
            "APPLICATION_INCOMPLETE",
            "application.term_months",
            wire::Application { term_months: 0, ..application(1) },
        ),
        (
            "TERM_OUT_OF_RANGE",
            "application.term_months",
            wire::Application { term_months: 121, ..application(1) },
        ),
        (
            "FIELD_TOO_LONG",
            "application.purpose",
            wire::Application { purpose: "用".repeat(501), ..application(1) },
        ),
        (
            "TOO_MANY",
            "application.asset_ids",
            wire::Application { asset_ids: (0..10_000).map(|_| id()).collect(), ..application(1) },
        ),
        (
            "UUID_INVALID",
            "application.asset_ids[0]",
            wire::Application { asset_ids: vec!["none".into()], ..application(1) },
        ),
        (
            "ENUM_UNKNOWN",
            "application.enhancement[0]",
            wire::Application { enhancement: vec![99], ..application(1) },
        ),
        (
            "UUID_INVALID",
            "application.consent_id",
            wire::Application { consent_id: "x".into(), ..application(1) },
        ),
        (
            "APPLICATION_INCOMPLETE",
            "application.documents[D01]",
            wire::Application { documents: Vec::new(), ..application(1) },
        ),
    ];
    for (expected, at, application) in bad {
        let status = client.submit_application(submission(application)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{expected} {status:?}");
        assert_eq!((reason(&status).as_str(), field(&status).as_str()), (expected, at));
    }
    let no_channel = wire::SubmitApplicationRequest { channel: 0, ..submission(application(1)) };
    assert_eq!(reason(&client.submit_application(no_channel).await.unwrap_err()), "ENUM_UNSPECIFIED");
    let no_id = wire::SubmitApplicationRequest { request_id: "7".into(), ..submission(application(1)) };
    assert_eq!(reason(&client.submit_application(no_id).await.unwrap_err()), "REQUEST_ID_INVALID");
    let large = wire::Application { purpose: "x".repeat(20 << 20), ..application(1) };
    assert_eq!(reason(&client.submit_application(submission(large)).await.unwrap_err()), "BODY_TOO_LARGE");
    assert_eq!(cases(&mut client).await, 0);
    for table in ["outbox", "audit_entry", "request_replay", "case_entry"] {
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
            .fetch_one(&ground.owner_pool(&intake::ROLE))
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_case_a_wrong_id_and_a_wrong_state_are_told_apart() {
    let mut town = town().await;
    let withdraw = |case_id: &str| wire::WithdrawCaseRequest {
        request_id: id(),
        case_id: case_id.to_owned(),
        reason: String::new(),
    };
    let unknown = town.client.withdraw_case(withdraw(&id())).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "CASE_NOT_FOUND"));
    let wrong = town.client.withdraw_case(withdraw("case-7")).await.unwrap_err();
    assert_eq!((wrong.code(), reason(&wrong).as_str()), (Code::InvalidArgument, "UUID_INVALID"));
    let case = town.submit(application(1)).await;
    town.reaches(&case, wire::CaseState::Collecting).await;
    let give_up =
        wire::GiveUpCaseRequest { request_id: id(), case_id: case.case_id.clone(), reason: String::new() };
    let refused = town.client.give_up_case(give_up).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CASE_STATE"));
    let named =
        wire::WithdrawCaseRequest { reason: "联系 13800001234".to_owned(), ..withdraw(&case.case_id) };
    assert_eq!(reason(&town.client.withdraw_case(named).await.unwrap_err()), "TEXT_HAS_IDENTIFIER");
    assert_eq!(town.view(&case).await.header.unwrap().state, i32::from(wire::CaseState::Collecting));
}
