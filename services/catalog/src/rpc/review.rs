//! SubmitProduct, ApproveProduct, ReturnProduct, WithdrawProduct, SuspendProduct, ResumeProduct, ListReviews,
//! ListProductActs.

use kernel::{ProductId, calendar::date_of};
use proto::catalog::v1::{self as wire, review_service_server::ReviewService};
use rpc::{Answer, Fault, check::Checker};
use tonic::{Request, Response, async_trait};

use super::{
    acting::{Asked, Done, approve_and_publish, execute, staff_act, withdraw},
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

#[async_trait]
impl ReviewService for Face {
    async fn submit_product(
        &self,
        request: Request<wire::SubmitProductRequest>,
    ) -> Answer<wire::SubmitProductResponse> {
        staff_act!(
            self,
            request,
            SubmitProductResponse,
            "SubmitProduct",
            "SUBMIT_PRODUCT",
            |form, check| check.number("version", form.version, 1..=Version::MAX),
            |change, asked, version| { execute(&mut change, &asked, Command::Submit { version }) }
        )
    }

    async fn approve_product(
        &self,
        request: Request<wire::ApproveProductRequest>,
    ) -> Answer<wire::ApproveProductResponse> {
        let publish = request.get_ref().publish;
        staff_act!(
            self,
            request,
            ApproveProductResponse,
            "ApproveProduct",
            "APPROVE_PRODUCT",
            |form, check| check.number("version", form.version, 1..=Version::MAX),
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
        staff_act!(
            self,
            request,
            ReturnProductResponse,
            "ReturnProduct",
            "RETURN_PRODUCT",
            |form, check| {
                let version = check.number("version", form.version, 1..=Version::MAX);
                let text = check.text("text", &form.text, TEXT_MAX);
                version.zip(text.and_then(|text| check.note("text", &text, TEXT_MAX)))
            },
            |change, asked, (version, text)| {
                async {
                    execute(&mut change, &Asked { text: &text, ..asked }, Command::Return { version }).await
                }
            }
        )
    }

    async fn withdraw_product(
        &self,
        request: Request<wire::WithdrawProductRequest>,
    ) -> Answer<wire::WithdrawProductResponse> {
        staff_act!(
            self,
            request,
            WithdrawProductResponse,
            "WithdrawProduct",
            "WITHDRAW_PRODUCT",
            |form, check| check.number("version", form.version, 1..=Version::MAX),
            |change, asked, version| { withdraw(&mut change, &asked, version) }
        )
    }

    async fn suspend_product(
        &self,
        request: Request<wire::SuspendProductRequest>,
    ) -> Answer<wire::SuspendProductResponse> {
        staff_act!(
            self,
            request,
            SuspendProductResponse,
            "SuspendProduct",
            "SUSPEND_PRODUCT",
            |form, check| Some(()),
            |change, asked, ()| execute(&mut change, &asked, Command::Suspend)
        )
    }

    async fn resume_product(
        &self,
        request: Request<wire::ResumeProductRequest>,
    ) -> Answer<wire::ResumeProductResponse> {
        staff_act!(
            self,
            request,
            ResumeProductResponse,
            "ResumeProduct",
            "RESUME_PRODUCT",
            |form, check| Some(()),
            |change, asked, ()| resume(&mut change, &asked)
        )
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
