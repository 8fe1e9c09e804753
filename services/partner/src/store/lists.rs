//! Rows of `list_told`, and the events by which institutions learn of versions.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId};
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::{StoreError, events};
use crate::domain::{FeedEntry, FeedKind, List, ListVersion};

const TELL: &str = "\
    INSERT INTO list_told (institution_id, list, version, told_at) \
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::timestamptz[]) \
    ON CONFLICT DO NOTHING";

const LOCK: &str = "\
    SELECT acknowledged_at FROM list_told WHERE institution_id = $1 AND list = $2 AND version = $3 FOR UPDATE";

const ACKNOWLEDGE: &str = "\
    UPDATE list_told SET acknowledged_at = $4 WHERE institution_id = $1 AND list = $2 AND version = $3";

pub(super) const ALL: &[&str] = &[TELL, LOCK, ACKNOWLEDGE];

/// One institution is to know of one version.
#[derive(Debug, Clone)]
pub struct ListTold {
    pub institution_id: InstitutionId,
    pub told: ListVersion,
    pub at: DateTime<Utc>,
    /// The trace of the message's effect.
    pub trace: Option<String>,
}

impl ListTold {
    /// In place of an assignment, so that the versions of one list come in order and each once. Nobody is shown it.
    fn line(&self) -> LegId {
        LegId::from_uuid(Uuid::from_u128(
            self.institution_id.uuid().as_u128() ^ u128::from(self.told.list.number().unsigned_abs()),
        ))
    }

    fn entry(&self) -> FeedEntry {
        let kind = FeedKind::ListPublished;
        let subject = Uuid::from_u64_pair(0, self.told.version.unsigned_abs());
        FeedEntry {
            id: EventId::new(self.at, &mut rand::rng()),
            institution_id: self.institution_id,
            assignment_id: self.line(),
            kind,
            ordinal: kind.ordinal(self.told.version),
            subject,
            reply_id: None,
            reason: Some(self.told.to_string()),
            created_at: self.at,
            trace: self.trace.clone(),
            held: false,
        }
    }
}

/// Tells all of it; what was told before stays one event.
pub async fn tell(conn: &mut PgConnection, all: &[ListTold]) -> Result<(), StoreError> {
    let entries: Vec<FeedEntry> = all.iter().map(ListTold::entry).collect();
    let mut writes = Writes::new();
    if !all.is_empty() {
        writes
            .add(TELL)
            .bind(all.iter().map(|one| one.institution_id.uuid()).collect::<Vec<_>>())
            .bind(all.iter().map(|one| small(one.told.list)).collect::<Vec<_>>())
            .bind(all.iter().map(|one| one.told.version).collect::<Vec<_>>())
            .bind(all.iter().map(|one| one.at).collect::<Vec<_>>());
    }
    events::insert(&mut writes, &entries);
    Ok(writes.execute(conn).await?)
}

/// When the institution took note of the version, if it did, locked until the transaction ends; `None`: it was never told.
pub async fn lock(
    conn: &mut PgConnection,
    institution: InstitutionId,
    told: ListVersion,
) -> Result<Option<Option<DateTime<Utc>>>, StoreError> {
    let found = sqlx::query_scalar(LOCK).bind(institution.uuid()).bind(small(told.list)).bind(told.version);
    Ok(found.fetch_optional(conn).await?)
}

pub async fn acknowledge(
    conn: &mut PgConnection,
    institution: InstitutionId,
    told: ListVersion,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let noted = sqlx::query(ACKNOWLEDGE).bind(institution.uuid()).bind(small(told.list));
    noted.bind(told.version).bind(at).execute(conn).await?;
    Ok(())
}

fn small(list: List) -> i16 {
    i16::try_from(list.number()).unwrap_or_default()
}
