//! The other half of the observed bank's face: its own products, and the whitelist as banks read it. Every method with
//! what it is for and with everything that can be wrong, a rival's product among it, which must look like nobody's.

use prost::Message as _;
use proto::partner::v1::{
    AcknowledgeWhitelistRequest, CreateProductRequest, GetProductRequest, GetWhitelistRequest,
    ListProductsRequest, ListProductsResponse, Product, ProductRequest, ProductVersionRequest,
    ReviseProductRequest, WhitelistKind,
};
use uuid::Uuid;

use crate::bank::Bank;
use crate::stage::Stage;

const LIST: &str = "/zhirong.partner.v1.ProductService/ListProducts";
const GET: &str = "/zhirong.partner.v1.ProductService/GetProduct";
const CREATE: &str = "/zhirong.partner.v1.ProductService/CreateProduct";
const REVISE: &str = "/zhirong.partner.v1.ProductService/ReviseProduct";
const SUBMIT: &str = "/zhirong.partner.v1.ProductService/SubmitProduct";
const WITHDRAW: &str = "/zhirong.partner.v1.ProductService/WithdrawProduct";
const SUSPEND: &str = "/zhirong.partner.v1.ProductService/SuspendProduct";
const RESUME: &str = "/zhirong.partner.v1.ProductService/ResumeProduct";
const RETIRE: &str = "/zhirong.partner.v1.ProductService/RetireProduct";
const GET_LIST: &str = "/zhirong.partner.v1.WhitelistFeedService/GetWhitelist";
const NOTE_LIST: &str = "/zhirong.partner.v1.WhitelistFeedService/AcknowledgeWhitelist";
/// Pages of one row each that are turned.
const PAGES: usize = 3;

/// Plays it; the ids of the products that the bank has made itself, which tell it nothing new.
pub(crate) async fn play(stage: &Stage, bank: &mut Bank) -> Vec<String> {
    bank.scene("the whitelist");
    whitelist(bank).await;
    bank.scene("the shelf as it is");
    lists(bank).await;
    not_own(stage, bank).await;
    bank.scene("a product that never comes out");
    let made = drafted(stage, bank).await;
    bank.scene("the product of all cases");
    published(stage, bank).await;
    lists(bank).await;
    bank.quiet().await;
    vec![made.trim_start_matches("products/").to_owned()]
}

async fn whitelist(bank: &mut Bank) {
    let zone = || GetWhitelistRequest { kind: WhitelistKind::Zone.into(), ..GetWhitelistRequest::default() };
    let union = WhitelistKind::Union.into();
    let wanted = [
        ("the list", zone()),
        ("the union", GetWhitelistRequest { kind: union, ..zone() }),
        ("no list", GetWhitelistRequest { kind: 0, ..zone() }),
        ("a version that is not", GetWhitelistRequest { version: 99, ..zone() }),
        ("what changed since", GetWhitelistRequest { since_version: 1, ..zone() }),
        ("too much of it", GetWhitelistRequest { page_size: 1_001, ..zone() }),
        ("by another token", GetWhitelistRequest { page_token: "bm9uc2Vuc2U".to_owned(), ..zone() }),
    ];
    for (what, request) in wanted {
        bank.call(what, GET_LIST, &request).await;
    }
    for (what, kind, version) in [("of the zone", 1, 1), ("of no kind", 0, 1), ("of no number", 1, 0)] {
        let request =
            AcknowledgeWhitelistRequest { request_id: request_id(), acted_by: person(), kind, version };
        bank.call(&format!("taking note {what}"), NOTE_LIST, &request).await;
    }
}

async fn lists(bank: &mut Bank) {
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let request = ListProductsRequest { page_size: 1, page_token };
        let bytes = bank.call("listing", LIST, &request).await.unwrap();
        page_token = ListProductsResponse::decode(bytes.as_slice()).unwrap().next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    for (what, page_size, token) in [("too much", 201, ""), ("by another token", 0, "bm9uc2Vuc2U")] {
        let request = ListProductsRequest { page_size, page_token: token.to_owned() };
        bank.call(&format!("listing {what}"), LIST, &request).await;
    }
}

