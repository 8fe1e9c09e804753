//! ListPublications, RetryPublication, without a platform and with one that cannot be reached.

use std::time::Duration;

use catalog::ROLE;
use proto::catalog::v1 as wire;
use rpc::Duty;
use tonic::Code;

use crate::support::{Stand, assert_refused, new_id, retirement, terms};

const LIMIT: Duration = Duration::from_secs(20);

fn on_xyd() -> wire::ProductTerms {
    wire::ProductTerms { channels: vec![1, 2], ..terms() }
}

async fn listed(stand: &Stand, state: wire::PublicationState) -> wire::ListPublicationsResponse {
    let request = wire::ListPublicationsRequest { state: state.into(), ..Default::default() };
    stand.publications().list_publications(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn without_a_platform_what_is_to_be_published_waits_and_is_seen_to() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let id = stand.published(&bank, on_xyd()).await;
    stand.published(&bank, terms()).await;
    let answer = listed(&stand, wire::PublicationState::Unspecified).await;
    assert!(!answer.platform_configured);
    let [waiting] = &answer.publications[..] else { panic!("{answer:?}") };
    assert_eq!(
        (waiting.product_id.as_str(), waiting.state()),
        (id.as_str(), wire::PublicationState::Pending)
    );
    assert_eq!((waiting.attempts, waiting.version), (0, 1));
    assert_eq!(listed(&stand, wire::PublicationState::Failed).await.publications, []);

    // What the platform never had need not be withdrawn from it.
    let suspend = wire::SuspendProductRequest { request_id: new_id(), product_id: id.clone() };
    stand.review(Duty::Clerk).suspend_product(suspend).await.unwrap();
    let gone = listed(&stand, wire::PublicationState::Withdrawn).await.publications;
    assert_eq!(gone.len(), 1);
    let resume = wire::ResumeProductRequest { request_id: new_id(), product_id: id.clone() };
    stand.review(Duty::Clerk).resume_product(resume).await.unwrap();
    assert_eq!(listed(&stand, wire::PublicationState::Pending).await.publications.len(), 1);
    stand.clerk().retire_product(retirement(&id)).await.unwrap();
    assert_eq!(listed(&stand, wire::PublicationState::Pending).await.publications, []);

    let answer = listed(&stand, wire::PublicationState::Unspecified).await;
    assert_eq!(answer.publications.len(), 1);
    let bad = wire::ListPublicationsRequest { state: 9, ..Default::default() };
    let answer = stand.publications().list_publications(bad).await;
    assert_refused(answer, Code::InvalidArgument, "ENUM_UNKNOWN", Some("state"));
    let retry = wire::RetryPublicationRequest { request_id: new_id(), product_id: new_id() };
    let answer = stand.publications().retry_publication(retry).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("product_id"));
}

#[tokio::test]
async fn a_bank_that_changes_its_name_or_department_is_shown_anew_and_nobody_else_is() {
    let stand = Stand::new().await;
    let (bank, other) = (stand.bank("济水村镇银行").await, stand.bank("王屋银行济源分行").await);
    let id = stand.published(&bank, on_xyd()).await;
    stand.published(&other, on_xyd()).await;
    let there = async || {
        let there =
            "UPDATE xyd_publication SET state = 'SYNCED', external_id = 'X' || sequence, due_at = NULL";
        sqlx::query(there).execute(&stand.pool).await.unwrap();
    };
    let waiting = async || {
        let listed = listed(&stand, wire::PublicationState::Pending).await.publications;
        listed.into_iter().map(|one| one.product_id).collect::<Vec<_>>()
    };
    let amend = async |version, name: &str, department: &str, agreement_required| {
        let request = wire::AmendInstitutionRequest {
            request_id: new_id(),
            institution_id: bank.clone(),
            version,
            name: name.to_owned(),
            responsible_department: department.to_owned(),
            financial_license_code: String::new(),
            agreement_required,
        };
        stand.upkeep().amend_institution(request).await.unwrap();
    };
    there().await;
    amend(1, "济水村镇银行", "科技金融部", true).await;
    assert_eq!(waiting().await, [""; 0], "what the platform does not show is not told again");
    amend(2, "济水村镇银行股份有限公司", "科技金融部", true).await;
    assert_eq!(waiting().await, [id.as_str()]);
    there().await;
    amend(3, "济水村镇银行股份有限公司", "普惠金融部", true).await;
    assert_eq!(waiting().await, [id.as_str()]);
}

#[tokio::test]
async fn a_platform_that_cannot_be_reached_is_tried_again_later_and_seen_to_fail() {
    // Nobody listens on the port of a listener that is gone.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ground = testkit::ground(&[&ROLE]).await;
    let served =
        ground.serve(&ROLE, &[("ZHIRONG_CATALOG_XYD_URL", &format!("http://127.0.0.1:{port}"))]).await;
    let stand = Stand::of(ground, served);
    let bank = stand.bank("济水村镇银行").await;
    let id = stand.published(&bank, on_xyd()).await;
    let failed = testkit::eventually(LIMIT, || async {
        listed(&stand, wire::PublicationState::Failed).await.publications.into_iter().next()
    })
    .await;
    assert_eq!((failed.product_id.as_str(), failed.last_failure.as_str()), (id.as_str(), "UNREACHABLE"));
    assert!(failed.attempts >= 1 && failed.next_attempt_at.is_some());
    let retry = wire::RetryPublicationRequest { request_id: new_id(), product_id: id.clone() };
    stand.publications().retry_publication(retry).await.unwrap();
    testkit::eventually(LIMIT, || async {
        let found = listed(&stand, wire::PublicationState::Failed).await.publications;
        found.first().is_some_and(|one| one.attempts > failed.attempts)
    })
    .await;
}
