//! Versions of published lists and what changed in each; what lists are made of.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseId, Grade};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    entry::Level,
    ids::RunId,
    lists::{Change, Changed, Item, Items, ListKind},
};

/// Versions count up one by one: who publishes waits for who is publishing the same list.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('list ' || $1, 0))";
const LATEST: &str =
    "SELECT list, version, published_at, items, added, removed, changed, digest FROM list_version
    WHERE list = $1 ORDER BY version DESC LIMIT 1";
const FIND: &str =
    "SELECT list, version, published_at, items, added, removed, changed, digest FROM list_version
    WHERE list = $1 AND version = $2";
const VERSIONS: &str =
    "SELECT list, version, published_at, items, added, removed, changed, digest FROM list_version
    WHERE list = $1 ORDER BY version DESC LIMIT 1000";
const INSERT: &str =
    "INSERT INTO list_version (list, version, published_at, items, added, removed, changed, digest)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_CHANGES: &str = "INSERT INTO list_change (list, version, enterprise_id, change, uscc, name, grade, reasons,
        card, source_level, valid_to, entry_id, parent_id)
    SELECT $1, $2, n.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
        $10::text[], $11::date[], $12::uuid[], $13::uuid[]) AS n";
const WHOLE: &str = "SELECT t.*, true AS was FROM (
        SELECT DISTINCT ON (enterprise_id) * FROM list_change
        WHERE list = $1 AND version <= $2 AND ($3::uuid IS NULL OR enterprise_id > $3)
        ORDER BY enterprise_id, version DESC) t
    WHERE change <> 'REMOVED' ORDER BY enterprise_id LIMIT $4";
/// What came last after version $2, and whether the enterprise stood on the list then.
const SINCE: &str = "SELECT t.*, coalesce((SELECT change <> 'REMOVED' FROM list_change o
            WHERE o.list = $1 AND o.enterprise_id = t.enterprise_id AND o.version <= $2
            ORDER BY o.version DESC LIMIT 1), false) AS was
    FROM (SELECT DISTINCT ON (enterprise_id) * FROM list_change
        WHERE list = $1 AND version > $2 AND version <= $3 AND ($4::uuid IS NULL OR enterprise_id > $4)
        ORDER BY enterprise_id, version DESC) t
    ORDER BY enterprise_id LIMIT $5";
const ZONE: &str = "SELECT e.entry_id, e.enterprise_id, e.run_id, e.grade, e.source_level, e.parent_id, e.expires_on,
        n.uscc, n.name
    FROM entry e
    CROSS JOIN LATERAL (SELECT uscc, name FROM enterprise WHERE enterprise.enterprise_id = e.enterprise_id LIMIT 1) n
    WHERE e.state = 'LISTED' AND e.run_id IS NOT NULL AND ($1::uuid IS NULL OR e.entry_id > $1)
    ORDER BY e.entry_id LIMIT $2";
/// The province's entries of the day, of the lists that hold, whose enterprises are in the register; the id is made of what
/// names the entry.
const PROVINCE: &str = "SELECT n.enterprise_id, n.uscc, n.name, max(p.valid_to) AS valid_to,
        min(md5(p.import_id::text || ' ' || p.list || ' ' || p.uscc)::uuid::text)::uuid AS parent_id
    FROM province_list_now p
    CROSS JOIN LATERAL (SELECT enterprise_id, uscc, name FROM enterprise WHERE enterprise.uscc = p.uscc LIMIT 1) n
    WHERE p.level = 'PROVINCE' AND $1 BETWEEN coalesce(p.valid_from, $1) AND coalesce(p.valid_to, $1)
    GROUP BY n.enterprise_id, n.uscc, n.name";
/// Whom a hard exclusion is known of: on record, found by the latest entry, or recorded with the standing.
const EXCLUDED: &str = "SELECT asked.id FROM unnest($1::uuid[]) AS asked (id)
    WHERE EXISTS (SELECT 1 FROM exclusion_record
            WHERE exclusion_record.enterprise_id = asked.id AND cured_at IS NULL)
        OR coalesce((SELECT hits <> 0 FROM entry WHERE entry.enterprise_id = asked.id
            ORDER BY entry_id DESC LIMIT 1), false)
        OR coalesce((SELECT cardinality(exclusions) > 0 FROM standing WHERE standing.enterprise_id = asked.id
            ORDER BY revision DESC LIMIT 1), false)";
const PARENTS: &str = "SELECT n.enterprise_id,
        min(md5(p.import_id::text || ' ' || p.list || ' ' || p.uscc)::uuid::text)::uuid AS parent_id
    FROM unnest($1::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT enterprise_id, uscc FROM enterprise
        WHERE enterprise.enterprise_id = asked.id LIMIT 1) n
    CROSS JOIN LATERAL (SELECT e.import_id, e.list, e.uscc FROM province_list_entry e
        JOIN province_list l ON l.list = e.list AND l.import_id = e.import_id
        WHERE e.uscc = n.uscc AND e.level = 'PROVINCE'
            AND $2 BETWEEN coalesce(e.valid_from, $2) AND coalesce(e.valid_to, $2)) p
    GROUP BY n.enterprise_id";

