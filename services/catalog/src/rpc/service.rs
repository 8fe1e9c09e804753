//! The service as generated from the contract; each method is handled beside its aggregate.

use std::sync::Arc;

use host::Changes;
use kernel::Clock;
use proto::catalog::v1::{self as wire, catalog_service_server::CatalogService};
use rpc::Answer;
use sqlx::PgPool;
use tonic::{Request, async_trait};

use super::{institutions, matching, products, shelf::Shelf};
use crate::domain::pledge::UsualCaps;

/// What every method needs. The services of the contract are implemented on it: `CatalogService` here, each other one
/// beside its subject.
pub struct Face {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub changes: Changes,
    pub shelf: Shelf,
    pub usual_caps: UsualCaps,
    /// Whether there is an address of the 信易贷 platform.
    pub platform_configured: bool,
}

#[async_trait]
impl CatalogService for Face {
    async fn register_institution(
        &self,
        request: Request<wire::RegisterInstitutionRequest>,
    ) -> Answer<wire::RegisterInstitutionResponse> {
        Ok(institutions::register(self, request).await?)
    }

    async fn get_institution(
        &self,
        request: Request<wire::GetInstitutionRequest>,
    ) -> Answer<wire::Institution> {
        Ok(institutions::get(self, request).await?)
    }

    async fn list_institutions(
        &self,
        request: Request<wire::ListInstitutionsRequest>,
    ) -> Answer<wire::ListInstitutionsResponse> {
        Ok(institutions::list(self, request).await?)
    }

    async fn create_product(
        &self,
        request: Request<wire::CreateProductRequest>,
    ) -> Answer<wire::CreateProductResponse> {
        Ok(products::create(self, request).await?)
    }

    async fn revise_product(
        &self,
        request: Request<wire::ReviseProductRequest>,
    ) -> Answer<wire::ReviseProductResponse> {
        Ok(products::revise(self, request).await?)
    }

    async fn publish_product(
        &self,
        request: Request<wire::PublishProductRequest>,
    ) -> Answer<wire::PublishProductResponse> {
        Ok(products::publish(self, request).await?)
    }

    async fn retire_product(
        &self,
        request: Request<wire::RetireProductRequest>,
    ) -> Answer<wire::RetireProductResponse> {
        Ok(products::retire(self, request).await?)
    }

    async fn get_product(&self, request: Request<wire::GetProductRequest>) -> Answer<wire::Product> {
        Ok(products::get(self, request).await?)
    }

    async fn list_products(
        &self,
        request: Request<wire::ListProductsRequest>,
    ) -> Answer<wire::ListProductsResponse> {
        Ok(products::list(self, request).await?)
    }

    async fn match_products(
        &self,
        request: Request<wire::MatchProductsRequest>,
    ) -> Answer<wire::MatchProductsResponse> {
        Ok(matching::match_products(self, request).await?)
    }
}
