//! The register's second face, as generated from the contract; each method is handled beside its aggregate.

use proto::whitelist::v1::{self as wire, register_service_server::RegisterService};
use rpc::Answer;
use tonic::{Request, async_trait};

use super::{amend, consents, pledge, reveals, service::Face};

#[async_trait]
impl RegisterService for Face {
    async fn amend_enterprise(
        &self,
        request: Request<wire::AmendEnterpriseRequest>,
    ) -> Answer<wire::AmendEnterpriseResponse> {
        Ok(amend::enterprise(self, request).await?)
    }

    async fn amend_asset(
        &self,
        request: Request<wire::AmendAssetRequest>,
    ) -> Answer<wire::AmendAssetResponse> {
        Ok(amend::asset(self, request).await?)
    }

    async fn record_legal_events(
        &self,
        request: Request<wire::RecordLegalEventsRequest>,
    ) -> Answer<wire::RecordLegalEventsResponse> {
        Ok(amend::legal_events(self, request).await?)
    }

    async fn reveal(&self, request: Request<wire::RevealRequest>) -> Answer<wire::RevealResponse> {
        Ok(reveals::reveal(self, request).await?)
    }

    async fn list_reveals(
        &self,
        request: Request<wire::ListRevealsRequest>,
    ) -> Answer<wire::ListRevealsResponse> {
        Ok(reveals::list(self, request).await?)
    }

    async fn check_pledge(
        &self,
        request: Request<wire::CheckPledgeRequest>,
    ) -> Answer<wire::CheckPledgeResponse> {
        Ok(pledge::answer(self, request).await?)
    }

    async fn list_consents(
        &self,
        request: Request<wire::ListConsentsRequest>,
    ) -> Answer<wire::ListConsentsResponse> {
        Ok(consents::list(self, request).await?)
    }
}
