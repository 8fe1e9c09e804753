//! CreateProduct, ReviseProduct, PublishProduct, RetireProduct, GetProduct, ListProducts.

use proto::catalog::v1 as wire;
use tonic::Code;

use crate::support::{
    Stand, assert_refused, creation, institution, new_id, publication, retirement, revision, terms,
};

const DRAFT: i32 = wire::ProductState::Draft as i32;
const PUBLISHED: i32 = wire::ProductState::Published as i32;
const RETIRED: i32 = wire::ProductState::Retired as i32;

async fn get(stand: &Stand, id: &str, version: i32) -> wire::Product {
    let request = wire::GetProductRequest { product_id: id.to_owned(), version };
    stand.role("intake").get_product(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_product_lives_from_draft_through_versions_to_retirement() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, terms()).await;
    assert_eq!((draft.state, draft.version, draft.newest_version, draft.published_at), (DRAFT, 1, 1, None));
    assert_eq!(draft.terms, Some(terms()));

    let published = stand.publish(&draft.product_id, 1).await;
    assert_eq!((published.state, published.version), (PUBLISHED, 1));
    assert!(published.published_at.is_some());

    let revise = revision(&published);
    let revised = stand.clerk().revise_product(revise.clone()).await.unwrap().into_inner().product.unwrap();
    assert_eq!((revised.version, revised.newest_version), (1, 2), "the published version stays in force");
    assert_eq!(revised.terms, Some(terms()));
    assert_eq!(get(&stand, &draft.product_id, 2).await.terms, revise.terms);
    assert_eq!(get(&stand, &draft.product_id, 1).await.terms, Some(terms()));
    assert_eq!(get(&stand, &draft.product_id, 0).await, revised);

    let published = stand.publish(&draft.product_id, 2).await;
    assert_eq!((published.version, &published.terms), (2, &revise.terms));
    let retired = stand.clerk().retire_product(retirement(&draft.product_id)).await.unwrap().into_inner();
    let retired = retired.product.unwrap();
    assert_eq!((retired.state, retired.version, retired.published_at), (RETIRED, 2, published.published_at));

    let told = [
        ("catalog.institution-changed.v1", 1),
        ("catalog.product-published.v1", 4),
        ("catalog.product-published.v1", 7),
        ("catalog.product-retired.v1", 8),
    ];
    assert_eq!(stand.owed().await, told.map(|(kind, version)| (kind.to_owned(), version)));
    let actions: Vec<_> = stand.audited().await.into_iter().map(|(_, action, _)| action).collect();
    assert_eq!(
        actions,
        [
            "REGISTER_INSTITUTION",
            "CREATE_PRODUCT",
            "SUBMIT_PRODUCT",
            "APPROVE_PRODUCT",
            "REVISE_PRODUCT",
            "SUBMIT_PRODUCT",
            "APPROVE_PRODUCT",
            "RETIRE_PRODUCT"
        ]
    );
}

#[tokio::test]
async fn publishing_what_is_published_and_retiring_what_is_retired_change_and_tell_nothing() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let id = stand.published(&bank, terms()).await;
    let (first, owed) = (get(&stand, &id, 0).await, stand.owed().await);
    let again = stand.supervisor().publish_product(publication(&id, 1)).await.unwrap().into_inner();
    assert_eq!(again.product, Some(first));
    assert_eq!(stand.owed().await, owed);

    let retire = async || stand.clerk().retire_product(retirement(&id)).await.unwrap().into_inner();
    let (first, owed) = (retire().await, stand.owed().await);
    assert_eq!(retire().await, first);
    assert_eq!(stand.owed().await, owed);
    assert_eq!(stand.audited().await.last().unwrap().2, "ALREADY_APPLIED");
}

