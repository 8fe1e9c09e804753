//! The service as generated from the contract.

use std::sync::Arc;

use host::Changes;
use kernel::Clock;
use proto::statistics::v1::{self as wire, statistics_service_server::StatisticsService};
use rpc::{Answer, Fault};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tonic::{Request, Response, async_trait};

use super::{days, overview, rebuild};
use crate::store::{StoreError, facts};

/// Questions about the past that are answered at a time: each holds the sheets of all cases in memory.
const PAST_QUESTIONS: usize = 2;

/// What every method needs.
#[derive(Clone)]
pub struct Face {
    pub pool: PgPool,
    pub clock: Arc<dyn Clock>,
    pub changes: Changes,
    pub(super) past: Arc<Semaphore>,
}

impl Face {
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, changes: Changes) -> Self {
        Self { pool, clock, changes, past: Arc::new(Semaphore::new(PAST_QUESTIONS)) }
    }
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

    async fn get_overview(&self, request: Request<wire::GetOverviewRequest>) -> Answer<wire::Overview> {
        Ok(overview::get(self, request.get_ref()).await?)
    }

    async fn list_days(&self, request: Request<wire::ListDaysRequest>) -> Answer<wire::ListDaysResponse> {
        Ok(days::list(self, request.get_ref()).await?)
    }

    async fn rebuild(&self, request: Request<wire::RebuildRequest>) -> Answer<wire::RebuildResponse> {
        Ok(rebuild::run(self, request).await?)
    }
}

pub(super) fn refused(error: StoreError) -> Fault {
    match error {
        StoreError::Database(error) => error.into(),
        StoreError::Impossible { .. } => Fault::new(&rpc::reasons::INTERNAL).source(error),
    }
}
