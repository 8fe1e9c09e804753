//! Rows of `list_told`, and the events by which institutions learn of versions.

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{FeedKind, List, ListVersion};

const TELL: &str = "\
    INSERT INTO list_told (institution_id, list, version, told_at) \
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::timestamptz[]) \
    ON CONFLICT DO NOTHING";

const FEED: &str = "\
    INSERT INTO event (event_id, institution_id, assignment_id, kind, ordinal, subject, reason, created_at, \
                       traceparent, held) \
    SELECT n.*, false FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bigint[], $6::uuid[], \
                                  $7::text[], $8::timestamptz[], $9::text[]) AS n \
    ON CONFLICT ON CONSTRAINT event_told_once DO NOTHING";

const LOCK: &str = "\
    SELECT acknowledged_at FROM list_told WHERE institution_id = $1 AND list = $2 AND version = $3 FOR UPDATE";

const ACKNOWLEDGE: &str = "\
    UPDATE list_told SET acknowledged_at = $4 WHERE institution_id = $1 AND list = $2 AND version = $3";

pub(super) const ALL: &[&str] = &[TELL, FEED, LOCK, ACKNOWLEDGE];

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
    fn line(&self) -> Uuid {
        Uuid::from_u128(
            self.institution_id.uuid().as_u128() ^ u128::from(self.told.list.number().unsigned_abs()),
        )
    }

    fn subject(&self) -> Uuid {
        Uuid::from_u64_pair(0, self.told.version.unsigned_abs())
    }
}

/// Tells all of it; what was told before stays one event.
pub async fn tell(conn: &mut PgConnection, all: &[ListTold]) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    let institutions: Vec<Uuid> = all.iter().map(|one| one.institution_id.uuid()).collect();
    sqlx::query(TELL)
        .bind(&institutions)
        .bind(all.iter().map(|one| small(one.told.list)).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.told.version).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.at).collect::<Vec<_>>())
        .execute(&mut *conn)
        .await?;
    let kind = FeedKind::ListPublished;
    sqlx::query(FEED)
        .bind(all.iter().map(|_| EventId::random(&mut rand::rng()).uuid()).collect::<Vec<_>>())
        .bind(&institutions)
        .bind(all.iter().map(ListTold::line).collect::<Vec<_>>())
        .bind(all.iter().map(|_| kind.number()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| kind.ordinal(one.told.version)).collect::<Vec<_>>())
        .bind(all.iter().map(ListTold::subject).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.told.to_string()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.at).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.trace.as_deref()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
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
