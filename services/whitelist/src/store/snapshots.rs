//! What platforms outside told: every reply as it came, and the latest that was read.

use chrono::{DateTime, Utc};
use kernel::{ConsentId, EnterpriseId, SnapshotId};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    source::{Findings, Snapshot, SourceCode},
    source_reply::ReplyFault,
};

const INSERT: &str =
    "INSERT INTO source_snapshot (snapshot_id, enterprise_id, source, fetched_at, sha256, raw,
        parser_version, fault, as_of, findings, consent_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
/// Walks the index of good answers backwards once for each enterprise and source, however long its history.
const LATEST_OF_MANY: &str = "SELECT s.snapshot_id, s.enterprise_id, s.source, s.fetched_at, s.sha256, s.parser_version,
        s.findings, s.consent_id
    FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN unnest(ARRAY['CREDIT_CHINA', 'CREDIT_HENAN', 'CREDIT_JIYUAN', 'PLEDGE_PLATFORM']) AS known (source)
    CROSS JOIN LATERAL (SELECT * FROM source_snapshot one
        WHERE one.enterprise_id = asked.enterprise_id AND one.source = known.source AND one.fault IS NULL
        ORDER BY one.fetched_at DESC LIMIT 1) s
    ORDER BY s.enterprise_id, s.source";
/// What a decision cites.
const FIND_MANY: &str =
    "SELECT s.snapshot_id, s.enterprise_id, s.source, s.fetched_at, s.sha256, s.parser_version,
        s.findings, s.consent_id
    FROM unnest($1::uuid[]) AS asked (snapshot_id)
    CROSS JOIN LATERAL (SELECT * FROM source_snapshot one
        WHERE one.snapshot_id = asked.snapshot_id AND one.fault IS NULL LIMIT 1) s";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LATEST_OF_MANY, FIND_MANY];

/// A reply with what was read from it, or what was wrong with it.
pub struct Reply<'a> {
    pub id: SnapshotId,
    pub enterprise_id: EnterpriseId,
    pub source: SourceCode,
    pub fetched_at: DateTime<Utc>,
    pub sha256: [u8; 32],
    pub raw: &'a [u8],
    pub parser_version: i32,
    pub read: Result<&'a Findings, ReplyFault>,
    pub consent_id: Option<ConsentId>,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, reply: &Reply<'_>) -> Result<(), StoreError> {
    let findings = reply.read.ok();
    sqlx::query(INSERT)
        .bind(reply.id.uuid())
        .bind(reply.enterprise_id.uuid())
        .bind(reply.source.code())
        .bind(reply.fetched_at)
        .bind(&reply.sha256[..])
        .bind(reply.raw)
        .bind(reply.parser_version)
        .bind(reply.read.err().map(ReplyFault::code))
        .bind(findings.map(|findings| findings.as_of))
        .bind(findings.map(Json))
        .bind(reply.consent_id.map(ConsentId::uuid))
        .execute(conn)
        .await?;
    Ok(())
}

/// The latest good answer of each source about each of these enterprises, one enterprise after the other. Whether it is
/// too old, and whether a consent allows to read it, is for the caller to ask.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn latest_of_many(
    conn: &mut PgConnection,
    enterprises: &[EnterpriseId],
) -> Result<Vec<Snapshot>, StoreError> {
    let ids: Vec<Uuid> = enterprises.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(LATEST_OF_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Snapshot::try_from).collect()
}

/// The cited snapshots, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(conn: &mut PgConnection, ids: &[SnapshotId]) -> Result<Vec<Snapshot>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Snapshot::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    snapshot_id: Uuid,
    enterprise_id: Uuid,
    source: String,
    fetched_at: DateTime<Utc>,
    sha256: Vec<u8>,
    parser_version: i32,
    findings: Json<Findings>,
    consent_id: Option<Uuid>,
}

impl TryFrom<Row> for Snapshot {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "source_snapshot", id: row.snapshot_id, column };
        Ok(Self {
            id: SnapshotId::from_uuid(row.snapshot_id),
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            source: SourceCode::from_code(&row.source).ok_or_else(|| impossible("source"))?,
            fetched_at: row.fetched_at,
            sha256: row.sha256.try_into().map_err(|_| impossible("sha256"))?,
            parser_version: row.parser_version,
            findings: row.findings.0,
            consent_id: row.consent_id.map(ConsentId::from_uuid),
        })
    }
}
