//! Products published to the 信易贷 platform: the catalog against the stand-in server, over HTTP, which fails and recovers.

use std::time::Duration;

use proto::catalog::v1::{
    self as wire, catalog_service_client::CatalogServiceClient,
    publication_service_client::PublicationServiceClient, review_service_client::ReviewServiceClient,
};
use rpc::{Actor, Duty};
use testkit::{CallerChannel, Ground, Served, eventually, ground};
use tokio::net::TcpListener;
use zhirong::standin::xyd::{self, Failures, Listed, Manner, Platform};

const LIMIT: Duration = Duration::from_secs(40);

struct Stand {
    ground: Ground,
    platform: Platform,
    bank: String,
    _served: Served,
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Stand {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let platform = Platform::default();
        tokio::spawn(xyd::serve(listener, platform.clone()));
        let ground = ground(&[&catalog::ROLE]).await;
        let settings = [("ZHIRONG_CATALOG_XYD_URL", url.as_str()), ("ZHIRONG_CATALOG_XYD_LIMIT", "1s")];
        let served = ground.serve(&catalog::ROLE, &settings).await;
        let mut stand = Self { ground, platform, bank: String::new(), _served: served };
        let register = wire::RegisterInstitutionRequest {
            request_id: id(),
            name: "济水村镇银行".to_owned(),
            role: 1,
            responsible_department: "科技金融部".to_owned(),
            financial_license_code: String::new(),
        };
        let answer = stand.catalog().register_institution(register).await.unwrap().into_inner();
        stand.bank = answer.institution.unwrap().institution_id;
        stand
    }

    fn channel(&self, person: &str) -> CallerChannel {
        let actor = Actor::Staff { id: person.to_owned(), duties: Duty::ALL.to_vec() };
        self.ground.channel(&catalog::ROLE, actor)
    }

    fn catalog(&self) -> CatalogServiceClient<CallerChannel> {
        CatalogServiceClient::new(self.channel("author"))
    }

    fn review(&self, person: &str) -> ReviewServiceClient<CallerChannel> {
        ReviewServiceClient::new(self.channel(person))
    }

    /// Creates and publishes a product that is offered on the platform too.
    async fn published(&self) -> String {
        let create = wire::CreateProductRequest {
            request_id: id(),
            institution_id: self.bank.clone(),
            terms: Some(terms(30)),
        };
        let product = self.catalog().create_product(create).await.unwrap().into_inner().product.unwrap();
        let product_id = product.product_id;
        let submit =
            wire::SubmitProductRequest { request_id: id(), product_id: product_id.clone(), version: 1 };
        self.review("author").submit_product(submit).await.unwrap();
        self.approve(&product_id, 1).await;
        product_id
    }

    async fn approve(&self, product_id: &str, version: i32) {
        let product_id = product_id.to_owned();
        let approve = wire::ApproveProductRequest { request_id: id(), product_id, version, publish: true };
        self.review("reviewer").approve_product(approve).await.unwrap();
    }

    async fn publication(&self) -> wire::Publication {
        let mut client = PublicationServiceClient::new(self.channel("operator"));
        let answer = client.list_publications(wire::ListPublicationsRequest::default()).await.unwrap();
        let answer = answer.into_inner();
        assert!(answer.platform_configured);
        answer.publications.into_iter().next().unwrap()
    }

    async fn until(&self, state: wire::PublicationState) -> wire::Publication {
        eventually(LIMIT, || async {
            let publication = self.publication().await;
            if publication.state() == state { Ok(publication) } else { Err(publication) }
        })
        .await
    }

    fn there(&self, product_id: &str) -> Listed {
        self.platform.products()[product_id].clone()
    }
}

fn terms(spread: i32) -> wire::ProductTerms {
    wire::ProductTerms {
        name: "济知贷".to_owned(),
        accepted_ip: vec![1],
        min_assets: 1,
        amount_min_fen: 10_000_000,
        amount_max_fen: 500_000_000,
        term_min_months: 6,
        term_max_months: 36,
        rate_kind: 1,
        rate_min_bp: spread,
        rate_max_bp: 150,
        repayment: vec![3],
        enhancement: vec![1],
        channels: vec![1, 2],
        ..wire::ProductTerms::default()
    }
}

