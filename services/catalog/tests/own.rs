//! A bank's own products, as the gateway asks for them: its own and nobody else's, reviewed by the centre.

use proto::catalog::v1 as wire;
use rpc::{Actor, Duty};
use tonic::Code;

use crate::support::{Stand, approval, assert_refused, new_id, terms};

fn creation() -> wire::CreateOwnProductRequest {
    wire::CreateOwnProductRequest { request_id: new_id(), terms: Some(terms()) }
}

fn version(product_id: &str, version: i32) -> wire::OwnVersionRequest {
    wire::OwnVersionRequest { request_id: new_id(), product_id: product_id.to_owned(), version }
}

fn about(product_id: &str) -> wire::OwnProductRequest {
    wire::OwnProductRequest { request_id: new_id(), product_id: product_id.to_owned() }
}

fn id(own: &wire::OwnProduct) -> String {
    own.product.as_ref().unwrap().product_id.clone()
}

#[tokio::test]
async fn a_bank_writes_its_product_and_the_centre_lets_it_out() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let mut own = stand.own(&bank, "A0017");
    let request = creation();
    let draft = own.create_own_product(request.clone()).await.unwrap().into_inner();
    assert_eq!(own.create_own_product(request).await.unwrap().into_inner(), draft);
    let product = draft.product.as_ref().unwrap();
    assert_eq!(product.institution_id, bank);
    assert_eq!(product.pending.as_ref().unwrap().author, format!("institution:{bank}/A0017"));
    let id = id(&draft);
    own.submit_own_product(version(&id, 1)).await.unwrap();
    let request = wire::ReturnProductRequest {
        request_id: new_id(),
        product_id: id.clone(),
        version: 1,
        text: "请写明期限。".to_owned(),
    };
    stand.review(Duty::Supervisor).return_product(request).await.unwrap();
    let request = wire::GetOwnProductRequest { product_id: id.clone() };
    let seen = own.get_own_product(request.clone()).await.unwrap().into_inner();
    assert_eq!(seen.returned_text, "请写明期限。");
    let revise = wire::ReviseOwnProductRequest {
        request_id: new_id(),
        product_id: id.clone(),
        newest_version: 1,
        terms: Some(wire::ProductTerms { term_max_months: 24, ..terms() }),
    };
    own.revise_own_product(revise).await.unwrap();
    own.submit_own_product(version(&id, 2)).await.unwrap();
    stand.review(Duty::Supervisor).approve_product(approval(&id, 2)).await.unwrap();

    // A change stays beside what is in force.
    let revise = wire::ReviseOwnProductRequest {
        request_id: new_id(),
        product_id: id.clone(),
        newest_version: 2,
        terms: Some(wire::ProductTerms { rate_min_bp: 10, ..terms() }),
    };
    let seen = own.revise_own_product(revise).await.unwrap().into_inner();
    let product = seen.product.as_ref().unwrap();
    assert_eq!((product.state(), product.version), (wire::ProductState::Published, 2));
    assert_eq!(product.pending.as_ref().unwrap().state(), wire::ProductState::InReview);
    assert_eq!(seen.newest_terms.as_ref().unwrap().rate_min_bp, 10);
    own.withdraw_own_product(version(&id, 3)).await.unwrap();
    let seen = own.suspend_own_product(about(&id)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(seen.state(), wire::ProductState::Suspended);
    let seen = own.resume_own_product(about(&id)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(seen.state(), wire::ProductState::Published);
    let seen = own.retire_own_product(about(&id)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(seen.state(), wire::ProductState::Retired);
    let by_bank =
        stand.audited().await.into_iter().filter(|(actor, ..)| *actor == format!("institution:{bank}"));
    assert_eq!(by_bank.count(), 9, "each of its acts is audited");
}

#[tokio::test]
async fn a_bank_does_not_let_out_again_what_the_centre_has_suspended() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let mut own = stand.own(&bank, "A0017");
    let id = stand.published(&bank, terms()).await;
    let (clerk, by_centre) =
        (Duty::Clerk, || wire::SuspendProductRequest { request_id: new_id(), product_id: id.clone() });
    stand.review(clerk).suspend_product(by_centre()).await.unwrap();
    let rows = stand.rows().await;
    let answer = own.resume_own_product(about(&id)).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_HELD_BY_CENTRE", Some("product_id"));
    assert_eq!(stand.rows().await, rows);
    // Nor by suspending it first, before the centre or after.
    let seen = own.suspend_own_product(about(&id)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(seen.suspended_by, "CENTRE");
    let answer = own.resume_own_product(about(&id)).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_HELD_BY_CENTRE", Some("product_id"));
    let resume = || wire::ResumeProductRequest { request_id: new_id(), product_id: id.clone() };
    let seen = stand.review(clerk).resume_product(resume()).await.unwrap().into_inner().product.unwrap();
    assert_eq!((seen.state(), seen.suspended_by.as_str()), (wire::ProductState::Published, ""));
    let seen = own.suspend_own_product(about(&id)).await.unwrap().into_inner().product.unwrap();
    assert_eq!(seen.suspended_by, "BANK");
    stand.review(clerk).suspend_product(by_centre()).await.unwrap();
    let answer = own.resume_own_product(about(&id)).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_HELD_BY_CENTRE", Some("product_id"));
    stand.review(clerk).resume_product(resume()).await.unwrap();
    let seen = own.get_own_product(wire::GetOwnProductRequest { product_id: id }).await.unwrap();
    assert_eq!(seen.into_inner().product.unwrap().state(), wire::ProductState::Published);
}

#[tokio::test]
async fn another_banks_product_does_not_exist_for_a_bank_whatever_it_asks() {
    let stand = Stand::new().await;
    let (bank, rival) = (stand.bank("济水村镇银行").await, stand.bank("王屋银行济源分行").await);
    let draft = id(&stand.own(&bank, "A0017").create_own_product(creation()).await.unwrap().into_inner());
    let published = stand.published(&bank, terms()).await;
    let rows = stand.rows().await;
    let mut rival = stand.own(&rival, "B0001");
    let listed = rival.list_own_products(wire::ListOwnProductsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.products, []);
    let unknown = new_id();
    for id in [&draft, &published, &unknown] {
        let revise = wire::ReviseOwnProductRequest {
            request_id: new_id(),
            product_id: id.clone(),
            newest_version: 1,
            terms: Some(terms()),
        };
        let get = wire::GetOwnProductRequest { product_id: id.clone() };
        for answer in [
            rival.get_own_product(get).await,
            rival.revise_own_product(revise).await,
            rival.submit_own_product(version(id, 1)).await,
            rival.withdraw_own_product(version(id, 1)).await,
            rival.suspend_own_product(about(id)).await,
            rival.resume_own_product(about(id)).await,
            rival.retire_own_product(about(id)).await,
        ] {
            assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("product_id"));
        }
    }
    assert_eq!(stand.rows().await, rows);
    let mut own = stand.own(&bank, "A0017");
    let listed = own.list_own_products(wire::ListOwnProductsRequest { page_size: 1, ..Default::default() });
    let listed = listed.await.unwrap().into_inner();
    let request = wire::ListOwnProductsRequest { page_size: 1, page_token: listed.next_page_token };
    let rest = own.list_own_products(request).await.unwrap().into_inner();
    let mut ids: Vec<String> = listed.products.iter().chain(&rest.products).map(id).collect();
    ids.sort();
    let mut wanted = vec![draft, published];
    wanted.sort();
    assert_eq!((ids, rest.next_page_token.as_str()), (wanted, ""));
}

#[tokio::test]
async fn who_is_no_bank_has_no_products_and_without_a_person_nothing_is_changed() {
    let stand = Stand::new().await;
    let insurer = wire::RegisterInstitutionRequest {
        name: "安济财险".to_owned(),
        role: 2,
        financial_license_code: String::new(),
        ..crate::support::institution()
    };
    let insurer =
        stand.clerk().register_institution(insurer).await.unwrap().into_inner().institution.unwrap();
    let answer = stand.own(&insurer.institution_id, "C1").create_own_product(creation()).await;
    assert_refused(answer, Code::FailedPrecondition, "NOT_A_BANK", Some("institution_id"));
    let bank = stand.bank("济水村镇银行").await;
    let actor =
        Actor::Institution { id: bank.parse().unwrap(), role: kernel::InstitutionRole::Bank, person: None };
    let channel = stand.ground.channel(&catalog::ROLE, actor);
    let mut nobody = wire::own_product_service_client::OwnProductServiceClient::new(channel);
    let answer = nobody.create_own_product(creation()).await;
    assert_refused(answer, Code::InvalidArgument, "FIELD_REQUIRED", Some("acted_by"));
    // A person of the centre is not a bank.
    let actor = Actor::Staff { id: "s".to_owned(), duties: Duty::ALL.to_vec() };
    let channel = stand.ground.channel(&catalog::ROLE, actor);
    let mut staff = wire::own_product_service_client::OwnProductServiceClient::new(channel);
    let answer = staff.create_own_product(creation()).await;
    assert_refused(answer, Code::PermissionDenied, "PERMISSION_DENIED", None);
}
