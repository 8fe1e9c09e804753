//! The service as generated from the contract.

use proto::statistics::v1::{self as wire, statistics_service_server::StatisticsService};
use rpc::{Answer, Fault};
use sqlx::PgPool;
use tonic::{Request, Response, async_trait};

use crate::store::{StoreError, facts};

/// What every method needs.
pub struct Face {
    pub pool: PgPool,
}

#[async_trait]
impl StatisticsService for Face {
    async fn count_facts(
        &self,
        _request: Request<wire::CountFactsRequest>,
    ) -> Answer<wire::CountFactsResponse> {
        let counts = async {
            let mut conn = self.pool.acquire().await?;
            facts::counts(&mut conn).await
        };
        let counts = counts.await.map_err(refused)?;
        let counts =
            counts.into_iter().map(|counted| wire::FactCount { r#type: counted.kind, count: counted.count });
        Ok(Response::new(wire::CountFactsResponse { counts: counts.collect() }))
    }

    async fn get_overview(&self, _request: Request<wire::GetOverviewRequest>) -> Answer<wire::Overview> {
        Err(tonic::Status::unimplemented("not yet"))
    }

    async fn list_days(&self, _request: Request<wire::ListDaysRequest>) -> Answer<wire::ListDaysResponse> {
        Err(tonic::Status::unimplemented("not yet"))
    }

    async fn rebuild(&self, _request: Request<wire::RebuildRequest>) -> Answer<wire::RebuildResponse> {
        Err(tonic::Status::unimplemented("not yet"))
    }
}

fn refused(error: StoreError) -> Fault {
    match error {
        StoreError::Database(error) => error.into(),
        StoreError::Impossible { .. } => Fault::new(&rpc::reasons::INTERNAL).source(error),
    }
}
