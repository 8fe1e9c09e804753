//! A bank keeps its own products through the gateway: over mTLS, with a token, by catalog and gateway as they run.

use std::time::Duration;

use proto::catalog::v1::{
    self as catalog_wire, catalog_service_client::CatalogServiceClient,
    review_service_client::ReviewServiceClient,
};
use proto::partner::v1::{self as wire, product_service_client::ProductServiceClient};
use proto::partner::v1::{IssueCredentialRequest, credential_service_client::CredentialServiceClient};
use rpc::client::{Channel, ClientTls, secure};
use rpc::{Actor, Duty};
use testkit::tls::Authority;
use testkit::{CallerChannel, Ground, Served, ground};
use tonic::{Code, Status};

type Bank = ProductServiceClient<Channel>;

struct Stand {
    ground: Ground,
    authority: Authority,
    url: String,
    _served: [Served; 2],
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Stand {
    async fn new() -> Self {
        let ground = ground(&[&catalog::ROLE, &partner::ROLE]).await;
        let authority = Authority::new();
        let server = authority.server();
        let [port] = engines::ports::free().unwrap();
        let listen = format!("127.0.0.1:{port}");
        let file = |name: &str, text: &str| ground.file(name, text).display().to_string();
        let (certificate, key, ca) = (
            file("face.pem", &server.certificate_pem),
            file("face.key", &server.key_pem),
            file("ca.pem", authority.certificate_pem()),
        );
        let kept = ground.serve(&catalog::ROLE, &[]).await;
        let settings = [
            ("ZHIRONG_PARTNER_LISTEN", listen.as_str()),
            ("ZHIRONG_PARTNER_TLS_CERT_FILE", &certificate),
            ("ZHIRONG_PARTNER_TLS_KEY_FILE", &key),
            ("ZHIRONG_PARTNER_CLIENT_CA_FILE", &ca),
        ];
        let gateway = ground.serve(&partner::ROLE, &settings).await;
        Self { ground, authority, url: format!("https://{listen}"), _served: [kept, gateway] }
    }

    fn staff(&self, role: &'static host::Role, person: &str) -> CallerChannel {
        self.ground.channel(role, Actor::Staff { id: person.to_owned(), duties: Duty::ALL.to_vec() })
    }

    fn review(&self) -> ReviewServiceClient<CallerChannel> {
        ReviewServiceClient::new(self.staff(&catalog::ROLE, "reviewer"))
    }

    /// A registered bank and its way in.
    async fn bank(&self, name: &str, scopes: &[&str]) -> (String, Bank) {
        let register = catalog_wire::RegisterInstitutionRequest {
            request_id: id(),
            name: name.to_owned(),
            role: 1,
            responsible_department: "科技金融部".to_owned(),
            financial_license_code: String::new(),
        };
        let mut catalog = CatalogServiceClient::new(self.staff(&catalog::ROLE, "clerk"));
        let bank = catalog.register_institution(register).await.unwrap().into_inner().institution.unwrap();
        let certificate = self.authority.client(name);
        let issue = IssueCredentialRequest {
            request_id: id(),
            institution_id: bank.institution_id.clone(),
            role: 1,
            certificate_pem: certificate.certificate_pem.clone(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            valid_days: 1,
        };
        let mut door = CredentialServiceClient::new(self.staff(&partner::ROLE, "administrator"));
        let token = door.issue_credential(issue).await.unwrap().into_inner().token;
        let tls = ClientTls {
            ca_pem: self.authority.certificate_pem().to_owned(),
            certificate_pem: certificate.certificate_pem,
            key_pem: certificate.key_pem,
            server_name: None,
        };
        let channel = secure(&self.url, &tls, &token).unwrap().with_deadline(Duration::from_secs(20));
        (bank.institution_id, ProductServiceClient::new(channel))
    }
}

fn terms(spread: i32) -> catalog_wire::ProductTerms {
    catalog_wire::ProductTerms {
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
        ..catalog_wire::ProductTerms::default()
    }
}

fn creation(person: &str) -> wire::CreateProductRequest {
    wire::CreateProductRequest { request_id: id(), acted_by: person.to_owned(), terms: Some(terms(30)) }
}

fn version(name: &str, version: i32) -> wire::ProductVersionRequest {
    wire::ProductVersionRequest {
        request_id: id(),
        acted_by: "A0017".to_owned(),
        name: name.to_owned(),
        version,
    }
}

fn about(name: &str) -> wire::ProductRequest {
    wire::ProductRequest { request_id: id(), acted_by: "A0017".to_owned(), name: name.to_owned() }
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String, Vec<(String, String)>) {
    let status = answer.expect_err("refused");
    let reason = rpc::status::reason(&status).unwrap_or_default();
    (status.code(), reason, rpc::status::violations(&status))
}

#[tokio::test]
async fn a_bank_drafts_revises_and_submits_and_the_centre_returns_and_approves() {
    let stand = Stand::new().await;
    let (bank_id, mut bank) = stand.bank("济水村镇银行", &["products"]).await;
    let request = creation("A0017");
    let draft = bank.create_product(request.clone()).await.unwrap().into_inner();
    assert_eq!(
        bank.create_product(request).await.unwrap().into_inner(),
        draft,
        "a repeat gets its first answer"
    );
    assert_eq!((draft.state(), draft.version, draft.newest_version), (wire::ProductState::Draft, 0, 1));
    bank.submit_product(version(&draft.name, 1)).await.unwrap();
    let product_id = draft.name.strip_prefix("products/").unwrap().to_owned();
    let give_back = catalog_wire::ReturnProductRequest {
        request_id: id(),
        product_id: product_id.clone(),
        version: 1,
        text: "请降低加点。".to_owned(),
    };
    stand.review().return_product(give_back).await.unwrap();
    let get = wire::GetProductRequest { name: draft.name.clone() };
    let seen = bank.get_product(get).await.unwrap().into_inner();
    let pending = seen.pending.unwrap();
    assert_eq!(
        (pending.state(), pending.returned_text.as_str()),
        (wire::ProductState::Returned, "请降低加点。")
    );
    let revise = wire::ReviseProductRequest {
        request_id: id(),
        acted_by: "A0018".to_owned(),
        name: draft.name.clone(),
        newest_version: 1,
        terms: Some(terms(20)),
    };
    bank.revise_product(revise).await.unwrap();
    bank.submit_product(version(&draft.name, 2)).await.unwrap();
    let approve = catalog_wire::ApproveProductRequest {
        request_id: id(),
        product_id: product_id.clone(),
        version: 2,
        publish: true,
    };
    stand.review().approve_product(approve).await.unwrap();
    let listed =
        bank.list_products(wire::ListProductsRequest::default()).await.unwrap().into_inner().products;
    let [product] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((product.state(), product.version), (wire::ProductState::Published, 2));
    assert_eq!(product.terms.as_ref().unwrap().rate_min_bp, 20);
    bank.suspend_product(about(&draft.name)).await.unwrap();
    bank.resume_product(about(&draft.name)).await.unwrap();
    let ended = bank.retire_product(about(&draft.name)).await.unwrap().into_inner();
    assert_eq!(ended.state(), wire::ProductState::Retired);

    // The person at the bank is the author, and the centre sees who did what.
    let list = catalog_wire::ListProductActsRequest { product_id };
    let acts = stand.review().list_product_acts(list).await.unwrap().into_inner().acts;
    let author = |revision: usize| acts[revision - 1].actor.as_str();
    assert_eq!(author(1), format!("institution:{bank_id}/A0017"));
    assert_eq!(author(4), format!("institution:{bank_id}/A0018"));
    assert_eq!(author(3), "staff:reviewer");
}

#[tokio::test]
async fn a_bank_sees_nothing_of_anothers_products_and_a_credential_for_other_things_opens_none() {
    let stand = Stand::new().await;
    let (_, mut bank) = stand.bank("济水村镇银行", &[]).await;
    let (_, mut rival) = stand.bank("王屋银行济源分行", &[]).await;
    let draft = bank.create_product(creation("A0017")).await.unwrap().into_inner();
    let unknown = format!("products/{}", id());
    let listed = rival.list_products(wire::ListProductsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed, wire::ListProductsResponse::default());
    let mut answers = Vec::new();
    for name in [&draft.name, &unknown] {
        let get = wire::GetProductRequest { name: name.clone() };
        let revise = wire::ReviseProductRequest {
            request_id: id(),
            acted_by: "B0001".to_owned(),
            name: name.clone(),
            newest_version: 1,
            terms: Some(terms(20)),
        };
        answers.push([
            refusal(rival.get_product(get).await),
            refusal(rival.revise_product(revise).await),
            refusal(rival.submit_product(version(name, 1)).await),
            refusal(rival.withdraw_product(version(name, 1)).await),
            refusal(rival.suspend_product(about(name)).await),
            refusal(rival.resume_product(about(name)).await),
            refusal(rival.retire_product(about(name)).await),
        ]);
    }
    assert_eq!(answers[0], answers[1], "another's product and none at all are told alike");
    let missing = (Code::NotFound, "NOT_FOUND".to_owned(), vec![("name".to_owned(), "NOT_FOUND".to_owned())]);
    assert!(answers[0].iter().all(|answer| *answer == missing), "{answers:?}");

    let (_, mut other) = stand.bank("黄河湾银行", &["assignments", "events"]).await;
    let answer = refusal(other.list_products(wire::ListProductsRequest::default()).await);
    assert_eq!((answer.0, answer.1.as_str()), (Code::PermissionDenied, "SCOPE_MISSING"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_its_field_and_needs_a_person() {
    let stand = Stand::new().await;
    let (_, mut bank) = stand.bank("济水村镇银行", &[]).await;
    let answer = refusal(bank.create_product(creation("")).await);
    assert_eq!(answer.2, [("acted_by".to_owned(), "FIELD_REQUIRED".to_owned())]);
    let spoiled = catalog_wire::ProductTerms { rate_max_bp: 1, ..terms(30) };
    let answer = refusal(
        bank.create_product(wire::CreateProductRequest { terms: Some(spoiled), ..creation("A0017") }).await,
    );
    assert_eq!((answer.0, answer.1.as_str()), (Code::InvalidArgument, "RANGE_REVERSED"));
    assert_eq!(answer.2[0].0, "terms.rate_max_bp");
    let draft = bank.create_product(creation("A0017")).await.unwrap().into_inner();
    let answer = refusal(bank.suspend_product(about(&draft.name)).await);
    assert_eq!(answer.1, "PRODUCT_NEVER_PUBLISHED");
    let answer =
        refusal(bank.get_product(wire::GetProductRequest { name: "assignments/1".to_owned() }).await);
    assert_eq!(answer.2, [("name".to_owned(), "FIELD_INVALID".to_owned())]);
}