#[tokio::test]
async fn a_command_that_the_product_does_not_allow_is_refused_and_changes_nothing() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, terms()).await;
    let retired = stand.draft(&bank, terms()).await;
    stand.clerk().retire_product(retirement(&retired.product_id)).await.unwrap();
    let before = stand.rows().await;
    let (mut clerk, mut supervisor) = (stand.clerk(), stand.supervisor());

    let stale = wire::ReviseProductRequest { newest_version: 2, ..revision(&draft) };
    let status = clerk.revise_product(stale).await.unwrap_err();
    assert_eq!(rpc::status::metadata(&status, "newest_version").as_deref(), Some("1"));
    assert_refused::<()>(Err(status), Code::Aborted, "VERSION_CONFLICT", Some("newest_version"));
    let answer = supervisor.publish_product(publication(&draft.product_id, 2)).await;
    assert_refused(answer, Code::NotFound, "PRODUCT_VERSION_UNKNOWN", Some("version"));
    let answer = supervisor.publish_product(publication(&retired.product_id, 1)).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_RETIRED", Some("product_id"));
    let answer = clerk.revise_product(revision(&retired)).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_RETIRED", Some("product_id"));

    for unknown in [
        supervisor.publish_product(publication(&new_id(), 1)).await.map(drop),
        clerk.retire_product(retirement(&new_id())).await.map(drop),
        clerk
            .revise_product(wire::ReviseProductRequest { product_id: new_id(), ..revision(&draft) })
            .await
            .map(drop),
    ] {
        assert_refused(unknown, Code::NotFound, "NOT_FOUND", Some("product_id"));
    }
    let bad = Code::InvalidArgument;
    let answer = supervisor.publish_product(publication(&draft.product_id, 0)).await;
    assert_refused(answer, bad, "NUMBER_OUT_OF_RANGE", Some("version"));
    let answer =
        clerk.revise_product(wire::ReviseProductRequest { newest_version: 0, ..revision(&draft) }).await;
    assert_refused(answer, bad, "NUMBER_OUT_OF_RANGE", Some("newest_version"));
    assert_refused(clerk.retire_product(retirement("x")).await, bad, "UUID_INVALID", Some("product_id"));
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn only_a_registered_bank_has_products() {
    let stand = Stand::new().await;
    let insurer = wire::RegisterInstitutionRequest {
        name: "安济财险".to_owned(),
        role: 2,
        financial_license_code: String::new(),
        ..institution()
    };
    let insurer =
        stand.clerk().register_institution(insurer).await.unwrap().into_inner().institution.unwrap();
    let before = stand.rows().await;
    let answer = stand.clerk().create_product(creation(&insurer.institution_id)).await;
    assert_refused(answer, Code::FailedPrecondition, "NOT_A_BANK", Some("institution_id"));
    let answer = stand.clerk().create_product(creation(&new_id())).await;
    assert_refused(answer, Code::NotFound, "NOT_FOUND", Some("institution_id"));
    let answer = stand.clerk().create_product(creation("x")).await;
    assert_refused(answer, Code::InvalidArgument, "UUID_INVALID", Some("institution_id"));
    assert_eq!(stand.rows().await, before);
}