#[tokio::test]
async fn a_platform_that_fails_is_tried_again_until_it_has_the_product_once() {
    use wire::PublicationState::{Failed, Synced};
    let stand = Stand::new().await;
    stand.platform.fail(Failures { count: 2, manner: Manner::Unavailable });
    let product_id = stand.published().await;
    let failed = stand.until(Failed).await;
    assert_eq!(failed.last_failure, "REFUSED_503");
    assert!(failed.attempts >= 1);
    let synced = stand.until(Synced).await;
    assert_eq!((synced.external_id.as_str(), synced.attempts), ("XYD00000001", 0));
    assert!(stand.platform.asked() >= 3);
    let there = stand.there(&product_id);
    assert!(there.listed);
    assert_eq!(
        (there.product["name"].as_str(), there.product["rate_bp"][0].as_i64()),
        (Some("济知贷"), Some(30))
    );
    let get = wire::GetProductRequest { product_id, version: 0 };
    let product = stand.catalog().get_product(get).await.unwrap().into_inner();
    assert_eq!(product.xyd_external_id, "XYD00000001");
}

#[tokio::test]
async fn an_answer_that_is_lost_or_garbled_makes_no_second_product_there() {
    use wire::PublicationState::{Failed, Synced};
    let stand = Stand::new().await;
    stand.platform.fail(Failures { count: 1, manner: Manner::Silent });
    let product_id = stand.published().await;
    assert_eq!(stand.until(Failed).await.last_failure, "SLOW");
    assert!(stand.there(&product_id).listed, "it was done, and nobody was told");
    stand.platform.fail(Failures { count: 1, manner: Manner::Garbled });
    eventually(LIMIT, || async { stand.publication().await.last_failure == "ANSWER_UNREADABLE" }).await;
    let synced = stand.until(Synced).await;
    assert_eq!(synced.external_id, "XYD00000001");
    assert_eq!(stand.platform.products().len(), 1);
}

#[tokio::test]
async fn what_is_suspended_or_retired_here_is_withdrawn_there_and_what_changes_here_changes_there() {
    use wire::PublicationState::{Synced, WithdrawPending, Withdrawn};
    let stand = Stand::new().await;
    let product_id = stand.published().await;
    stand.until(Synced).await;

    let revise = wire::ReviseProductRequest {
        request_id: id(),
        product_id: product_id.clone(),
        newest_version: 1,
        terms: Some(terms(20)),
    };
    stand.catalog().revise_product(revise).await.unwrap();
    assert_eq!(stand.there(&product_id).product["rate_bp"][0], 30, "what is in review is not shown");
    stand.approve(&product_id, 2).await;
    eventually(LIMIT, || async { stand.there(&product_id).product["rate_bp"][0] == 20 }).await;
    assert_eq!(stand.until(Synced).await.version, 2);

    stand.platform.fail(Failures { count: 1, manner: Manner::Refused });
    let suspend = wire::SuspendProductRequest { request_id: id(), product_id: product_id.clone() };
    stand.review("author").suspend_product(suspend).await.unwrap();
    let failing = eventually(LIMIT, || async {
        let publication = stand.publication().await;
        (publication.state() == WithdrawPending && publication.attempts > 0).then_some(publication)
    })
    .await;
    assert_eq!(failing.last_failure, "REFUSED_422", "a withdrawal that fails is seen and tried again");
    stand.until(Withdrawn).await;
    assert!(!stand.there(&product_id).listed);

    let resume = wire::ResumeProductRequest { request_id: id(), product_id: product_id.clone() };
    stand.review("author").resume_product(resume).await.unwrap();
    let again = stand.until(Synced).await;
    assert_eq!((again.external_id.as_str(), stand.there(&product_id).listed), ("XYD00000001", true));

    let retire = wire::RetireProductRequest { request_id: id(), product_id: product_id.clone() };
    stand.catalog().retire_product(retire).await.unwrap();
    stand.until(Withdrawn).await;
    assert!(!stand.there(&product_id).listed);
}

#[tokio::test]
async fn an_older_question_changes_nothing_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let platform = Platform::default();
    tokio::spawn(xyd::serve(listener, platform.clone()));
    let outward = host::outward::Outward::new(&url, Duration::from_secs(10), 4096).unwrap();
    let put = |sequence| serde_json::json!({ "sequence": sequence, "product": { "n": sequence } });
    let path = "/products/p1";
    assert!(outward.send(http::Method::PUT, path, &put(5)).await.unwrap().is_good());
    assert_eq!(outward.send(http::Method::DELETE, path, &put(4)).await.unwrap().status, 409);
    assert_eq!(outward.send(http::Method::PUT, path, &put(4)).await.unwrap().status, 409);
    assert!(outward.send(http::Method::PUT, path, &put(5)).await.unwrap().is_good());
    assert_eq!(outward.send(http::Method::DELETE, "/products/p2", &put(1)).await.unwrap().status, 404);
    let held = platform.products()["p1"].clone();
    assert_eq!((held.sequence, held.listed, held.product["n"].as_i64()), (5, true, Some(5)));
}
