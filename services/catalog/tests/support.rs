//! A served catalog, clients for its callers, and well-formed requests to begin from.

use catalog::ROLE;
use proto::catalog::v1::{
    self as wire, catalog_service_client::CatalogServiceClient,
    institution_service_client::InstitutionServiceClient,
    own_product_service_client::OwnProductServiceClient, pricing_service_client::PricingServiceClient,
    publication_service_client::PublicationServiceClient, review_service_client::ReviewServiceClient,
};
use rpc::{Actor, Duty};
use sqlx::PgPool;
use testkit::{Ground, Served, ground};
use tonic::{Code, Status};
use uuid::Uuid;

pub(crate) type Client = CatalogServiceClient<testkit::CallerChannel>;

pub(crate) struct Stand {
    pub(crate) ground: Ground,
    pub(crate) pool: PgPool,
    _served: Served,
}

impl Stand {
    pub(crate) async fn new() -> Self {
        let ground = ground(&[&ROLE]).await;
        let served = ground.serve(&ROLE, &[]).await;
        Self::of(ground, served)
    }

    /// A catalog that is served already.
    pub(crate) fn of(ground: Ground, served: Served) -> Self {
        Self { pool: ground.pool(&ROLE), ground, _served: served }
    }

    pub(crate) fn client(&self, actor: Actor) -> Client {
        CatalogServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    pub(crate) fn staff(&self, duty: Duty) -> Client {
        self.client(Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] })
    }

    pub(crate) fn clerk(&self) -> Client {
        self.staff(Duty::Clerk)
    }

    pub(crate) fn role(&self, name: &str) -> Client {
        self.client(Actor::Role(name.to_owned()))
    }

    pub(crate) fn supervisor(&self) -> Client {
        self.staff(Duty::Supervisor)
    }

    fn channel(&self, duty: Duty) -> testkit::CallerChannel {
        let actor = Actor::Staff { id: format!("staff-{}", duty.code()), duties: vec![duty] };
        self.ground.channel(&ROLE, actor)
    }

    pub(crate) fn review(&self, duty: Duty) -> ReviewServiceClient<testkit::CallerChannel> {
        ReviewServiceClient::new(self.channel(duty))
    }

    pub(crate) fn pricing(&self) -> PricingServiceClient<testkit::CallerChannel> {
        self.pricing_of(Duty::Clerk)
    }

    pub(crate) fn pricing_of(&self, duty: Duty) -> PricingServiceClient<testkit::CallerChannel> {
        PricingServiceClient::new(self.channel(duty))
    }

    pub(crate) fn publications(&self) -> PublicationServiceClient<testkit::CallerChannel> {
        PublicationServiceClient::new(self.channel(Duty::Operator))
    }

    pub(crate) fn upkeep(&self) -> InstitutionServiceClient<testkit::CallerChannel> {
        InstitutionServiceClient::new(self.channel(Duty::Clerk))
    }

    /// As the gateway speaks for a bank and its person.
    pub(crate) fn own(&self, bank: &str, person: &str) -> OwnProductServiceClient<testkit::CallerChannel> {
        let actor = Actor::Institution {
            id: bank.parse().unwrap(),
            role: kernel::InstitutionRole::Bank,
            person: Some(person.to_owned()),
        };
        OwnProductServiceClient::new(self.ground.channel(&ROLE, actor))
    }

    /// Registers a bank of this name and gives its id.
    pub(crate) async fn bank(&self, name: &str) -> String {
        let request = wire::RegisterInstitutionRequest { name: name.to_owned(), ..institution() };
        let answer = self.clerk().register_institution(request).await.unwrap().into_inner();
        answer.institution.unwrap().institution_id
    }

    /// Creates a draft with these terms.
    pub(crate) async fn draft(&self, bank: &str, terms: wire::ProductTerms) -> wire::Product {
        let request = wire::CreateProductRequest { terms: Some(terms), ..creation(bank) };
        self.clerk().create_product(request).await.unwrap().into_inner().product.unwrap()
    }

    pub(crate) async fn submit(&self, product_id: &str, version: i32) -> wire::Product {
        let request =
            wire::SubmitProductRequest { request_id: new_id(), product_id: product_id.to_owned(), version };
        self.review(Duty::Clerk).submit_product(request).await.unwrap().into_inner().product.unwrap()
    }

    /// Submits a version, has a second person approve it and publishes it.
    pub(crate) async fn publish(&self, product_id: &str, version: i32) -> wire::Product {
        self.submit(product_id, version).await;
        let request = approval(product_id, version);
        let answer = self.review(Duty::Supervisor).approve_product(request).await.unwrap().into_inner();
        answer.product.unwrap()
    }

    /// Creates a product with these terms, publishes it and gives its id.
    pub(crate) async fn published(&self, bank: &str, terms: wire::ProductTerms) -> String {
        let draft = self.draft(bank, terms).await;
        self.publish(&draft.product_id, 1).await.product_id
    }

    /// How many rows there are of everything that a change writes, and the revision of the shelf.
    pub(crate) async fn rows(&self) -> [i64; 7] {
        let counts: Vec<i64> = sqlx::query_scalar(
            "SELECT n FROM (VALUES
                (1, (SELECT count(*) FROM institution)), (2, (SELECT coalesce(sum(revision), 0)::bigint FROM product)),
                (3, (SELECT count(*) FROM product_version)), (4, (SELECT count(*) FROM audit_entry)),
                (5, (SELECT count(*) FROM request_replay)), (6, (SELECT count(*) FROM outbox)),
                (7, (SELECT revision FROM shelf))) AS counted (i, n)
             ORDER BY i",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        counts.try_into().unwrap()
    }

    /// Types and versions of the messages that wait for the broker: no queue takes them on this ground, so none leaves.
    pub(crate) async fn owed(&self) -> Vec<(String, i64)> {
        sqlx::query_as("SELECT kind, aggregate_version FROM outbox ORDER BY seq")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// Who did what, with which result.
    pub(crate) async fn audited(&self) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT actor, action, result FROM audit_entry ORDER BY entry_id")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// The call was refused for this reason, in this field where one is named.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    reason: &str,
    field: Option<&str>,
) {
    let status = answer.expect_err("refused");
    assert_eq!((status.code(), rpc::status::reason(&status).as_deref()), (code, Some(reason)), "{status:?}");
    let violations = rpc::status::violations(&status);
    match field {
        Some(field) => assert!(violations.contains(&(field.to_owned(), reason.to_owned())), "{violations:?}"),
        None => assert_eq!(violations, []),
    }
    assert!(rpc::status::localized(&status).is_some_and(|text| !text.is_ascii()), "no text for people");
}

pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// One of the fictional banks of domain.md §9.
pub(crate) fn institution() -> wire::RegisterInstitutionRequest {
    wire::RegisterInstitutionRequest {
        request_id: new_id(),
        name: "济水村镇银行".to_owned(),
        role: 1,
        responsible_department: "科技金融部".to_owned(),
        financial_license_code: "S0001H341000001".to_owned(),
    }
}

pub(crate) fn terms() -> wire::ProductTerms {
    wire::ProductTerms {
        name: "知产贷".to_owned(),
        regions: vec!["419001".to_owned()],
        parks: vec![],
        sizes: vec![],
        any_qualification: vec![],
        accepted_ip: vec![1, 2],
        min_assets: 1,
        amount_min_fen: 10_000_000,
        amount_max_fen: 500_000_000,
        term_min_months: 6,
        term_max_months: 36,
        rate_kind: 1,
        rate_min_bp: 30,
        rate_max_bp: 150,
        repayment: vec![3],
        enhancement: vec![1],
        lowest_grade: 0,
        product_code: String::new(),
        lpr_tenor: 0,
        rate_reset: 1,
        pledge_caps: vec![],
        portfolio_cap_bp: 5_000,
        interest_basis: 360,
        settle_day: 20,
        guarantee_required: false,
        evaluation_required: 3,
        fee_items: vec![],
        prepay_penalty_bp: 0,
        first_loan_ok: Some(true),
        renewal_ok: false,
        line_type: 1,
        sla_wd: Some(wire::SlaWorkingDays { response: 3, offer: 5, approval: 5 }),
        responsible_dept: String::new(),
        channels: vec![1],
        effective_from: String::new(),
        effective_to: String::new(),
    }
}

pub(crate) fn creation(bank: &str) -> wire::CreateProductRequest {
    wire::CreateProductRequest { request_id: new_id(), institution_id: bank.to_owned(), terms: Some(terms()) }
}

pub(crate) fn revision(product: &wire::Product) -> wire::ReviseProductRequest {
    wire::ReviseProductRequest {
        request_id: new_id(),
        product_id: product.product_id.clone(),
        newest_version: product.newest_version,
        terms: Some(wire::ProductTerms { rate_min_bp: 20, ..terms() }),
    }
}

pub(crate) fn publication(product_id: &str, version: i32) -> wire::PublishProductRequest {
    wire::PublishProductRequest { request_id: new_id(), product_id: product_id.to_owned(), version }
}

pub(crate) fn approval(product_id: &str, version: i32) -> wire::ApproveProductRequest {
    wire::ApproveProductRequest {
        request_id: new_id(),
        product_id: product_id.to_owned(),
        version,
        publish: true,
    }
}

pub(crate) fn retirement(product_id: &str) -> wire::RetireProductRequest {
    wire::RetireProductRequest { request_id: new_id(), product_id: product_id.to_owned() }
}

pub(crate) fn need() -> wire::Need {
    wire::Need {
        amount_fen: 300_000_000,
        term_months: 12,
        region: "419001".to_owned(),
        park: "JY-GX".to_owned(),
        size: 3,
        qualifications: vec![1],
        first_loan: false,
        renewal: false,
        assets: vec![wire::AssetCount { r#type: 1, count: 2 }],
        grade: 2,
        enhancement: vec![],
        repayment: vec![],
    }
}