/// A rival's product, nobody's, and what is no name: every method refuses them, the first two in the same words.
async fn not_own(stage: &Stage, bank: &mut Bank) {
    let nobodys = format!("products/{}", Uuid::new_v4());
    let names = [
        ("a rival's", stage.rivals_product()),
        ("nobody's", nobodys),
        ("malformed", "products/1".to_owned()),
        ("empty", String::new()),
    ];
    for (whose, name) in names {
        bank.call(&format!("reading {whose}"), GET, &GetProductRequest { name: name.clone() }).await;
        let terms = stage.own_terms();
        bank.call(&format!("revising {whose}"), REVISE, &revision(&name, 1, terms)).await;
        for (what, path) in [("submitting", SUBMIT), ("withdrawing", WITHDRAW)] {
            bank.call(&format!("{what} {whose}"), path, &version(&name, 1)).await;
        }
        for (what, path) in [("suspending", SUSPEND), ("resuming", RESUME), ("retiring", RETIRE)] {
            bank.call(&format!("{what} {whose}"), path, &about(&name)).await;
        }
    }
}

/// Written, revised, submitted and withdrawn; its name.
async fn drafted(stage: &Stage, bank: &mut Bank) -> String {
    let terms = || proto::catalog::v1::ProductTerms { name: "观察贷".to_owned(), ..stage.own_terms() };
    let create = CreateProductRequest { request_id: request_id(), acted_by: person(), terms: Some(terms()) };
    let bytes = bank.call("creating", CREATE, &create).await.unwrap();
    let name = Product::decode(bytes.as_slice()).unwrap().name;
    bank.call("creating by the same request", CREATE, &create).await;
    let nothing = CreateProductRequest { terms: None, request_id: request_id(), ..create.clone() };
    bank.call("creating nothing", CREATE, &nothing).await;
    bank.call("the same id, another body", CREATE, &CreateProductRequest { terms: None, ..create }).await;

    let wrong = proto::catalog::v1::ProductTerms { amount_min_fen: -1, ..terms() };
    bank.call("revising wrongly", REVISE, &revision(&name, 1, wrong)).await;
    bank.call("revising what is old", REVISE, &revision(&name, 9, terms())).await;
    bank.call("revising", REVISE, &revision(&name, 1, terms())).await;
    bank.call("submitting what is old", SUBMIT, &version(&name, 9)).await;
    bank.call("submitting", SUBMIT, &version(&name, 2)).await;
    bank.call("submitting again", SUBMIT, &version(&name, 2)).await;
    bank.call("reading", GET, &GetProductRequest { name: name.clone() }).await;
    lists(bank).await;
    bank.call("withdrawing", WITHDRAW, &version(&name, 2)).await;
    bank.call("withdrawing again", WITHDRAW, &version(&name, 2)).await;
    bank.call("suspending what is not out", SUSPEND, &about(&name)).await;
    name
}

/// Of the product that every case was about; after this the bank has none.
async fn published(stage: &Stage, bank: &mut Bank) {
    let name = stage.own_product();
    bank.call("reading", GET, &GetProductRequest { name: name.clone() }).await;
    for (what, path) in [
        ("suspending", SUSPEND),
        ("suspending again", SUSPEND),
        ("resuming", RESUME),
        ("resuming again", RESUME),
        ("retiring", RETIRE),
        ("retiring again", RETIRE),
        ("resuming what is retired", RESUME),
    ] {
        bank.call(what, path, &about(&name)).await;
    }
    bank.call("revising what is retired", REVISE, &revision(&name, 1, stage.own_terms())).await;
}

fn revision(
    name: &str,
    newest_version: i32,
    terms: proto::catalog::v1::ProductTerms,
) -> ReviseProductRequest {
    ReviseProductRequest {
        request_id: request_id(),
        acted_by: person(),
        name: name.to_owned(),
        newest_version,
        terms: Some(terms),
    }
}

fn version(name: &str, version: i32) -> ProductVersionRequest {
    ProductVersionRequest { request_id: request_id(), acted_by: person(), name: name.to_owned(), version }
}

fn about(name: &str) -> ProductRequest {
    ProductRequest { request_id: request_id(), acted_by: person(), name: name.to_owned() }
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn person() -> String {
    "OBS001".to_owned()
}
