//! Tells the platform what is wanted there. An attempt holds no transaction: it is taken up under a lease, carried out, and
//! concluded if the same is wanted still.

use chrono::TimeDelta;

use super::{Platform, WorkError, Worker};
use crate::{
    domain::publication::{Outcome, Publication, State, conclude},
    store::{institutions, products, publications},
};

/// For so long nobody else takes up what was taken up: longer than an exchange may last.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Attempts at once.
const AT_ONCE: i64 = 8;

impl Worker {
    /// Takes what is due; false if nothing is.
    pub(super) async fn take_publications(&self, platform: &Platform) -> Result<bool, WorkError> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let taken = publications::take(&mut conn, now, now + LEASE, AT_ONCE).await?;
        drop(conn);
        let any = !taken.is_empty();
        let attempts = taken.into_iter().map(|publication| self.attempt(platform, publication));
        for done in futures::future::join_all(attempts).await {
            done?;
        }
        Ok(any)
    }

    async fn attempt(&self, platform: &Platform, publication: Publication) -> Result<(), WorkError> {
        let (id, sequence) = (publication.product_id, publication.sequence);
        let outcome = match publication.state {
            State::WithdrawPending => platform.withdraw(id, sequence).await,
            State::Pending | State::Failed => self.publish(platform, &publication).await?,
            State::Synced | State::Withdrawn => return Ok(()),
        };
        if let Outcome::Failed { code } = &outcome {
            tracing::warn!(product = %id, attempts = publication.attempts + 1, code, "the platform does not have it yet");
        }
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let held = publications::lock(&mut transaction, id).await?;
        if let Some(next) = held.and_then(|held| conclude(&held, sequence, outcome, now)) {
            publications::put(&mut transaction, &next).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn publish(&self, platform: &Platform, publication: &Publication) -> Result<Outcome, WorkError> {
        let mut conn = self.pool.acquire().await?;
        let found = products::find(&mut conn, publication.product_id, Some(publication.version)).await?;
        let bank = match &found {
            Some(found) => institutions::find(&mut conn, found.product.institution_id).await?,
            None => None,
        };
        drop(conn);
        match found.zip(bank) {
            Some((found, bank)) => {
                let (id, sequence) = (publication.product_id, publication.sequence);
                Ok(platform.publish(id, sequence, &bank, &found.terms).await)
            }
            // The schema's keys do not let this be.
            None => Ok(Outcome::Failed { code: "PRODUCT_MISSING".to_owned() }),
        }
    }
}
