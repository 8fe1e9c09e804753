//! CreateProduct, ReviseProduct, PublishProduct, RetireProduct, GetProduct, ListProducts.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use host::{Begun, Change};
use kernel::{InstitutionId, ProductId};
use proto::catalog::v1 as wire;
use rpc::{
    Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use sqlx::PgConnection;
use tonic::{Request, Response};

use super::{
    refusals::{not_found, of_product},
    service::Face,
    terms::terms,
    wire as outgoing,
};
use crate::{
    domain::{
        institution::is_bank,
        product::{Command, Event, Product, State, Step, Version, apply, decide},
        terms::ProductTerms,
    },
    messaging, reasons,
    store::{StoreError, institutions, products, products::Described, shelf},
};

/// Products on a page unless the caller says otherwise, and at most.
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

pub(super) async fn create(
    face: &Face,
    request: Request<wire::CreateProductRequest>,
) -> Result<Response<wire::CreateProductResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let institution_id = check.id::<InstitutionId>("institution_id", &form.institution_id);
    let terms = terms(&mut check, form.terms.as_ref());
    let (request_id, institution_id, terms) = check.all((request_id, institution_id, terms))?;

    let mut change = match face.changes.begin(&request, request_id, "CreateProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let bank = institutions::find(change.conn(), institution_id).await?;
    if !is_bank(bank.ok_or_else(|| not_found("institution_id"))?.role) {
        return Err(Fault::new(&reasons::NOT_A_BANK).field("institution_id"));
    }
    let now = change.now();
    let product = Product::create(ProductId::new(now, &mut rand::rng()), institution_id);
    products::insert(change.conn(), &product, now).await?;
    products::insert_version(change.conn(), product.id, product.newest, &terms, now).await?;
    let described = Described { version: product.newest, product, terms };
    let answer = wire::CreateProductResponse { product: Some(outgoing::product(&described)) };
    change.commit(answer, &entry("CREATE_PRODUCT", &product, super::DONE), &[]).await
}

pub(super) async fn revise(
    face: &Face,
    request: Request<wire::ReviseProductRequest>,
) -> Result<Response<wire::ReviseProductResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let newest = check.number("newest_version", form.newest_version, 1..=Version::MAX);
    let terms = terms(&mut check, form.terms.as_ref());
    let (request_id, id, newest, terms) = check.all((request_id, id, newest, terms))?;

    let mut change = match face.changes.begin(&request, request_id, "ReviseProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let done = execute(&mut change, id, Command::Revise { newest }, Some(&terms)).await?;
    let answer = wire::ReviseProductResponse { product: Some(outgoing::product(&done.described)) };
    change.commit(answer, &done.entry("REVISE_PRODUCT"), &done.messages).await
}

pub(super) async fn publish(
    face: &Face,
    request: Request<wire::PublishProductRequest>,
) -> Result<Response<wire::PublishProductResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let version = check.number("version", form.version, 1..=Version::MAX);
    let (request_id, id, version) = check.all((request_id, id, version))?;

    let mut change = match face.changes.begin(&request, request_id, "PublishProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let done = execute(&mut change, id, Command::Publish { version }, None).await?;
    let answer = wire::PublishProductResponse { product: Some(outgoing::product(&done.described)) };
    change.commit(answer, &done.entry("PUBLISH_PRODUCT"), &done.messages).await
}

pub(super) async fn retire(
    face: &Face,
    request: Request<wire::RetireProductRequest>,
) -> Result<Response<wire::RetireProductResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let (request_id, id) = check.all((request_id, id))?;

    let mut change = match face.changes.begin(&request, request_id, "RetireProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let done = execute(&mut change, id, Command::Retire, None).await?;
    let answer = wire::RetireProductResponse { product: Some(outgoing::product(&done.described)) };
    change.commit(answer, &done.entry("RETIRE_PRODUCT"), &done.messages).await
}

/// A command that was carried out, or had been before.
struct Done {
    described: Described,
    result: &'static str,
    messages: Vec<Outgoing>,
}

impl Done {
    fn entry(&self, action: &'static str) -> Entry {
        entry(action, &self.described.product, self.result)
    }
}

/// Decides `command` on the product as it is now and writes what follows; `terms` are those of a new version.
async fn execute(
    change: &mut Change,
    id: ProductId,
    command: Command,
    terms: Option<&ProductTerms>,
) -> Result<Done, Fault> {
    let now = change.now();
    let conn = change.conn();
    let product = products::lock(conn, id).await?.ok_or_else(|| not_found("product_id"))?;
    let (result, messages) = match decide(&product, command, now).map_err(of_product)? {
        Step::AlreadyApplied => (super::ALREADY, None),
        Step::Executed(event) => {
            let next = apply(product, event);
            write(conn, &product, &next, event, terms, now).await?;
            (super::DONE, messaging::product_changed(&next, event, now))
        }
    };
    let described = products::find(conn, id, None).await?.ok_or_else(|| not_found("product_id"))?;
    Ok(Done { described, result, messages: messages.into_iter().collect() })
}

async fn write(
    conn: &mut PgConnection,
    before: &Product,
    after: &Product,
    event: Event,
    terms: Option<&ProductTerms>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    products::update(conn, after).await?;
    let on_shelf = |product: &Product| matches!(product.state, State::Published { .. });
    match (event, terms) {
        (Event::Revised { version }, Some(terms)) => {
            products::insert_version(conn, after.id, version, terms, now).await?;
        }
        (Event::Revised { .. }, None) | (Event::Published { .. } | Event::Retired { .. }, _) => {
            if on_shelf(before) || on_shelf(after) {
                shelf::change(conn).await?;
            }
        }
    }
    Ok(())
}

fn entry(action: &'static str, product: &Product, result: &'static str) -> Entry {
    Entry { action, object_kind: "product", object_id: product.id.uuid(), purpose: super::PURPOSE, result }
}

pub(super) async fn get(
    face: &Face,
    request: Request<wire::GetProductRequest>,
) -> Result<Response<wire::Product>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let version = check.number("version", form.version, 0..=Version::MAX);
    let (id, version) = check.all((id, version))?;

    let mut conn = face.pool.acquire().await?;
    let version = Some(version).filter(|version| *version != 0);
    if let Some(found) = products::find(&mut conn, id, version).await? {
        return Ok(Response::new(outgoing::product(&found)));
    }
    match products::find(&mut conn, id, None).await? {
        Some(_) => Err(Fault::new(&reasons::PRODUCT_VERSION_UNKNOWN).field("version")),
        None => Err(not_found("product_id")),
    }
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListProductsRequest>,
) -> Result<Response<wire::ListProductsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let institution_id = match form.institution_id.as_str() {
        "" => Some(None),
        id => check.id::<InstitutionId>("institution_id", id).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<ProductId>(&form.page_token);
    let (institution_id, size, after) = check.all((institution_id, size, after))?;

    // One more than the page tells whether there is a next one.
    let mut conn = face.pool.acquire().await?;
    let mut found = products::list(&mut conn, institution_id, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|described| page_token(&described.product.id));
    let products = found.iter().map(outgoing::product).collect();
    Ok(Response::new(wire::ListProductsResponse { products, next_page_token: next.unwrap_or_default() }))
}
