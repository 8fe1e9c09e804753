//! Who is let in, and how that ends.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use proto::partner::v1::{
    Credential, IssueCredentialRequest, ListAssignmentsRequest, ListCredentialsRequest, PullEventsRequest,
    PullEventsResponse, RevokeCredentialRequest, RotateCredentialRequest,
};
use rpc::Duty;
use rpc::client::Channel;
use testkit::eventually;
use testkit::tls::Authority;
use tokio::task::JoinHandle;
use tonic::{Code, Response, Status};

use crate::field::{Bank, Field, LIMIT, refusal, uuid};

const LONG_POLL: PullEventsRequest = PullEventsRequest { max_events: 10, wait_seconds: 60, lease_seconds: 0 };

async fn list(channel: Channel) -> Result<(), tonic::Status> {
    let request = ListAssignmentsRequest::default();
    AssignmentServiceClient::new(channel).list_assignments(request).await.map(|_| ())
}

fn revocation(bank: &Bank) -> RevokeCredentialRequest {
    RevokeCredentialRequest { request_id: uuid(), credential_id: bank.credential_id.clone() }
}

async fn credentials_of(field: &Field, bank: &Bank) -> Vec<Credential> {
    let request = ListCredentialsRequest { institution_id: bank.id.to_string() };
    field.administrator().list_credentials(request).await.unwrap().into_inner().credentials
}

type Poll = JoinHandle<Result<Response<PullEventsResponse>, Status>>;

/// A long poll that is open: its look at the feed has been written down as the credential's first use.
async fn open_poll(field: &Field, bank: &Bank) -> Poll {
    let mut events = bank.events.clone();
    let poll = tokio::spawn(async move { events.pull_events(LONG_POLL).await });
    eventually(LIMIT, async || credentials_of(field, bank).await[0].last_used_at.is_some()).await;
    assert!(!poll.is_finished());
    poll
}

#[tokio::test]
async fn a_token_opens_the_door_only_with_its_own_certificate() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let other = field.bank().await;
    list(field.connect(&bank.certificate, &bank.token)).await.unwrap();
    let crossed = list(field.connect(&other.certificate, &bank.token)).await;
    assert_eq!(refusal(crossed), (Code::Unauthenticated, "CERTIFICATE_MISMATCH".to_owned()));
    let unknown = list(field.connect(&bank.certificate, &"A".repeat(43))).await;
    assert_eq!(refusal(unknown), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    let nonsense = list(field.connect(&bank.certificate, "nonsense")).await;
    assert_eq!(refusal(nonsense), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not_even_connect() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let stranger = Authority::new().client("a bank");
    let (code, _) = refusal(list(field.connect(&stranger, &bank.token)).await);
    assert_eq!(code, Code::Unavailable);
}

#[tokio::test]
async fn an_expired_credential_is_refused_and_ends_what_is_open() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let poll = open_poll(&field, &bank).await;
    field.ground.clock().advance(TimeDelta::days(30));
    let ended = tokio::time::timeout(LIMIT, poll).await.unwrap().unwrap();
    assert_eq!(refusal(ended), (Code::Unauthenticated, "CREDENTIAL_EXPIRED".to_owned()));
    let after = bank.pull(PullEventsRequest::default()).await;
    assert_eq!(refusal(after), (Code::Unauthenticated, "CREDENTIAL_EXPIRED".to_owned()));
}

#[tokio::test]
async fn revocation_ends_an_open_long_poll_within_two_seconds() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let poll = open_poll(&field, &bank).await;
    let start = Instant::now();
    let answer = field.administrator().revoke_credential(revocation(&bank)).await.unwrap().into_inner();
    assert!(answer.credential.unwrap().revoked_at.is_some());
    let ended =
        tokio::time::timeout(Duration::from_secs(2), poll).await.expect("within two seconds").unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(refusal(ended), (Code::Unauthenticated, "CREDENTIAL_REVOKED".to_owned()));
    let after = bank.pull(PullEventsRequest::default()).await;
    assert_eq!(refusal(after), (Code::Unauthenticated, "CREDENTIAL_REVOKED".to_owned()));
    // Another process would not be told; the epoch in the database tells it.
    field.administrator().revoke_credential(revocation(&bank)).await.expect("revoking twice is no error");
}

#[tokio::test]
async fn a_revocation_by_another_process_is_noticed_within_two_seconds() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let poll = open_poll(&field, &bank).await;
    let id: uuid::Uuid = bank.credential_id.parse().unwrap();
    let mut transaction = field.pool.begin().await.unwrap();
    sqlx::query("UPDATE credential SET revoked_at = $2 WHERE credential_id = $1")
        .bind(id)
        .bind(field.now())
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query("UPDATE credential_epoch SET epoch = epoch + 1").execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let ended =
        tokio::time::timeout(Duration::from_secs(2), poll).await.expect("within two seconds").unwrap();
    assert_eq!(refusal(ended), (Code::Unauthenticated, "CREDENTIAL_REVOKED".to_owned()));
}

