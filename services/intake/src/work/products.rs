//! How banks' products count interest, as catalog has it. The terms of a version never change, so what was told once is
//! believed for good.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kernel::loan::dated::{InterestBasis, SETTLE_DAYS};
use proto::catalog::v1::{self as catalog, catalog_service_client::CatalogServiceClient};
use tonic::{Code, Status};

use crate::domain::{ProductVersion, compare::Conventions};

/// Versions kept in memory; beyond it all are asked for anew.
const KEPT: usize = 10_000;

#[derive(Clone)]
pub(crate) struct Products {
    catalog: CatalogServiceClient<rpc::client::Channel>,
    known: Arc<Mutex<HashMap<ProductVersion, Conventions>>>,
}

impl Products {
    pub(crate) fn new(catalog: CatalogServiceClient<rpc::client::Channel>) -> Self {
        Self { catalog, known: Arc::default() }
    }

    /// Of each of these. A product that catalog does not know counts as banks do unless agreed otherwise.
    ///
    /// # Errors
    /// Catalog's: without an answer offers would be ranked by guesses.
    pub(crate) async fn conventions(
        &self,
        wanted: &[ProductVersion],
    ) -> Result<HashMap<ProductVersion, Conventions>, Box<Status>> {
        let mut found = HashMap::with_capacity(wanted.len());
        for product in wanted {
            if found.contains_key(product) {
                continue;
            }
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(product).copied();
            let conventions = match known {
                Some(conventions) => conventions,
                None => self.ask(*product).await?,
            };
            found.insert(*product, conventions);
        }
        Ok(found)
    }

    async fn ask(&self, product: ProductVersion) -> Result<Conventions, Box<Status>> {
        let request =
            catalog::GetProductRequest { product_id: product.id.to_string(), version: product.version };
        let conventions = match self.catalog.clone().get_product(request).await {
            Ok(answer) => answer.into_inner().terms.as_ref().map(conventions).unwrap_or_default(),
            Err(status) if status.code() == Code::NotFound => return Ok(Conventions::default()),
            Err(status) => return Err(Box::new(status)),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(product, conventions);
        Ok(conventions)
    }
}

/// 0 in the contract is what banks do unless agreed otherwise.
fn conventions(terms: &catalog::ProductTerms) -> Conventions {
    let usual = Conventions::default();
    let day = u8::try_from(terms.settle_day).ok().filter(|day| SETTLE_DAYS.contains(day));
    Conventions {
        basis: InterestBasis::of_days(terms.interest_basis).unwrap_or(usual.basis),
        settle_day: day.unwrap_or(usual.settle_day),
    }
}
