//! The service as generated from the contract; each method is handled beside its aggregate.

use std::sync::Arc;

use host::Changes;
use kernel::Clock;
use proto::whitelist::v1::{self as wire, whitelist_service_server::WhitelistService};
use rpc::Answer;
use sqlx::PgPool;
use tonic::{Request, async_trait};

use super::{Persons, assets, consents, enterprises, identifiers, standings};
use crate::{domain::place::Parks, sources::Sources};

/// What every method needs.
#[derive(Clone)]
pub struct Face {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub changes: Changes,
    pub parks: Parks,
    pub persons: Persons,
    pub sources: Sources,
}

#[async_trait]
impl WhitelistService for Face {
    async fn register_enterprise(
        &self,
        request: Request<wire::RegisterEnterpriseRequest>,
    ) -> Answer<wire::RegisterEnterpriseResponse> {
        Ok(enterprises::register(self, request).await?)
    }

    async fn get_enterprise(&self, request: Request<wire::GetEnterpriseRequest>) -> Answer<wire::Enterprise> {
        Ok(enterprises::get(self, request).await?)
    }

    async fn register_asset(
        &self,
        request: Request<wire::RegisterAssetRequest>,
    ) -> Answer<wire::RegisterAssetResponse> {
        Ok(assets::register(self, request).await?)
    }

    async fn list_assets(
        &self,
        request: Request<wire::ListAssetsRequest>,
    ) -> Answer<wire::ListAssetsResponse> {
        Ok(assets::list(self, request).await?)
    }

    async fn grant_consent(
        &self,
        request: Request<wire::GrantConsentRequest>,
    ) -> Answer<wire::GrantConsentResponse> {
        Ok(consents::grant(self, request).await?)
    }

    async fn revoke_consent(
        &self,
        request: Request<wire::RevokeConsentRequest>,
    ) -> Answer<wire::RevokeConsentResponse> {
        Ok(consents::revoke(self, request).await?)
    }

    async fn check_consent(
        &self,
        request: Request<wire::CheckConsentRequest>,
    ) -> Answer<wire::CheckConsentResponse> {
        Ok(consents::check(self, request).await?)
    }

    async fn record_standing(
        &self,
        request: Request<wire::RecordStandingRequest>,
    ) -> Answer<wire::RecordStandingResponse> {
        Ok(standings::record(self, request).await?)
    }

    async fn get_standings(
        &self,
        request: Request<wire::GetStandingsRequest>,
    ) -> Answer<wire::GetStandingsResponse> {
        Ok(standings::get(self, request).await?)
    }

    async fn check_identifier(
        &self,
        request: Request<wire::CheckIdentifierRequest>,
    ) -> Answer<wire::CheckIdentifierResponse> {
        Ok(identifiers::check(self, &request)?)
    }
}
