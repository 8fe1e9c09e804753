//! The review of products: a second person, always.

use proto::catalog::v1 as wire;
use rpc::Duty;
use tonic::Code;

use crate::support::{Stand, approval, assert_refused, new_id, publication, retirement, revision, terms};

fn state(product: &wire::Product) -> (wire::ProductState, Option<wire::ProductState>) {
    (product.state(), product.pending.as_ref().map(wire::PendingVersion::state))
}

fn returned(product_id: &str, version: i32) -> wire::ReturnProductRequest {
    wire::ReturnProductRequest {
        request_id: new_id(),
        product_id: product_id.to_owned(),
        version,
        text: "请补充评估费的收取标准。".to_owned(),
    }
}

#[tokio::test]
async fn a_product_goes_through_review_back_to_its_author_and_out() {
    use wire::ProductState::{Approved, Draft, InReview, Published, Returned};
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, terms()).await;
    let id = draft.product_id.as_str();
    assert_eq!(state(&draft), (Draft, Some(Draft)));
    assert_eq!(draft.pending.as_ref().unwrap().author, "staff:staff-clerk");
    assert_eq!(state(&stand.submit(id, 1).await), (InReview, Some(InReview)));

    let list = async || {
        let request = wire::ListReviewsRequest::default();
        stand.review(Duty::Clerk).list_reviews(request).await.unwrap().into_inner().products
    };
    assert_eq!(list().await.iter().map(|one| one.product_id.as_str()).collect::<Vec<_>>(), [id]);
    let mut reviewer = stand.review(Duty::Supervisor);
    let answer = reviewer.return_product(returned(id, 1)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(state(&answer), (Returned, Some(Returned)));
    assert!(list().await.is_empty());

    let revised = stand.clerk().revise_product(revision(&draft)).await.unwrap().into_inner().product.unwrap();
    assert_eq!((state(&revised), revised.newest_version), ((Draft, Some(Draft)), 2));
    stand.submit(id, 2).await;
    let only = wire::ApproveProductRequest { publish: false, ..approval(id, 2) };
    let approved = reviewer.approve_product(only).await.unwrap().into_inner().product.unwrap();
    assert_eq!(state(&approved), (Approved, Some(Approved)));
    let request = publication(id, 2);
    let published = stand.supervisor().publish_product(request).await.unwrap().into_inner().product.unwrap();
    assert_eq!((state(&published), published.version), ((Published, None), 2));
    assert_eq!(published.approved_by, "staff:staff-supervisor");

    // A change is in review at once, and the published version stays in force.
    let change =
        stand.clerk().revise_product(revision(&published)).await.unwrap().into_inner().product.unwrap();
    assert_eq!((state(&change), change.version, change.newest_version), ((Published, Some(InReview)), 2, 3));
    assert_eq!(list().await[0].version, 3, "the version that waits is shown to the reviewer");

    let request = wire::ListProductActsRequest { product_id: id.to_owned() };
    let acts = stand.review(Duty::Regulator).list_product_acts(request).await.unwrap().into_inner().acts;
    let told: Vec<_> = acts.iter().map(|act| (act.revision, act.version, act.act.as_str())).collect();
    assert_eq!(
        told,
        [
            (1, 1, "CREATED"),
            (2, 1, "SUBMITTED"),
            (3, 1, "RETURNED"),
            (4, 2, "REVISED"),
            (5, 2, "SUBMITTED"),
            (6, 2, "APPROVED"),
            (7, 2, "PUBLISHED"),
            (8, 3, "REVISED"),
        ]
    );
    assert_eq!(acts[2].text, "请补充评估费的收取标准。");
}

#[tokio::test]
async fn nobody_reviews_what_they_wrote_or_submitted_whatever_their_duties() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    // A supervisor may write, and may review: not the same version.
    let request = crate::support::creation(&bank);
    let own = stand.supervisor().create_product(request).await.unwrap().into_inner().product.unwrap();
    stand.submit(&own.product_id, 1).await;
    let rows = stand.rows().await;
    let mut reviewer = stand.review(Duty::Supervisor);
    let answer = reviewer.approve_product(approval(&own.product_id, 1)).await;
    assert_refused(answer, Code::FailedPrecondition, "SECOND_PERSON_NEEDED", Some("version"));
    let answer = reviewer.return_product(returned(&own.product_id, 1)).await;
    assert_refused(answer, Code::FailedPrecondition, "SECOND_PERSON_NEEDED", Some("version"));
    assert_eq!(stand.rows().await, rows);
    let mut second = stand.review(Duty::Administrator);
    second.approve_product(approval(&own.product_id, 1)).await.unwrap();

    // A clerk does not review at all.
    let draft = stand.draft(&bank, terms()).await;
    stand.submit(&draft.product_id, 1).await;
    let answer = stand.review(Duty::Clerk).approve_product(approval(&draft.product_id, 1)).await;
    assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    let answer = stand.clerk().publish_product(publication(&draft.product_id, 1)).await;
    assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
}

