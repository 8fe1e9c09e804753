//! SubmitProduct, ApproveProduct, ReturnProduct, WithdrawProduct, SuspendProduct, ResumeProduct, ListReviews,
//! ListProductActs.

use host::Begun;
use kernel::{ProductId, calendar::date_of};
use proto::catalog::v1::{self as wire, review_service_server::ReviewService};
use rpc::{Answer, Fault, check::Checker};
use tonic::{Request, Response, async_trait};

use super::{
    acting::{Asked, Done, approve_and_publish, execute, person, withdraw},
    products::page,
    refusals::not_found,
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::product::{Command, Version},
    store::{
        acts,
        products::{self, Which},
    },
};

const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;
/// Longest text of a return, in characters.
const TEXT_MAX: usize = 500;

/// Checks a request about one version, carries it out with `$act` and answers with the product.
macro_rules! verb {
    ($self:ident, $request:ident, $answer:ident, $method:literal, $action:literal, |$change:ident, $asked:ident, $version:ident| $act:expr) => {{
        let form = $request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let id = check.id::<ProductId>("product_id", &form.product_id);
        let version = check.number("version", form.version, 1..=Version::MAX);
        let (request_id, id, $version) = check.all((request_id, id, version))?;
        let mut $change = match $self.changes.begin(&$request, request_id, $method).await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let by = person($change.caller())?;
        let $asked = Asked::of(id, &by);
        let done: Done = $act.await?;
        let answer = wire::$answer { product: Some(outgoing::product(&done.described)) };
        Ok($change.commit(answer, &done.entry($action), &done.messages).await?)
    }};
}

#[async_trait]
impl ReviewService for Face {
    async fn submit_product(
        &self,
        request: Request<wire::SubmitProductRequest>,
    ) -> Answer<wire::SubmitProductResponse> {
        verb!(
            self,
            request,
            SubmitProductResponse,
            "SubmitProduct",
            "SUBMIT_PRODUCT",
            |change, asked, version| { execute(&mut change, &asked, Command::Submit { version }) }
        )
    }

    async fn approve_product(
        &self,
        request: Request<wire::ApproveProductRequest>,
    ) -> Answer<wire::ApproveProductResponse> {
        let publish = request.get_ref().publish;
        verb!(
            self,
            request,
            ApproveProductResponse,
            "ApproveProduct",
            "APPROVE_PRODUCT",
            |change, asked, version| {
                async {
                    if publish {
                        approve_and_publish(&mut change, &asked, version).await
                    } else {
                        execute(&mut change, &asked, Command::Approve { version }).await
                    }
                }
            }
        )
    }

    async fn return_product(
        &self,
        request: Request<wire::ReturnProductRequest>,
    ) -> Answer<wire::ReturnProductResponse> {
        Ok(give_back(self, request).await?)
    }

    async fn withdraw_product(
        &self,
        request: Request<wire::WithdrawProductRequest>,
    ) -> Answer<wire::WithdrawProductResponse> {
        verb!(
            self,
            request,
            WithdrawProductResponse,
            "WithdrawProduct",
            "WITHDRAW_PRODUCT",
            |change, asked, version| { withdraw(&mut change, &asked, version) }
        )
    }

    async fn suspend_product(
        &self,
        request: Request<wire::SuspendProductRequest>,
    ) -> Answer<wire::SuspendProductResponse> {
        let form = request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let id = check.id::<ProductId>("product_id", &form.product_id);
        let (request_id, id) = check.all((request_id, id))?;
        let mut change = match self.changes.begin(&request, request_id, "SuspendProduct").await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let by = person(change.caller())?;
        let done = execute(&mut change, &Asked::of(id, &by), Command::Suspend).await?;
        let answer = wire::SuspendProductResponse { product: Some(outgoing::product(&done.described)) };
        Ok(change.commit(answer, &done.entry("SUSPEND_PRODUCT"), &done.messages).await?)
    }

    async fn resume_product(
        &self,
        request: Request<wire::ResumeProductRequest>,
    ) -> Answer<wire::ResumeProductResponse> {
        let form = request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let id = check.id::<ProductId>("product_id", &form.product_id);
        let (request_id, id) = check.all((request_id, id))?;
        let mut change = match self.changes.begin(&request, request_id, "ResumeProduct").await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let by = person(change.caller())?;
        let done = resume(&mut change, &Asked::of(id, &by)).await?;
        let answer = wire::ResumeProductResponse { product: Some(outgoing::product(&done.described)) };
        Ok(change.commit(answer, &done.entry("RESUME_PRODUCT"), &done.messages).await?)
    }

    async fn list_reviews(
        &self,
        request: Request<wire::ListReviewsRequest>,
    ) -> Answer<wire::ListReviewsResponse> {
        let form = request.get_ref();
        let mut check = Checker::new();
        let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
        let after = check.page_token::<ProductId>(&form.page_token);
        let (size, after) = check.all((size, after))?;
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let (found, next_page_token) = page(&mut conn, Which::InReview, after, size).await?;
        let products = found.iter().map(outgoing::product).collect();
        Ok(Response::new(wire::ListReviewsResponse { products, next_page_token }))
    }

    async fn list_product_acts(
        &self,
        request: Request<wire::ListProductActsRequest>,
    ) -> Answer<wire::ListProductActsResponse> {
        Ok(list_acts(self, request).await?)
    }
}

/// Whether the terms have ended is asked within the change.
pub(super) async fn resume(change: &mut host::Change, asked: &Asked<'_>) -> Result<Done, Fault> {
    let today = date_of(change.now());
    let found = products::find(change.conn(), asked.id, None).await?;
    let ended = found.is_some_and(|found| found.terms.conditions.has_ended(today));
    execute(change, asked, Command::Resume { ended }).await
}

async fn give_back(
    face: &Face,
    request: Request<wire::ReturnProductRequest>,
) -> Result<Response<wire::ReturnProductResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let version = check.number("version", form.version, 1..=Version::MAX);
    let text = check.text("text", &form.text, TEXT_MAX).and_then(|text| check.note("text", &text, TEXT_MAX));
    let (request_id, id, version, text) = check.all((request_id, id, version, text))?;
    let mut change = match face.changes.begin(&request, request_id, "ReturnProduct").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let by = person(change.caller())?;
    let asked = Asked { text: &text, ..Asked::of(id, &by) };
    let done = execute(&mut change, &asked, Command::Return { version }).await?;
    let answer = wire::ReturnProductResponse { product: Some(outgoing::product(&done.described)) };
    change.commit(answer, &done.entry("RETURN_PRODUCT"), &done.messages).await
}

async fn list_acts(
    face: &Face,
    request: Request<wire::ListProductActsRequest>,
) -> Result<Response<wire::ListProductActsResponse>, Fault> {
    let mut check = Checker::new();
    let id = check.id::<ProductId>("product_id", &request.get_ref().product_id);
    let (id,) = check.all((id,))?;
    let mut conn = face.pool.acquire().await?;
    if products::find(&mut conn, id, None).await?.is_none() {
        return Err(not_found("product_id"));
    }
    let acts = acts::list(&mut conn, id).await?;
    let told = |act: acts::Recorded| wire::ProductAct {
        revision: act.revision,
        version: act.version,
        act: act.act,
        actor: act.actor,
        text: act.text,
        at: Some(outgoing::timestamp(act.at)),
    };
    Ok(Response::new(wire::ListProductActsResponse { acts: acts.into_iter().map(told).collect() }))
}
