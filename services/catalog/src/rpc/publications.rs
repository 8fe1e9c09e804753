//! ListPublications, RetryPublication.

use host::Begun;
use kernel::ProductId;
use proto::catalog::v1::{self as wire, publication_service_server::PublicationService};
use rpc::{
    Answer, Fault,
    check::{Checker, page_token},
};
use tonic::{Request, Response, async_trait};

use super::{refusals::not_found, service::Face, upkeep::entry, wire as outgoing};
use crate::{domain::publication::State, store::publications};

const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

fn state(number: i32) -> Option<State> {
    match wire::PublicationState::try_from(number).ok()? {
        wire::PublicationState::Unspecified => None,
        wire::PublicationState::Pending => Some(State::Pending),
        wire::PublicationState::Synced => Some(State::Synced),
        wire::PublicationState::Failed => Some(State::Failed),
        wire::PublicationState::WithdrawPending => Some(State::WithdrawPending),
        wire::PublicationState::Withdrawn => Some(State::Withdrawn),
    }
}

#[async_trait]
impl PublicationService for Face {
    async fn list_publications(
        &self,
        request: Request<wire::ListPublicationsRequest>,
    ) -> Answer<wire::ListPublicationsResponse> {
        Ok(list(self, request).await?)
    }

    async fn retry_publication(
        &self,
        request: Request<wire::RetryPublicationRequest>,
    ) -> Answer<wire::RetryPublicationResponse> {
        Ok(retry(self, request).await?)
    }
}

async fn list(
    face: &Face,
    request: Request<wire::ListPublicationsRequest>,
) -> Result<Response<wire::ListPublicationsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let state = match form.state {
        0 => Some(None),
        number => check.code("state", number, state).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<ProductId>(&form.page_token);
    let (state, size, after) = check.all((state, size, after))?;

    // One more than the page tells whether there is a next one.
    let mut conn = face.pool.acquire().await?;
    let mut found = publications::list(&mut conn, state, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|one| page_token(&one.product_id));
    Ok(Response::new(wire::ListPublicationsResponse {
        publications: found.iter().map(outgoing::publication).collect(),
        next_page_token: next.unwrap_or_default(),
        platform_configured: face.platform_configured,
    }))
}

async fn retry(
    face: &Face,
    request: Request<wire::RetryPublicationRequest>,
) -> Result<Response<wire::RetryPublicationResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ProductId>("product_id", &form.product_id);
    let (request_id, id) = check.all((request_id, id))?;

    let mut change = match face.changes.begin(&request, request_id, "RetryPublication").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let missing = || not_found("product_id");
    publications::lock(change.conn(), id).await?.ok_or_else(missing)?;
    publications::hurry(change.conn(), id, now).await?;
    let held = publications::lock(change.conn(), id).await?.ok_or_else(missing)?;
    let answer = wire::RetryPublicationResponse { publication: Some(outgoing::publication(&held)) };
    change.commit(answer, &entry("RETRY_PUBLICATION", "product", id.uuid()), &[]).await
}
