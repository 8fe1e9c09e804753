//! What matching stands on, held in memory: the published products, of which it asks all for every need, the LPR, and the
//! parks that ask for an agreement.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use sqlx::PgPool;

use crate::{
    domain::{codes::Park, lpr::LprTable, matching::Published},
    store::{StoreError, lpr, parks, shelf},
};

/// A copy of what is published, as of one revision.
#[derive(Debug, Default)]
pub(super) struct Copy {
    revision: i64,
    pub(super) products: Vec<Published>,
    pub(super) lpr: LprTable,
    pub(super) agreement_parks: BTreeSet<Park>,
}

/// Gives the present copy. Each use asks the database for the revision, one row, so that a change made by any process is
/// seen by the next question to every process.
#[derive(Default)]
pub struct Shelf {
    held: RwLock<Arc<Copy>>,
    /// One reads the products while the others wait for it.
    reading: tokio::sync::Mutex<()>,
}

impl Shelf {
    pub(super) async fn current(&self, pool: &PgPool) -> Result<Arc<Copy>, StoreError> {
        let mut conn = pool.acquire().await?;
        if let Some(copy) = self.at_least(shelf::revision(&mut conn).await?) {
            return Ok(copy);
        }
        let _reading = self.reading.lock().await;
        // Before the products: a change between the two makes the copy newer than it says, never older.
        let revision = shelf::revision(&mut conn).await?;
        if let Some(copy) = self.at_least(revision) {
            return Ok(copy);
        }
        let parks = parks::list(&mut conn).await?.into_iter().filter(|park| park.agreement_required);
        let copy = Arc::new(Copy {
            revision,
            products: shelf::list(&mut conn).await?,
            lpr: lpr::list(&mut conn).await?.table(),
            agreement_parks: parks.map(|park| park.code).collect(),
        });
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&copy);
        tracing::info!(revision, products = copy.products.len(), "published products read");
        Ok(copy)
    }

    fn at_least(&self, revision: i64) -> Option<Arc<Copy>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        (held.revision >= revision).then(|| Arc::clone(&held))
    }
}
