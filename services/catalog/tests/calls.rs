//! What holds for every method: request ids, who may call, the size of a request.

use proto::catalog::v1 as wire;
use rpc::{Actor, Duty};
use tonic::Code;

use crate::support::{
    Stand, approval, assert_refused, creation, institution, need, new_id, publication, retirement, revision,
    terms,
};

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer_and_is_done_once() {
    let stand = Stand::new().await;
    let mut clerk = stand.clerk();

    let request = institution();
    let first = clerk.register_institution(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.register_institution(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let request = creation(&first.institution.unwrap().institution_id);
    let first = clerk.create_product(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.create_product(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);
    let product = first.product.unwrap();

    let request = revision(&product);
    let first = clerk.revise_product(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.revise_product(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    stand.submit(&product.product_id, 2).await;
    let mut reviewer = stand.review(Duty::Supervisor);
    let request = wire::ApproveProductRequest { publish: false, ..approval(&product.product_id, 2) };
    let first = reviewer.approve_product(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(reviewer.approve_product(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let mut supervisor = stand.supervisor();
    let request = publication(&product.product_id, 2);
    let first = supervisor.publish_product(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(supervisor.publish_product(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);

    let request = retirement(&product.product_id);
    let first = clerk.retire_product(request.clone()).await.unwrap().into_inner();
    let rows = stand.rows().await;
    assert_eq!(clerk.retire_product(request).await.unwrap().into_inner(), first);
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn a_request_id_that_comes_with_another_body_or_for_another_method_is_refused() {
    let stand = Stand::new().await;
    let mut clerk = stand.clerk();
    let used = institution();
    let bank = clerk.register_institution(used.clone()).await.unwrap().into_inner().institution.unwrap();
    let product = stand.draft(&bank.institution_id, terms()).await;
    let rows = stand.rows().await;

    let reused = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::AlreadyExists, "REQUEST_ID_REUSED", Some("request_id"));
    };
    let request_id = used.request_id.clone();
    let other = wire::RegisterInstitutionRequest { name: "北海普惠银行".to_owned(), ..used };
    reused(clerk.register_institution(other).await.map(drop));
    let other =
        wire::CreateProductRequest { request_id: request_id.clone(), ..creation(&bank.institution_id) };
    reused(clerk.create_product(other).await.map(drop));
    let other = wire::ReviseProductRequest { request_id: request_id.clone(), ..revision(&product) };
    reused(clerk.revise_product(other).await.map(drop));
    let other = wire::SubmitProductRequest {
        request_id: request_id.clone(),
        product_id: product.product_id.clone(),
        version: 1,
    };
    reused(stand.review(Duty::Clerk).submit_product(other).await.map(drop));
    let other = wire::RetireProductRequest { request_id, ..retirement(&product.product_id) };
    reused(clerk.retire_product(other).await.map(drop));
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn each_method_lets_in_whom_its_policy_names_and_nobody_else() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let product = stand.draft(&bank, terms()).await;
    let rows = stand.rows().await;
    let institution_actor =
        Actor::Institution { id: bank.parse().unwrap(), role: kernel::InstitutionRole::Bank, person: None };
    let denied = |answer: Result<(), tonic::Status>| {
        assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
    };
    for mut outsider in [
        stand.staff(Duty::Operator),
        stand.staff(Duty::Regulator),
        stand.role("intake"),
        stand.client(institution_actor.clone()),
    ] {
        denied(outsider.register_institution(institution()).await.map(drop));
        denied(outsider.create_product(creation(&bank)).await.map(drop));
        denied(outsider.revise_product(revision(&product)).await.map(drop));
        denied(outsider.publish_product(publication(&product.product_id, 1)).await.map(drop));
        denied(outsider.retire_product(retirement(&product.product_id)).await.map(drop));
    }
    let mut bank_itself = stand.client(institution_actor);
    denied(bank_itself.get_institution(wire::GetInstitutionRequest::default()).await.map(drop));
    denied(bank_itself.list_institutions(wire::ListInstitutionsRequest::default()).await.map(drop));
    denied(bank_itself.get_product(wire::GetProductRequest::default()).await.map(drop));
    denied(bank_itself.list_products(wire::ListProductsRequest::default()).await.map(drop));
    denied(bank_itself.match_products(wire::MatchProductsRequest::default()).await.map(drop));
    denied(stand.role("partner").match_products(wire::MatchProductsRequest::default()).await.map(drop));
    let ask = wire::MatchProductsRequest { needs: vec![need()], explain: false };
    stand.role("intake").match_products(ask.clone()).await.unwrap();
    stand.staff(Duty::Regulator).match_products(ask).await.unwrap();
    assert_eq!(stand.rows().await, rows);
}

#[tokio::test]
async fn a_request_that_is_far_too_large_is_refused() {
    let stand = Stand::new().await;
    let rows = stand.rows().await;
    let request = wire::RegisterInstitutionRequest { name: "x".repeat(20 * 1024 * 1024), ..institution() };
    let answer = stand.clerk().register_institution(request).await;
    assert_refused(answer, Code::ResourceExhausted, "BODY_TOO_LARGE", None);
    let assets = vec![wire::AssetCount { r#type: 1, count: 1 }; 10_000];
    let request = wire::MatchProductsRequest { needs: vec![wire::Need { assets, ..need() }], explain: false };
    let answer = stand.clerk().match_products(request).await;
    assert_refused(answer, Code::InvalidArgument, "TOO_MANY", Some("needs[0].assets"));
    let request = wire::GetProductRequest { product_id: new_id() + "x", version: 0 };
    let answer = stand.clerk().get_product(request).await;
    assert_refused(answer, Code::InvalidArgument, "UUID_INVALID", Some("product_id"));
    assert_eq!(stand.rows().await, rows);
}
