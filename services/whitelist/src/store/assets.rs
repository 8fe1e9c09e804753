//! IP assets.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AssetId, EnterpriseId, IpNumber, IpType};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::asset::{AssetDates, IpAsset};

/// An enterprise registers a right once.
pub const NUMBER_KEY: &str = "ip_asset_number_key";
/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "ip_asset_enterprise_fkey";

const INSERT: &str =
    "INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const LIST: &str = "SELECT asset_id, enterprise_id, kind, number, title, filed, granted FROM ip_asset
    WHERE enterprise_id = $1 AND ($2::uuid IS NULL OR asset_id > $2) ORDER BY asset_id LIMIT $3";
/// One probe of the index for each id that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_MANY: &str = "SELECT a.asset_id, a.enterprise_id, a.kind, a.number, a.title, a.filed, a.granted
    FROM unnest($1::uuid[]) AS asked (asset_id)
    CROSS JOIN LATERAL (SELECT * FROM ip_asset WHERE ip_asset.asset_id = asked.asset_id LIMIT 1) a";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LIST, FIND_MANY];

/// Fails on [`NUMBER_KEY`] or [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, asset: &IpAsset, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(asset.id.uuid())
        .bind(asset.enterprise_id.uuid())
        .bind(asset.kind.code())
        .bind(asset.number.value.as_str())
        .bind(&asset.title)
        .bind(asset.dates.filed())
        .bind(asset.dates.granted())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// At most `limit` assets of one enterprise after `after`, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    enterprise_id: EnterpriseId,
    after: Option<AssetId>,
    limit: i64,
) -> Result<Vec<IpAsset>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(enterprise_id.uuid())
        .bind(after.map(|id| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(IpAsset::try_from).collect()
}

/// Those of `ids` that exist, in no order; each is asked once.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(conn: &mut PgConnection, ids: &[AssetId]) -> Result<Vec<IpAsset>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(IpAsset::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    asset_id: Uuid,
    enterprise_id: Uuid,
    kind: String,
    number: String,
    title: String,
    filed: Option<NaiveDate>,
    granted: Option<NaiveDate>,
}

impl TryFrom<Row> for IpAsset {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "ip_asset", id: row.asset_id, column };
        let kind = IpType::from_code(&row.kind).ok_or_else(|| impossible("kind"))?;
        Ok(Self {
            id: AssetId::from_uuid(row.asset_id),
            enterprise_id: EnterpriseId::from_uuid(row.enterprise_id),
            kind,
            number: IpNumber::parse(kind, &row.number).map_err(|_| impossible("number"))?,
            title: row.title,
            dates: AssetDates::stored(row.filed, row.granted).ok_or_else(|| impossible("dates"))?,
        })
    }
}
