//! CreateProduct, ReviseProduct, PublishProduct, RetireProduct, GetProduct, ListProducts.

use host::Begun;
use kernel::{InstitutionId, ProductId};
use proto::catalog::v1 as wire;
use rpc::{
    Fault,
    check::{Checker, page_token},
};
use sqlx::PgConnection;
use tonic::{Request, Response};

use super::{
    acting::{Asked, create as write_draft, entry, execute, publish as publish_version, staff_act},
    refusals::not_found,
    service::Face,
    terms::terms,
    wire as outgoing,
};
use crate::{
    domain::product::{Command, Version},
    reasons,
    store::products::{self, Which},
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
    let terms = terms(&mut check, form.terms.as_ref(), &face.usual_caps);
    let (request_id, institution_id, terms) = check.all((request_id, institution_id, terms))?;

    let mut change = match face.changes.begin(&request, request_id, "CreateProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let described = write_draft(&mut change, institution_id, terms, "institution_id").await?;
    let answer = wire::CreateProductResponse { product: Some(outgoing::product(&described)) };
    change.commit(answer, &entry("CREATE_PRODUCT", &described.product, super::DONE), &[]).await
}

pub(super) async fn revise(
    face: &Face,
    request: Request<wire::ReviseProductRequest>,
) -> Result<Response<wire::ReviseProductResponse>, Fault> {
    staff_act!(
        face,
        request,
        ReviseProductResponse,
        "ReviseProduct",
        "REVISE_PRODUCT",
        |form, check| {
            let newest = check.number("newest_version", form.newest_version, 1..=Version::MAX);
            newest.zip(terms(&mut check, form.terms.as_ref(), &face.usual_caps))
        },
        |change, asked, (newest, terms)| {
            async {
                execute(&mut change, &Asked { terms: Some(&terms), ..asked }, Command::Revise { newest })
                    .await
            }
        }
    )
}

pub(super) async fn publish(
    face: &Face,
    request: Request<wire::PublishProductRequest>,
) -> Result<Response<wire::PublishProductResponse>, Fault> {
    staff_act!(
        face,
        request,
        PublishProductResponse,
        "PublishProduct",
        "PUBLISH_PRODUCT",
        |form, check| check.number("version", form.version, 1..=Version::MAX),
        |change, asked, version| publish_version(&mut change, &asked, version)
    )
}

pub(super) async fn retire(
    face: &Face,
    request: Request<wire::RetireProductRequest>,
) -> Result<Response<wire::RetireProductResponse>, Fault> {
    staff_act!(
        face,
        request,
        RetireProductResponse,
        "RetireProduct",
        "RETIRE_PRODUCT",
        |form, check| Some(()),
        |change, asked, ()| execute(&mut change, &asked, Command::Retire)
    )
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
    let which = match form.institution_id.as_str() {
        "" => Some(Which::All),
        id => check.id::<InstitutionId>("institution_id", id).map(Which::Of),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<ProductId>(&form.page_token);
    let (which, size, after) = check.all((which, size, after))?;

    let (found, next_page_token) = page(&mut *face.pool.acquire().await?, which, after, size).await?;
    let products = found.iter().map(outgoing::product).collect();
    Ok(Response::new(wire::ListProductsResponse { products, next_page_token }))
}

/// A page of products, and the token of the next one.
pub(super) async fn page(
    conn: &mut PgConnection,
    which: Which,
    after: Option<ProductId>,
    size: i32,
) -> Result<(Vec<products::Described>, String), Fault> {
    // One more than the page tells whether there is a next one.
    let mut found = products::list(conn, which, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|described| page_token(&described.product.id));
    Ok((found, next.unwrap_or_default()))
}