pub(super) const STATEMENTS: &[&str] =
    &[ALONE, LATEST, FIND, VERSIONS, INSERT, INSERT_CHANGES, WHOLE, SINCE, ZONE, PROVINCE, EXCLUDED, PARENTS];

/// A version as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub kind: ListKind,
    pub version: i64,
    pub published_at: DateTime<Utc>,
    pub items: i32,
    pub added: i32,
    pub removed: i32,
    pub changed: i32,
    pub digest: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    list: String,
    version: i64,
    published_at: DateTime<Utc>,
    items: i32,
    added: i32,
    removed: i32,
    changed: i32,
    digest: Vec<u8>,
}

impl TryFrom<VersionRow> for Version {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        let impossible = StoreError::Impossible { table: "list_version", id: Uuid::nil(), column: "list" };
        Ok(Self {
            kind: ListKind::from_code(&row.list).ok_or(impossible)?,
            version: row.version,
            published_at: row.published_at,
            items: row.items,
            added: row.added,
            removed: row.removed,
            changed: row.changed,
            digest: row.digest,
        })
    }
}

/// Those of `ids` that a hard exclusion is known of.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn excluded(
    conn: &mut PgConnection,
    ids: &[EnterpriseId],
) -> Result<BTreeSet<EnterpriseId>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let found: Vec<Uuid> = sqlx::query_scalar(EXCLUDED).bind(ids).fetch_all(conn).await?;
    Ok(found.into_iter().map(EnterpriseId::from_uuid).collect())
}

/// Keeps others from publishing this list until the transaction ends.
pub async fn alone(conn: &mut PgConnection, kind: ListKind) -> Result<(), StoreError> {
    sqlx::query(ALONE).bind(kind.code()).execute(conn).await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn latest(conn: &mut PgConnection, kind: ListKind) -> Result<Option<Version>, StoreError> {
    let row: Option<VersionRow> = sqlx::query_as(LATEST).bind(kind.code()).fetch_optional(conn).await?;
    row.map(Version::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(
    conn: &mut PgConnection,
    kind: ListKind,
    version: i64,
) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query_as(FIND).bind(kind.code()).bind(version);
    let row: Option<VersionRow> = row.fetch_optional(conn).await?;
    row.map(Version::try_from).transpose()
}

/// Newest first, at most 1,000.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection, kind: ListKind) -> Result<Vec<Version>, StoreError> {
    let rows: Vec<VersionRow> = sqlx::query_as(VERSIONS).bind(kind.code()).fetch_all(conn).await?;
    rows.into_iter().map(Version::try_from).collect()
}

/// Rows of one statement: few enough for its arrays to be small.
const PIECE: usize = 5_000;

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    version: &Version,
    changes: &[Changed],
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(version.kind.code())
        .bind(version.version)
        .bind(version.published_at)
        .bind(version.items)
        .bind(version.added)
        .bind(version.removed)
        .bind(version.changed)
        .bind(&version.digest)
        .execute(&mut *conn)
        .await?;
    for piece in changes.chunks(PIECE) {
        sqlx::query(INSERT_CHANGES)
            .bind(version.kind.code())
            .bind(version.version)
            .bind(piece.iter().map(|one| one.enterprise_id.uuid()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.change.code()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.uscc.as_str()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.name.as_str()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.grade.map(|grade| grade.code())).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.reasons.as_str()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.card).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.source_level.code()).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.valid_to).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.entry_id).collect::<Vec<_>>())
            .bind(piece.iter().map(|one| one.item.parent).collect::<Vec<_>>())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// A page of a list: where the next one begins, and what stands on it. With `change` where it is asked what changed.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub items: Vec<(EnterpriseId, Option<Change>, Item)>,
    pub next: Option<EnterpriseId>,
}

/// What is wanted of a list.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub kind: ListKind,
    pub version: i64,
    /// What changed since then; `None`: the whole list.
    pub since: Option<i64>,
    pub after: Option<EnterpriseId>,
    pub limit: i64,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn page(conn: &mut PgConnection, wanted: Wanted) -> Result<Page, StoreError> {
    let after = wanted.after.map(|id| id.uuid());
    let rows: Vec<ItemRow> = match wanted.since {
        None => {
            let whole = sqlx::query_as(WHOLE).bind(wanted.kind.code()).bind(wanted.version).bind(after);
            whole.bind(wanted.limit).fetch_all(conn).await?
        }
        Some(since) => {
            let changed = sqlx::query_as(SINCE).bind(wanted.kind.code()).bind(since).bind(wanted.version);
            changed.bind(after).bind(wanted.limit).fetch_all(conn).await?
        }
    };
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= wanted.limit;
    let next = rows.last().filter(|_| full).map(|row| EnterpriseId::from_uuid(row.enterprise_id));
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (was, removed) = (row.was, row.change == Change::Removed.code());
        let id = EnterpriseId::from_uuid(row.enterprise_id);
        let change = match (wanted.since, was, removed) {
            (None, _, _) => None,
            // It came and went in between.
            (Some(_), false, true) => continue,
            (Some(_), true, true) => Some(Change::Removed),
            (Some(_), true, false) => Some(Change::Changed),
            (Some(_), false, false) => Some(Change::Added),
        };
        items.push((id, change, Item::try_from(row)?));
    }
    Ok(Page { items, next })
}

