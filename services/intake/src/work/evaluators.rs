//! Which evaluators take cases, as catalog knows them. Planning asks for them at every turn, so the answer is believed
//! for a short time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use kernel::{InstitutionId, InstitutionRole};
use proto::catalog::v1::{self as catalog, catalog_service_client::CatalogServiceClient};
use tonic::Status;

/// How long an answer of catalog is believed.
const BELIEVED: Duration = Duration::from_secs(15);
/// The most that catalog gives at once.
const PAGE: i32 = 1_000;

#[derive(Clone)]
pub(crate) struct Evaluators {
    catalog: CatalogServiceClient<rpc::client::Channel>,
    known: Arc<Mutex<Option<Known>>>,
}

#[derive(Clone)]
struct Known {
    asked_at: Instant,
    ids: Arc<[InstitutionId]>,
}

impl Evaluators {
    pub(crate) fn new(catalog: CatalogServiceClient<rpc::client::Channel>) -> Self {
        Self { catalog, known: Arc::default() }
    }

    /// Every evaluator, in the order of their ids. A responsible department is asked of banks alone (C33).
    ///
    /// # Errors
    /// Catalog's.
    pub(crate) async fn list(&self) -> Result<Arc<[InstitutionId]>, Box<Status>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.asked_at.elapsed() < BELIEVED) {
            return Ok(known.ids);
        }
        let asked_at = Instant::now();
        let ids: Arc<[InstitutionId]> = self.ask().await?.into();
        let known = Known { asked_at, ids: Arc::clone(&ids) };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(ids)
    }

    async fn ask(&self) -> Result<Vec<InstitutionId>, Box<Status>> {
        let mut ids = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = catalog::ListInstitutionsRequest {
                role: InstitutionRole::Evaluator.number(),
                page_size: PAGE,
                page_token,
            };
            let page = self.catalog.clone().list_institutions(request).await.map_err(Box::new)?.into_inner();
            for one in &page.institutions {
                let unknown =
                    |_| Box::new(Status::internal("catalog answered an institution id that is none"));
                ids.push(one.institution_id.parse().map_err(unknown)?);
            }
            if page.next_page_token.is_empty() {
                ids.sort_unstable();
                return Ok(ids);
            }
            page_token = page.next_page_token;
        }
    }
}
