//! Tells every bank of the current versions, those too that came later; publishes at once when somebody has left the list.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Due, InstitutionId, InstitutionRole};
use proto::catalog::v1::ListInstitutionsRequest;
use rpc::audit;
use uuid::Uuid;

use super::{Worker, publish::publish};
use crate::{
    domain::lists::ListKind,
    messaging,
    store::{StoreError, entries, list_deliveries, list_versions},
};

/// Institutions asked for at a time.
const PAGE: i32 = 1_000;
/// A change that commits late may be older than what was looked at before it.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);

impl Worker {
    /// One round. `seen`: until when it has been looked whether somebody left.
    pub(super) async fn tell(&self, seen: &mut Option<DateTime<Utc>>) -> Result<(), StoreError> {
        self.follow(seen).await?;
        let banks = match self.banks().await {
            Ok(banks) => banks,
            Err(status) => {
                // Whom we know is told anyway; the others when the catalog is there again.
                tracing::warn!(code = ?status.code(), "the catalog does not say which banks there are");
                list_deliveries::known(&mut *self.pool.acquire().await?).await?
            }
        };
        for kind in ListKind::ALL {
            self.tell_of(kind, &banks).await?;
        }
        Ok(())
    }

    async fn tell_of(&self, kind: ListKind, banks: &[InstitutionId]) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        let Some(version) = list_versions::latest(&mut tx, kind).await? else { return Ok(()) };
        let missing = list_deliveries::missing(&mut tx, banks, kind, version.version).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let due_at = match self.calendar.deadline(now, self.policy.acknowledge) {
            Due::At(due_at) => Some(due_at),
            Due::Pending { .. } => None,
        };
        let told = list_deliveries::insert(&mut tx, &missing, kind, version.version, now, due_at).await?;
        if !told.is_empty() {
            let message = messaging::list_published(kind, version.version, version.published_at, &told, now);
            bus::enqueue(&mut tx, &[message]).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        Ok(())
    }

    /// All banks of the catalog.
    async fn banks(&self) -> Result<Vec<InstitutionId>, tonic::Status> {
        let (mut banks, mut page_token) = (Vec::new(), String::new());
        loop {
            let role = InstitutionRole::Bank.number();
            let request = ListInstitutionsRequest { role, page_size: PAGE, page_token };
            let answer = self.catalog.clone().list_institutions(request).await?.into_inner();
            banks.extend(
                answer.institutions.iter().filter_map(|one| one.institution_id.parse::<InstitutionId>().ok()),
            );
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(banks);
            }
        }
    }

    /// Who may not stand on a list any more is taken off what is published without anybody having to ask; each list by itself,
    /// whether or not the others were ever published.
    async fn follow(&self, seen: &mut Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.pool.begin().await?;
        for kind in ListKind::ALL {
            let Some(latest) = list_versions::latest(&mut tx, kind).await? else { continue };
            let since = seen.map_or(latest.published_at, |seen| seen.max(latest.published_at)) - OVERLAP;
            if !entries::left_since(&mut tx, since).await? {
                continue;
            }
            if publish(&mut tx, kind, now).await?.is_some() {
                let entry = audit::Entry {
                    action: "PUBLISH_LIST",
                    object_kind: "list",
                    object_id: Uuid::from_u64_pair(0, kind.number().unsigned_abs().into()),
                    purpose: "IP_PLEDGE_FINANCING",
                    result: "DONE",
                };
                audit::record(&mut tx, &self.caller, now, &entry).await?;
            }
        }
        tx.commit().await?;
        *seen = Some(now);
        Ok(())
    }

    pub(super) async fn fix_deliveries(&self) -> Result<(), StoreError> {
        let mut conn = self.pool.acquire().await?;
        for told_at in list_deliveries::pending(&mut conn).await? {
            if let Due::At(due_at) = self.calendar.deadline(told_at, self.policy.acknowledge) {
                list_deliveries::fix(&mut conn, told_at, due_at).await?;
            }
        }
        Ok(())
    }
}