#[tokio::test]
async fn terms_with_a_wrong_field_are_refused_in_a_new_product_and_in_a_revision() {
    type Spoil = fn(&mut wire::ProductTerms);
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, terms()).await;
    let before = stand.rows().await;
    let wrong: [(Spoil, &str, &str); 34] = [
        (|t| t.name = String::new(), "FIELD_REQUIRED", "terms.name"),
        (|t| t.name = "名".repeat(61), "FIELD_TOO_LONG", "terms.name"),
        (|t| t.regions = vec!["4190".to_owned()], "REGION_INVALID", "terms.regions[0]"),
        (
            |t| t.regions = vec!["419001".to_owned(), "410881".to_owned()],
            "FIELD_REPEATED",
            "terms.regions[1]",
        ),
        (|t| t.regions = (100_000..100_101).map(|n| n.to_string()).collect(), "TOO_MANY", "terms.regions"),
        (|t| t.parks = vec!["gx".to_owned()], "PARK_INVALID", "terms.parks[0]"),
        (|t| t.sizes = vec![5], "ENUM_UNKNOWN", "terms.sizes[0]"),
        (|t| t.sizes = vec![3, 3], "FIELD_REPEATED", "terms.sizes[1]"),
        (|t| t.any_qualification = vec![0], "ENUM_UNSPECIFIED", "terms.any_qualification[0]"),
        (|t| t.accepted_ip = vec![], "FIELD_REQUIRED", "terms.accepted_ip"),
        (|t| t.accepted_ip = vec![1, 99], "ENUM_UNKNOWN", "terms.accepted_ip[1]"),
        (|t| t.accepted_ip = vec![-1], "ENUM_UNKNOWN", "terms.accepted_ip[0]"),
        (|t| t.min_assets = 0, "NUMBER_OUT_OF_RANGE", "terms.min_assets"),
        (|t| t.min_assets = 1001, "NUMBER_OUT_OF_RANGE", "terms.min_assets"),
        (|t| t.amount_min_fen = 0, "AMOUNT_OUT_OF_RANGE", "terms.amount_min_fen"),
        (|t| t.amount_min_fen = -1, "AMOUNT_OUT_OF_RANGE", "terms.amount_min_fen"),
        (|t| t.amount_max_fen = 30_000_000_001, "AMOUNT_OUT_OF_RANGE", "terms.amount_max_fen"),
        (|t| t.amount_max_fen = t.amount_min_fen - 1, "RANGE_REVERSED", "terms.amount_max_fen"),
        (|t| t.term_min_months = 0, "TERM_OUT_OF_RANGE", "terms.term_min_months"),
        (|t| t.term_max_months = 121, "TERM_OUT_OF_RANGE", "terms.term_max_months"),
        (|t| t.term_max_months = 5, "RANGE_REVERSED", "terms.term_max_months"),
        (|t| t.rate_kind = 0, "ENUM_UNSPECIFIED", "terms.rate_kind"),
        (|t| t.rate_kind = 3, "ENUM_UNKNOWN", "terms.rate_kind"),
        (|t| t.rate_max_bp = 29, "RANGE_REVERSED", "terms.rate_max_bp"),
        (|t| t.rate_min_bp = -1001, "RATE_OUT_OF_RANGE", "terms.rate_min_bp"),
        (|t| t.rate_max_bp = i32::MAX, "RATE_OUT_OF_RANGE", "terms.rate_max_bp"),
        (
            |t| {
                t.rate_kind = 2;
                t.rate_min_bp = 0;
            },
            "RATE_OUT_OF_RANGE",
            "terms.rate_min_bp",
        ),
        (|t| t.repayment = vec![], "FIELD_REQUIRED", "terms.repayment"),
        (|t| t.repayment = vec![6], "ENUM_UNKNOWN", "terms.repayment[0]"),
        (|t| t.enhancement = vec![], "FIELD_REQUIRED", "terms.enhancement"),
        (|t| t.enhancement = vec![8], "ENUM_UNKNOWN", "terms.enhancement[0]"),
        (|t| t.enhancement = vec![1; 101], "TOO_MANY", "terms.enhancement"),
        (|t| t.lowest_grade = 5, "ENUM_UNKNOWN", "terms.lowest_grade"),
        (|t| t.lowest_grade = -1, "ENUM_UNKNOWN", "terms.lowest_grade"),
    ];
    let bad = Code::InvalidArgument;
    let mut clerk = stand.clerk();
    for (spoil, reason, field) in wrong {
        let mut spoiled = terms();
        spoil(&mut spoiled);
        let create = wire::CreateProductRequest { terms: Some(spoiled.clone()), ..creation(&bank) };
        assert_refused(clerk.create_product(create).await, bad, reason, Some(field));
        let revise = wire::ReviseProductRequest { terms: Some(spoiled), ..revision(&draft) };
        assert_refused(clerk.revise_product(revise).await, bad, reason, Some(field));
    }
    let create = wire::CreateProductRequest { terms: None, ..creation(&bank) };
    assert_refused(clerk.create_product(create).await, bad, "FIELD_REQUIRED", Some("terms"));
    assert_eq!(stand.rows().await, before);
}

fn fee(code: &str, kind: i32, price: wire::fee_item::Price) -> wire::FeeItem {
    wire::FeeItem { code: code.to_owned(), kind, price: Some(price) }
}

