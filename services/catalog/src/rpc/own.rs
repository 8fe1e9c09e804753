//! A bank's own products, for the partner gateway, which speaks as the institution and names its person.

use host::Begun;
use kernel::{InstitutionId, ProductId};
use proto::catalog::v1::{self as wire, own_product_service_server::OwnProductService};
use rpc::{Answer, Fault, check::Checker};
use sqlx::PgConnection;
use tonic::{Request, Response, async_trait};

use super::{
    acting::{Asked, act_on_product, create, entry, execute, withdraw},
    products::page,
    refusals::not_found,
    review::resume,
    service::Face,
    terms::terms,
    wire as outgoing,
};
use crate::{
    domain::product::{Command, Stage, Version},
    store::{
        acts,
        products::{self, Described, Which},
    },
};

const PAGE: i32 = 50;
const PAGE_MAX: i32 = 200;

/// The institution that calls.
fn own<T>(request: &Request<T>) -> Result<InstitutionId, Fault> {
    rpc::caller(request)?.institution().ok_or_else(|| Fault::new(&rpc::reasons::PERMISSION_DENIED))
}

/// An act on an own product; the answer is the product as its bank sees it.
macro_rules! own_act {
    ($face:ident, $request:ident, $method:literal, $action:literal, |$form:ident, $check:ident| $fields:expr, $($act:tt)+) => {
        act_on_product!(
            $face, $request, $method, $action, own: Some(own(&$request)?),
            |$form, $check| $fields,
            $($act)+,
            |change, described| as_owned(change.conn(), described.clone()).await?
        )
    };
}

#[async_trait]
impl OwnProductService for Face {
    async fn list_own_products(
        &self,
        request: Request<wire::ListOwnProductsRequest>,
    ) -> Answer<wire::ListOwnProductsResponse> {
        let own = own(&request)?;
        let form = request.get_ref();
        let mut check = Checker::new();
        let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
        let after = check.page_token::<ProductId>(&form.page_token);
        let (size, after) = check.all((size, after))?;
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let (found, next_page_token) = page(&mut conn, Which::Of(own), after, size).await?;
        let mut products = Vec::with_capacity(found.len());
        for described in found {
            products.push(as_owned(&mut conn, described).await?);
        }
        Ok(Response::new(wire::ListOwnProductsResponse { products, next_page_token }))
    }

    async fn get_own_product(
        &self,
        request: Request<wire::GetOwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        let own = own(&request)?;
        let mut check = Checker::new();
        let id = check.id::<ProductId>("product_id", &request.get_ref().product_id);
        let (id,) = check.all((id,))?;
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let found = products::find(&mut conn, id, None).await.map_err(Fault::from)?;
        let found = found.filter(|found| found.product.institution_id == own);
        let described = found.ok_or_else(|| not_found("product_id"))?;
        Ok(Response::new(as_owned(&mut conn, described).await?))
    }

    async fn create_own_product(
        &self,
        request: Request<wire::CreateOwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        let own = own(&request)?;
        let form = request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let terms = terms(&mut check, form.terms.as_ref(), &self.usual_caps);
        let (request_id, terms) = check.all((request_id, terms))?;
        let mut change = match self.changes.begin(&request, request_id, "CreateOwnProduct").await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let described = create(&mut change, own, terms, "institution_id").await?;
        let entry = entry("CREATE_PRODUCT", &described.product, super::DONE);
        let answer = as_owned(change.conn(), described).await?;
        Ok(change.commit(answer, &entry, &[]).await?)
    }

    async fn revise_own_product(
        &self,
        request: Request<wire::ReviseOwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "ReviseOwnProduct",
            "REVISE_PRODUCT",
            |form, check| {
                let newest = check.number("newest_version", form.newest_version, 1..=Version::MAX);
                newest.zip(terms(&mut check, form.terms.as_ref(), &self.usual_caps))
            },
            |change, asked, (newest, terms)| {
                async {
                    execute(&mut change, &Asked { terms: Some(&terms), ..asked }, Command::Revise { newest })
                        .await
                }
            }
        )
    }

    async fn submit_own_product(
        &self,
        request: Request<wire::OwnVersionRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "SubmitOwnProduct",
            "SUBMIT_PRODUCT",
            |form, check| check.number("version", form.version, 1..=Version::MAX),
            |change, asked, version| execute(&mut change, &asked, Command::Submit { version })
        )
    }

    async fn withdraw_own_product(
        &self,
        request: Request<wire::OwnVersionRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "WithdrawOwnProduct",
            "WITHDRAW_PRODUCT",
            |form, check| check.number("version", form.version, 1..=Version::MAX),
            |change, asked, version| withdraw(&mut change, &asked, version)
        )
    }

    async fn suspend_own_product(
        &self,
        request: Request<wire::OwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "SuspendOwnProduct",
            "SUSPEND_PRODUCT",
            |form, check| Some(()),
            |change, asked, ()| execute(&mut change, &asked, Command::Suspend)
        )
    }

    async fn resume_own_product(
        &self,
        request: Request<wire::OwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "ResumeOwnProduct",
            "RESUME_PRODUCT",
            |form, check| Some(()),
            |change, asked, ()| resume(&mut change, &asked)
        )
    }

    async fn retire_own_product(
        &self,
        request: Request<wire::OwnProductRequest>,
    ) -> Answer<wire::OwnProduct> {
        own_act!(
            self,
            request,
            "RetireOwnProduct",
            "RETIRE_PRODUCT",
            |form, check| Some(()),
            |change, asked, ()| execute(&mut change, &asked, Command::Retire)
        )
    }
}

/// With the newest terms beside those in force, and what a reviewer wants changed.
async fn as_owned(conn: &mut PgConnection, described: Described) -> Result<wire::OwnProduct, Fault> {
    let product = &described.product;
    let newest_terms = if described.version == product.newest {
        Some(outgoing::terms(&described.terms))
    } else {
        let newest = products::find(conn, product.id, Some(product.newest)).await?;
        newest.map(|newest| outgoing::terms(&newest.terms))
    };
    let returned = product.pending.as_ref().filter(|pending| pending.stage == Stage::Returned);
    let returned_text = match returned {
        Some(pending) => acts::returned_text(conn, product.id, pending.version).await?.unwrap_or_default(),
        None => String::new(),
    };
    Ok(wire::OwnProduct { product: Some(outgoing::product(&described)), newest_terms, returned_text })
}