/// A whole list, as it was in `version`.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn whole(conn: &mut PgConnection, kind: ListKind, version: i64) -> Result<Items, StoreError> {
    let mut items = Items::new();
    let limit = i64::try_from(PIECE).unwrap_or(i64::MAX);
    let mut wanted = Wanted { kind, version, since: None, after: None, limit };
    loop {
        let page = page(conn, wanted).await?;
        items.extend(page.items.into_iter().map(|(id, _, item)| (id, item)));
        match page.next {
            Some(next) => wanted.after = Some(next),
            None => return Ok(items),
        }
    }
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    enterprise_id: Uuid,
    change: String,
    uscc: String,
    name: String,
    grade: Option<String>,
    reasons: String,
    card: Option<i32>,
    source_level: String,
    valid_to: Option<NaiveDate>,
    entry_id: Option<Uuid>,
    parent_id: Option<Uuid>,
    was: bool,
}

impl TryFrom<ItemRow> for Item {
    type Error = StoreError;

    fn try_from(row: ItemRow) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "list_change", id: row.enterprise_id, column };
        let grade = row.grade.map(|code| Grade::from_code(&code).ok_or_else(|| impossible("grade")));
        Ok(Self {
            uscc: row.uscc,
            name: row.name,
            grade: grade.transpose()?,
            reasons: row.reasons,
            card: row.card,
            source_level: Level::from_code(&row.source_level).ok_or_else(|| impossible("source_level"))?,
            valid_to: row.valid_to,
            entry_id: row.entry_id,
            parent: row.parent_id,
        })
    }
}

/// An entry that is listed, before its reasons are known.
#[derive(Debug, Clone, sqlx::FromRow)]
struct ZoneRow {
    entry_id: Uuid,
    enterprise_id: Uuid,
    run_id: Uuid,
    grade: String,
    source_level: String,
    parent_id: Option<Uuid>,
    expires_on: Option<NaiveDate>,
    uscc: String,
    name: String,
}

/// The next entries that are listed after entry `after`: each with the run that it rests on, reasons not filled in.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn listed(
    conn: &mut PgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(EnterpriseId, RunId, Item)>, StoreError> {
    let rows: Vec<ZoneRow> = sqlx::query_as(ZONE).bind(after).bind(limit).fetch_all(conn).await?;
    let item = |row: ZoneRow| {
        let impossible = |column| StoreError::Impossible { table: "entry", id: row.entry_id, column };
        let item = Item {
            uscc: row.uscc,
            name: row.name,
            grade: Some(Grade::from_code(&row.grade).ok_or_else(|| impossible("grade"))?),
            reasons: String::new(),
            card: None,
            source_level: Level::from_code(&row.source_level).ok_or_else(|| impossible("source_level"))?,
            valid_to: row.expires_on,
            entry_id: Some(row.entry_id),
            parent: row.parent_id,
        };
        Ok((EnterpriseId::from_uuid(row.enterprise_id), RunId::from_uuid(row.run_id), item))
    };
    rows.into_iter().map(item).collect()
}

/// The province's list of the day, as far as its enterprises are in the register.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn province(conn: &mut PgConnection, day: NaiveDate) -> Result<Items, StoreError> {
    let rows: Vec<(Uuid, String, String, Option<NaiveDate>, Uuid)> =
        sqlx::query_as(PROVINCE).bind(day).fetch_all(conn).await?;
    let item = |(id, uscc, name, valid_to, parent)| {
        let item = Item {
            uscc,
            name,
            grade: None,
            reasons: String::new(),
            card: None,
            source_level: Level::Province,
            valid_to,
            entry_id: None,
            parent: Some(parent),
        };
        (EnterpriseId::from_uuid(id), item)
    };
    Ok(rows.into_iter().map(item).collect())
}

/// Those of `ids` that are on the province's list of the day, with the entry there.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn parents(
    conn: &mut PgConnection,
    ids: &[EnterpriseId],
    day: NaiveDate,
) -> Result<Vec<(EnterpriseId, Uuid)>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(PARENTS).bind(ids).bind(day).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(id, parent)| (EnterpriseId::from_uuid(id), parent)).collect())
}