#[tokio::test]
async fn rotation_lets_the_old_token_work_until_the_overlap_is_over() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let certificate = field.authority.client("a bank");
    let request = RotateCredentialRequest {
        request_id: uuid(),
        credential_id: bank.credential_id.clone(),
        certificate_pem: certificate.certificate_pem.clone(),
        valid_days: 400,
        overlap_seconds: 600,
    };
    let rotated = field.administrator().rotate_credential(request).await.unwrap().into_inner();
    let new = field.connect(&certificate, &rotated.token);
    list(new.clone()).await.unwrap();
    list(field.connect(&bank.certificate, &bank.token)).await.unwrap();
    let crossed = list(field.connect(&bank.certificate, &rotated.token)).await;
    assert_eq!(refusal(crossed).1, "CERTIFICATE_MISMATCH");
    field.advance(600);
    list(new).await.unwrap();
    let old = list(field.connect(&bank.certificate, &bank.token)).await;
    assert_eq!(refusal(old), (Code::Unauthenticated, "CREDENTIAL_EXPIRED".to_owned()));
    let again = RotateCredentialRequest {
        request_id: uuid(),
        credential_id: bank.credential_id.clone(),
        certificate_pem: String::new(),
        valid_days: 1,
        overlap_seconds: 0,
    };
    let ended = field.administrator().rotate_credential(again).await;
    assert_eq!(refusal(ended), (Code::FailedPrecondition, "CREDENTIAL_ENDED".to_owned()));
}

#[tokio::test]
async fn a_token_is_shown_once_and_its_hash_alone_is_kept() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let request = IssueCredentialRequest {
        request_id: uuid(),
        institution_id: bank.id.to_string(),
        role: 1,
        certificate_pem: bank.certificate.certificate_pem.clone(),
        scopes: vec![],
        valid_days: 1,
    };
    let mut administrator = field.administrator();
    let first = administrator.issue_credential(request.clone()).await.unwrap().into_inner();
    let again = administrator.issue_credential(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.token.len(), 43);
    assert_eq!(again.token, "");
    assert_eq!(again.credential, first.credential);
    let reused = administrator.issue_credential(IssueCredentialRequest { valid_days: 2, ..request }).await;
    assert_eq!(refusal(reused), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    let kept: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM request_replay WHERE position($1::bytea IN response) > 0)",
    )
    .bind(first.token.as_bytes())
    .fetch_one(&field.pool)
    .await
    .unwrap();
    assert!(!kept);
    assert_eq!(credentials_of(&field, &bank).await.len(), 2);
    let audited: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entry WHERE actor = 'staff:s-001' AND action = 'ISSUE_CREDENTIAL'",
    )
    .fetch_one(&field.pool)
    .await
    .unwrap();
    assert_eq!(audited, 2);
}

#[tokio::test]
async fn only_an_administrator_issues_and_every_wrong_field_is_named() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let good = IssueCredentialRequest {
        request_id: uuid(),
        institution_id: bank.id.to_string(),
        role: 1,
        certificate_pem: field.authority.client("a bank").certificate_pem,
        scopes: vec!["events".to_owned()],
        valid_days: 400,
    };
    for duty in [Duty::Clerk, Duty::Supervisor, Duty::Operator, Duty::Regulator] {
        let refused = field.staff(duty).issue_credential(good.clone()).await;
        assert_eq!(refusal(refused), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    }
    let two = format!("{0}{0}", good.certificate_pem);
    let table = [
        (
            IssueCredentialRequest { request_id: "x".into(), ..good.clone() },
            "request_id",
            "REQUEST_ID_INVALID",
        ),
        (
            IssueCredentialRequest { institution_id: "x".into(), ..good.clone() },
            "institution_id",
            "UUID_INVALID",
        ),
        (IssueCredentialRequest { role: 0, ..good.clone() }, "role", "ENUM_UNSPECIFIED"),
        (IssueCredentialRequest { role: 10, ..good.clone() }, "role", "ENUM_UNKNOWN"),
        (IssueCredentialRequest { valid_days: 401, ..good.clone() }, "valid_days", "NUMBER_OUT_OF_RANGE"),
        (IssueCredentialRequest { valid_days: 0, ..good.clone() }, "valid_days", "NUMBER_OUT_OF_RANGE"),
        (IssueCredentialRequest { scopes: vec!["all".into()], ..good.clone() }, "scopes[0]", "SCOPE_UNKNOWN"),
        (
            IssueCredentialRequest { certificate_pem: String::new(), ..good.clone() },
            "certificate_pem",
            "FIELD_REQUIRED",
        ),
        (
            IssueCredentialRequest { certificate_pem: "x".into(), ..good.clone() },
            "certificate_pem",
            "CERTIFICATE_UNREADABLE",
        ),
        (
            IssueCredentialRequest { certificate_pem: two, ..good.clone() },
            "certificate_pem",
            "CERTIFICATE_UNREADABLE",
        ),
    ];
    for (request, path, reason) in table {
        let status = field.administrator().issue_credential(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(rpc::status::violations(&status), [(path.to_owned(), reason.to_owned())]);
    }
    let taken = IssueCredentialRequest { certificate_pem: bank.certificate.certificate_pem.clone(), ..good };
    let taken = IssueCredentialRequest { institution_id: uuid(), ..taken };
    let refused = field.administrator().issue_credential(taken).await;
    assert_eq!(refusal(refused), (Code::FailedPrecondition, "CERTIFICATE_TAKEN".to_owned()));
}

#[tokio::test]
async fn a_credential_opens_its_scopes_only() {
    let field = Field::new().await;
    let bank = field.bank_with(&["events"]).await;
    bank.look().await;
    let refused = list(field.connect(&bank.certificate, &bank.token)).await;
    assert_eq!(refusal(refused), (Code::PermissionDenied, "SCOPE_MISSING".to_owned()));
}