#[tokio::test]
async fn every_term_is_kept() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let full = wire::ProductTerms {
        name: "知产科创贷".to_owned(),
        regions: vec!["410100".to_owned(), "419001".to_owned()],
        parks: vec!["JY-GX".to_owned(), "JY-WLK".to_owned()],
        sizes: vec![2, 3, 4],
        any_qualification: vec![1, 3, 10],
        accepted_ip: (1..=12).collect(),
        min_assets: 1000,
        amount_min_fen: 1,
        amount_max_fen: 30_000_000_000,
        term_min_months: 1,
        term_max_months: 120,
        rate_kind: 2,
        rate_min_bp: 1,
        rate_max_bp: 10_000,
        repayment: vec![1, 2, 3, 4, 5],
        enhancement: (1..=7).collect(),
        lowest_grade: 4,
        product_code: "ZQD-01".to_owned(),
        lpr_tenor: 2,
        rate_reset: 2,
        pledge_caps: vec![
            wire::PledgeCap { r#type: 1, cap_bp: 9_250 },
            wire::PledgeCap { r#type: 4, cap_bp: 4_000 },
        ],
        portfolio_cap_bp: 4_500,
        interest_basis: 365,
        settle_day: 28,
        guarantee_required: false,
        evaluation_required: 2,
        fee_items: vec![
            fee("PGF", 1, wire::fee_item::Price::AmountFen(2_000_000)),
            fee("BF", 2, wire::fee_item::Price::RateBp(144)),
        ],
        prepay_penalty_bp: 1_000,
        first_loan_ok: Some(false),
        renewal_ok: true,
        line_type: 2,
        sla_wd: Some(wire::SlaWorkingDays { response: 1, offer: 2, approval: 60 }),
        responsible_dept: "科技金融中心".to_owned(),
        channels: vec![1, 2],
        effective_from: "2022-07-01".to_owned(),
        effective_to: "2023-12-31".to_owned(),
    };
    let created = stand.draft(&bank, full.clone()).await;
    assert_eq!(created.terms, Some(full));
    assert_eq!(get(&stand, &created.product_id, 1).await, created);
}

#[tokio::test]
async fn a_product_or_version_that_cannot_be_found_is_refused() {
    let stand = Stand::new().await;
    let bank = stand.bank("济水村镇银行").await;
    let id = stand.draft(&bank, terms()).await.product_id;
    let get = async |id: &str, version| {
        let request = wire::GetProductRequest { product_id: id.to_owned(), version };
        stand.clerk().get_product(request).await
    };
    assert_refused(get(&new_id(), 0).await, Code::NotFound, "NOT_FOUND", Some("product_id"));
    assert_refused(get(&new_id(), 1).await, Code::NotFound, "NOT_FOUND", Some("product_id"));
    assert_refused(get(&id, 2).await, Code::NotFound, "PRODUCT_VERSION_UNKNOWN", Some("version"));
    assert_refused(get(&id, -1).await, Code::InvalidArgument, "NUMBER_OUT_OF_RANGE", Some("version"));
    assert_refused(get("x", 0).await, Code::InvalidArgument, "UUID_INVALID", Some("product_id"));
}

#[tokio::test]
async fn products_are_listed_page_by_page_and_by_institution() {
    let stand = Stand::new().await;
    let (one, other) = (stand.bank("济水村镇银行").await, stand.bank("王屋银行济源分行").await);
    let mut all = Vec::new();
    for bank in [&one, &other, &one] {
        all.push(stand.draft(bank, terms()).await);
    }
    all.sort_by(|a, b| a.product_id.cmp(&b.product_id));
    let list = async |institution_id: &str, page_size, page_token| {
        let request =
            wire::ListProductsRequest { institution_id: institution_id.to_owned(), page_size, page_token };
        stand.clerk().list_products(request).await
    };
    let page = list("", 2, String::new()).await.unwrap().into_inner();
    assert_eq!(page.products, all[..2]);
    let last = list("", 2, page.next_page_token).await.unwrap().into_inner();
    assert_eq!((&last.products[..], last.next_page_token.as_str()), (&all[2..], ""));
    let of_one = list(&one, 0, String::new()).await.unwrap().into_inner().products;
    assert_eq!(of_one, all.iter().filter(|p| p.institution_id == one).cloned().collect::<Vec<_>>());

    let bad = Code::InvalidArgument;
    assert_refused(list("x", 0, String::new()).await, bad, "UUID_INVALID", Some("institution_id"));
    assert_refused(list("", -5, String::new()).await, bad, "PAGE_SIZE_INVALID", Some("page_size"));
    assert_refused(list("", 0, "!".to_owned()).await, bad, "PAGE_TOKEN_INVALID", Some("page_token"));
}
