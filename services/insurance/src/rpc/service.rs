//! The gRPC service: each call is one function in the file of its kind.

use host::Changes;
use proto::insurance::v1::{self as wire, insurance_service_server::InsuranceService};
use rpc::Answer;
use sqlx::PgPool;
use tonic::Request;

/// What the calls need.
#[derive(Clone)]
pub(crate) struct Face {
    pub pool: PgPool,
    pub changes: Changes,
}

#[tonic::async_trait]
impl InsuranceService for Face {
    async fn set_appetite(
        &self,
        request: Request<wire::SetAppetiteRequest>,
    ) -> Answer<wire::SetAppetiteResponse> {
        Ok(self.set(request).await?)
    }

    async fn list_appetites(
        &self,
        request: Request<wire::ListAppetitesRequest>,
    ) -> Answer<wire::ListAppetitesResponse> {
        Ok(self.list(request).await?)
    }

    async fn preview_cover(
        &self,
        request: Request<wire::PreviewCoverRequest>,
    ) -> Answer<wire::PreviewCoverResponse> {
        Ok(self.preview(request).await?)
    }

    async fn list_cover(&self, request: Request<wire::ListCoverRequest>) -> Answer<wire::ListCoverResponse> {
        Ok(self.rounds(request).await?)
    }
}
