//! When institutions were last heard of, and what waits for them: for operations, never for institutions. The last
//! contact is the last use of a credential, which the door notes for every call and writes down every two seconds.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{InstitutionId, InstitutionRole};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{BEGIN_LOOSELY, StoreError};

/// Assignments that were issued before are not counted as open: no window and no choice lasts that long.
const OPEN_WITHIN: TimeDelta = TimeDelta::days(90);

const LIST: &str = "\
    WITH waiting AS ( \
        SELECT institution_id, count(*) AS events, min(created_at) AS oldest \
        FROM feed GROUP BY institution_id), \
    holder AS ( \
        SELECT institution_id, max(last_used_at) AS last_contact_at, \
               (array_agg(role ORDER BY issued_at DESC))[1] AS role, \
               count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > $1) AS credentials, \
               max(expires_at) FILTER (WHERE revoked_at IS NULL AND expires_at > $1) AS expires_at \
        FROM credential GROUP BY institution_id) \
    SELECT known.institution_id, coalesce(holder.role, newest.role) AS role, holder.last_contact_at, \
           open.assignments AS open_assignments, coalesce(waiting.events, 0) AS waiting_events, \
           waiting.oldest AS oldest_waiting_at, coalesce(holder.credentials, 0) AS credentials, \
           holder.expires_at AS credential_expires_at \
    FROM (SELECT institution_id FROM waiting UNION SELECT institution_id FROM holder) AS known \
    LEFT JOIN waiting USING (institution_id) \
    LEFT JOIN holder USING (institution_id) \
    LEFT JOIN LATERAL ( \
        SELECT role FROM assignment WHERE institution_id = known.institution_id AND issued_at IS NOT NULL \
        ORDER BY issued_at DESC, assignment_id DESC LIMIT 1) AS newest ON true \
    CROSS JOIN LATERAL ( \
        SELECT count(*) AS assignments FROM assignment \
        WHERE institution_id = known.institution_id AND issued_at >= $2 AND state <> 6) AS open \
    ORDER BY known.institution_id";

const LAST: &str = "\
    SELECT institution_id, max(coalesce(last_used_at, issued_at)) AS at FROM credential \
    WHERE revoked_at IS NULL AND expires_at > $1 GROUP BY institution_id";

const EXPIRING: &str = "\
    SELECT count(*) FROM credential AS c \
    WHERE c.revoked_at IS NULL AND c.expires_at > $1 AND c.expires_at <= $2 AND NOT EXISTS ( \
        SELECT FROM credential AS later \
        WHERE later.institution_id = c.institution_id AND later.revoked_at IS NULL AND later.expires_at > $2)";

// Looks through what waits, which is little while institutions pull, by the feed's key (every `seq` is above 0), and needs no
// index of its own.
const UNREACHABLE: &str = "\
    SELECT count(*) FROM feed AS e \
    CROSS JOIN LATERAL (SELECT state FROM assignment WHERE assignment_id = e.assignment_id LIMIT 1) AS a \
    WHERE e.seq > 0 AND e.kind = 1 AND e.attempt = 0 AND e.created_at < $1 AND a.state = 1";

pub(super) const ALL: &[&str] = &[LIST, LAST, EXPIRING, UNREACHABLE];

/// One institution as operations sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub institution_id: InstitutionId,
    pub role: Option<InstitutionRole>,
    /// Absent: never.
    pub last_contact_at: Option<DateTime<Utc>>,
    pub open_assignments: i64,
    pub waiting_events: i64,
    pub oldest_waiting_at: Option<DateTime<Utc>>,
    /// Those in force.
    pub credentials: i64,
    /// Of the one that lasts longest.
    pub credential_expires_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    institution_id: Uuid,
    role: Option<i16>,
    last_contact_at: Option<DateTime<Utc>>,
    open_assignments: i64,
    waiting_events: i64,
    oldest_waiting_at: Option<DateTime<Utc>>,
    credentials: i64,
    credential_expires_at: Option<DateTime<Utc>>,
}

/// Every institution that holds or held a credential, or for which something waits.
pub async fn list(pool: &PgPool, now: DateTime<Utc>) -> Result<Vec<Contact>, StoreError> {
    let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
    let rows: Vec<Row> =
        sqlx::query_as(LIST).bind(now).bind(now - OPEN_WITHIN).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows.into_iter().map(Contact::from).collect())
}

/// Credentials in use that end within `ahead` while their institution has none that lasts longer.
pub async fn expiring(pool: &PgPool, now: DateTime<Utc>, ahead: TimeDelta) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(EXPIRING).bind(now).bind(now + ahead).fetch_one(pool).await?)
}

/// The last contact of each institution that has a credential in force; the issuing of it before there was any.
pub async fn last(
    pool: &PgPool,
    now: DateTime<Utc>,
) -> Result<Vec<(InstitutionId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(LAST).bind(now).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(id, at)| (InstitutionId::from_uuid(id), at)).collect())
}

/// How many open assignments from before this instant were neither delivered nor read (`UNREACHABLE`, domain.md §3.2 b).
pub async fn unreachable(pool: &PgPool, before: DateTime<Utc>) -> Result<i64, StoreError> {
    let mut transaction = pool.begin_with(BEGIN_LOOSELY).await?;
    let count = sqlx::query_scalar(UNREACHABLE).bind(before).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(count)
}

impl From<Row> for Contact {
    fn from(row: Row) -> Self {
        Self {
            institution_id: InstitutionId::from_uuid(row.institution_id),
            role: row.role.and_then(|number| InstitutionRole::from_number(number.into())),
            last_contact_at: row.last_contact_at,
            open_assignments: row.open_assignments,
            waiting_events: row.waiting_events,
            oldest_waiting_at: row.oldest_waiting_at,
            credentials: row.credentials,
            credential_expires_at: row.credential_expires_at,
        }
    }
}