#[tokio::test]
async fn nothing_is_published_that_was_not_approved_and_each_refusal_says_why() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, terms()).await;
    let id = draft.product_id.as_str();
    let failed = Code::FailedPrecondition;
    let publish = async |version| stand.supervisor().publish_product(publication(id, version)).await;
    let status = publish(1).await.unwrap_err();
    assert_eq!(rpc::status::metadata(&status, "state").as_deref(), Some("DRAFT"));
    assert_refused::<()>(Err(status), failed, "PRODUCT_STAGE", Some("version"));
    stand.submit(id, 1).await;
    assert_refused(publish(1).await, failed, "PRODUCT_STAGE", Some("version"));
    // What the reviewer has seen is not what is in review now.
    stand.clerk().revise_product(revision(&draft)).await.unwrap();
    let answer = stand.review(Duty::Supervisor).approve_product(approval(id, 1)).await;
    assert_refused(answer, failed, "PRODUCT_VERSION_NOT_PENDING", Some("version"));
    let suspend = wire::SuspendProductRequest { request_id: new_id(), product_id: id.to_owned() };
    let answer = stand.review(Duty::Clerk).suspend_product(suspend).await;
    assert_refused(answer, failed, "PRODUCT_NEVER_PUBLISHED", Some("product_id"));
    let text = |text: &str| wire::ReturnProductRequest { text: text.to_owned(), ..returned(id, 2) };
    stand.submit(id, 2).await;
    let mut reviewer = stand.review(Duty::Supervisor);
    let answer = reviewer.return_product(text(" ")).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("text"));
    let answer = reviewer.return_product(text("请致电 13800000000")).await;
    assert_refused(answer, Code::InvalidArgument, "TEXT_HAS_IDENTIFIER", Some("text"));
}

#[tokio::test]
async fn a_suspended_product_is_off_the_shelf_until_it_is_resumed() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let id = stand.published(&bank, terms()).await;
    let fits = async || {
        let request = wire::MatchProductsRequest { needs: vec![crate::support::need()], explain: false };
        stand.role("intake").match_products(request).await.unwrap().into_inner().matches[0].fits.len()
    };
    assert_eq!(fits().await, 1);
    let mut clerk = stand.review(Duty::Clerk);
    let suspend = || wire::SuspendProductRequest { request_id: new_id(), product_id: id.clone() };
    let product = clerk.suspend_product(suspend()).await.unwrap().into_inner().product.unwrap();
    assert_eq!((product.state(), product.version), (wire::ProductState::Suspended, 1));
    assert_eq!(fits().await, 0);
    let owed = stand.owed().await;
    clerk.suspend_product(suspend()).await.unwrap();
    assert_eq!(stand.owed().await, owed, "suspending twice tells nothing");
    let resume = || wire::ResumeProductRequest { request_id: new_id(), product_id: id.clone() };
    let product = clerk.resume_product(resume()).await.unwrap().into_inner().product.unwrap();
    assert_eq!(product.state(), wire::ProductState::Published);
    assert_eq!(fits().await, 1);
    let told: Vec<_> = stand.owed().await.into_iter().skip(1).map(|(kind, _)| kind).collect();
    let published = "catalog.product-published.v1";
    assert_eq!(told, [published, "catalog.product-suspended.v1", published]);

    stand.clerk().retire_product(retirement(&id)).await.unwrap();
    let answer = clerk.resume_product(resume()).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_RETIRED", Some("product_id"));
}

#[tokio::test]
async fn a_version_on_its_way_can_be_withdrawn_and_what_was_never_published_ends_with_it() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let withdraw = async |id: &str, version| {
        let request =
            wire::WithdrawProductRequest { request_id: new_id(), product_id: id.to_owned(), version };
        stand.review(Duty::Clerk).withdraw_product(request).await
    };
    let draft = stand.draft(&bank, terms()).await;
    let ended = withdraw(&draft.product_id, 1).await.unwrap().into_inner().product.unwrap();
    assert_eq!(state(&ended), (wire::ProductState::Retired, None));

    let id = stand.published(&bank, terms()).await;
    let request = wire::GetProductRequest { product_id: id.clone(), version: 0 };
    let product = stand.clerk().get_product(request).await.unwrap().into_inner();
    stand.clerk().revise_product(revision(&product)).await.unwrap();
    let kept = withdraw(&id, 2).await.unwrap().into_inner().product.unwrap();
    assert_eq!((state(&kept), kept.version), ((wire::ProductState::Published, None), 1));
    let answer = withdraw(&id, 2).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_VERSION_NOT_PENDING", Some("version"));
}
