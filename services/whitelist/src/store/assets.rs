//! IP assets with what happened to them, and every version that they have had.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AssetId, BasisPoints, EnterpriseId, IpNumber, IpType, Uscc, trademark::NiceClass};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, lists};
use crate::domain::{
    asset::{AssetDates, Detail, HighValue, IpAsset},
    legal::{LegalCode, LegalEvent},
    ownership::{Owner, Owners, Party},
    profile::Personal,
};

/// An enterprise registers a right once; a trademark once in each of its classes.
pub const NUMBER_KEY: &str = "ip_asset_number_key";
/// The enterprise must be registered.
pub const ENTERPRISE_KEY: &str = "ip_asset_enterprise_fkey";
/// The asset must be registered.
pub const EVENT_ASSET_KEY: &str = "ip_asset_event_asset_fkey";

/// The columns that an asset is written to, from arrays that have one element for each; lists come as one text.
macro_rules! given {
    () => {
        "unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::timestamptz[],
            $9::int[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::int[], $15::date[], $16::date[],
            $17::date[], $18::date[], $19::text[], $20::int[], $21::text[], $22::int[], $23::int[], $24::int[],
            $25::boolean[], $26::text[], $27::text[], $28::date[])
        AS n (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at, version, amended_at, owner_usccs,
            owner_names, owner_shares, inventors, first_use, created_on, renewed_to, annuity_paid_to, ipc_main, nice_class,
            product_link, revenue_share, family_size, citations, litigation_proven, high_value, acquired_from,
            acquired_on)"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at, version, amended_at,
        owner_usccs, owner_names, owner_shares, inventors, first_use, created_on, renewed_to, annuity_paid_to, ipc_main,
        nice_class, product_link, revenue_share, family_size, citations, litigation_proven, high_value, acquired_from,
        acquired_on)
    SELECT n.asset_id, n.enterprise_id, n.kind, n.number, n.title, n.filed, n.granted, n.registered_at, n.version,
        n.amended_at, array_replace(string_to_array(n.owner_usccs, chr(31)), chr(30), ''),
        array_replace(string_to_array(n.owner_names, chr(31)), chr(30), ''),
        string_to_array(n.owner_shares, chr(31))::int[], n.inventors, n.first_use, n.created_on, n.renewed_to,
        n.annuity_paid_to, n.ipc_main, n.nice_class, n.product_link, n.revenue_share, n.family_size, n.citations,
        n.litigation_proven, string_to_array(n.high_value, chr(31)), n.acquired_from, n.acquired_on
    FROM ",
    given!()
);
/// What can change; the version that is replaced goes to the history by a trigger.
const UPDATE: &str = concat!(
    "UPDATE ip_asset a SET title = n.title, filed = n.filed, granted = n.granted, version = n.version,
        amended_at = n.amended_at, owner_usccs = array_replace(string_to_array(n.owner_usccs, chr(31)), chr(30), ''),
        owner_names = array_replace(string_to_array(n.owner_names, chr(31)), chr(30), ''),
        owner_shares = string_to_array(n.owner_shares, chr(31))::int[], inventors = n.inventors, first_use = n.first_use,
        created_on = n.created_on, renewed_to = n.renewed_to, annuity_paid_to = n.annuity_paid_to, ipc_main = n.ipc_main,
        nice_class = n.nice_class, product_link = n.product_link, revenue_share = n.revenue_share,
        family_size = n.family_size, citations = n.citations, litigation_proven = n.litigation_proven,
        high_value = string_to_array(n.high_value, chr(31)), acquired_from = n.acquired_from, acquired_on = n.acquired_on
    FROM ",
    given!(),
    " WHERE a.asset_id = n.asset_id"
);
/// What is known already is passed over, so that telling an event again changes nothing.
const INSERT_EVENTS: &str =
    "INSERT INTO ip_asset_event (asset_id, code, happened_on, reference, source, recorded_at)
    SELECT n.asset_id, n.code, n.happened_on, n.reference, $5, $6
    FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[])
        WITH ORDINALITY AS n (asset_id, code, happened_on, reference, place)
    ORDER BY n.place
    ON CONFLICT ON CONSTRAINT ip_asset_event_once DO NOTHING";
const LIST: &str = "SELECT * FROM ip_asset_whole
    WHERE enterprise_id = $1 AND ($2::uuid IS NULL OR asset_id > $2) ORDER BY asset_id LIMIT $3";
/// One probe of the index for each id that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_MANY: &str = "SELECT a.* FROM unnest($1::uuid[]) AS asked (asset_id)
    CROSS JOIN LATERAL (SELECT * FROM ip_asset_whole w WHERE w.asset_id = asked.asset_id LIMIT 1) a";
const LIST_OF_MANY: &str = "SELECT a.* FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM ip_asset_whole w WHERE w.enterprise_id = asked.enterprise_id) a
    ORDER BY a.enterprise_id, a.asset_id";
const LOCK: &str = "SELECT asset_id FROM ip_asset WHERE asset_id = $1 FOR NO KEY UPDATE";
/// Not with the events of today: those are a history by themselves.
const FIND_VERSIONS: &str = "SELECT v.asset_id, v.enterprise_id, v.kind, v.number, v.title, v.filed, v.granted,
        v.registered_at, v.version, v.amended_at, v.owner_usccs, v.owner_names, v.owner_shares, v.inventors, v.first_use,
        v.created_on, v.renewed_to, v.annuity_paid_to, v.ipc_main, v.nice_class, v.product_link, v.revenue_share,
        v.family_size, v.citations, v.litigation_proven, v.high_value, v.acquired_from, v.acquired_on, v.event_codes,
        v.event_days, v.event_references
    FROM unnest($1::uuid[], $2::int[]) AS asked (asset_id, version)
    CROSS JOIN LATERAL (SELECT * FROM ip_asset_version old
        WHERE old.asset_id = asked.asset_id AND old.version = asked.version LIMIT 1) v
    UNION ALL
    SELECT w.* FROM unnest($1::uuid[], $2::int[]) AS asked (asset_id, version)
    CROSS JOIN LATERAL (SELECT * FROM ip_asset_whole now
        WHERE now.asset_id = asked.asset_id AND now.version = asked.version LIMIT 1) w";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, UPDATE, INSERT_EVENTS, LIST, FIND_MANY, LIST_OF_MANY, LOCK, FIND_VERSIONS];

/// Where an event was learnt of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    Desk,
    Import,
    PledgePlatform,
}

impl EventSource {
    fn code(self) -> &'static str {
        match self {
            Self::Desk => "DESK",
            Self::Import => "IMPORT",
            Self::PledgePlatform => "PLEDGE_PLATFORM",
        }
    }
}

/// Fails on [`NUMBER_KEY`] or [`ENTERPRISE_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, asset: &IpAsset, now: DateTime<Utc>) -> Result<(), StoreError> {
    insert_many(conn, std::slice::from_ref(asset), now).await
}

/// One statement, however many; a few thousand at a time is a good measure. Fails on [`NUMBER_KEY`] or
/// [`ENTERPRISE_KEY`]. Events are not written: see [`add_events`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert_many(
    conn: &mut PgConnection,
    all: &[IpAsset],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    write(conn, INSERT, all, now).await
}

/// Writes the next version of each, which [`IpAsset::amended`] makes; lock the rows first. The version that it replaces
/// goes to the history.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update_many(
    conn: &mut PgConnection,
    all: &[IpAsset],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    write(conn, UPDATE, all, now).await
}

async fn write(
    conn: &mut PgConnection,
    statement: &'static str,
    all: &[IpAsset],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    fn each<'a, T>(all: &'a [IpAsset], value: impl Fn(&'a IpAsset) -> T) -> Vec<T> {
        all.iter().map(value).collect()
    }
    let owners = |value: fn(&Owner) -> String| each(all, |a| lists::join(a.owners.named().iter().map(value)));
    sqlx::query(statement)
        .bind(each(all, |a| a.id.uuid()))
        .bind(each(all, |a| a.enterprise_id.uuid()))
        .bind(each(all, |a| a.kind.code()))
        .bind(each(all, |a| a.number.value.as_str()))
        .bind(each(all, |a| a.title.as_str()))
        .bind(each(all, |a| a.dates.filed()))
        .bind(each(all, |a| a.dates.granted()))
        .bind(each(all, |_| now))
        .bind(each(all, |a| a.version))
        .bind(each(all, |a| a.amended_at))
        .bind(owners(|owner| owner.party.uscc().map(|uscc| uscc.as_str().to_owned()).unwrap_or_default()))
        .bind(owners(|owner| owner.party.name().map(|name| name.reveal().to_owned()).unwrap_or_default()))
        .bind(owners(|owner| owner.share.get().to_string()))
        .bind(each(all, |a| a.detail.inventors))
        .bind(each(all, |a| a.detail.first_use))
        .bind(each(all, |a| a.detail.created_on))
        .bind(each(all, |a| a.detail.renewed_to))
        .bind(each(all, |a| a.detail.annuity_paid_to))
        .bind(each(all, |a| a.detail.ipc_main.as_deref()))
        .bind(each(all, |a| a.detail.nice_class.map_or(0, |class| i32::from(class.get()))))
        .bind(each(all, |a| a.detail.product_link.as_deref()))
        .bind(each(all, |a| a.detail.revenue_share.map(BasisPoints::get)))
        .bind(each(all, |a| a.detail.family_size))
        .bind(each(all, |a| a.detail.citations))
        .bind(each(all, |a| a.detail.litigation_proven))
        .bind(each(all, |a| lists::join(a.detail.high_value.iter().map(|ground| ground.code()))))
        .bind(each(all, |a| a.detail.acquired_from.as_ref().map(Personal::reveal)))
        .bind(each(all, |a| a.detail.acquired_on))
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds what happened to assets; how many of the events were new. Fails on [`EVENT_ASSET_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn add_events(
    conn: &mut PgConnection,
    events: &[(AssetId, LegalEvent)],
    source: EventSource,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query(INSERT_EVENTS)
        .bind(events.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.code.code()).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.on).collect::<Vec<_>>())
        .bind(events.iter().map(|(_, event)| event.reference.as_str()).collect::<Vec<_>>())
        .bind(source.code())
        .bind(now)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
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

/// All assets of these enterprises, one enterprise after the other.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list_of_many(
    conn: &mut PgConnection,
    enterprises: &[EnterpriseId],
) -> Result<Vec<IpAsset>, StoreError> {
    let ids: Vec<Uuid> = enterprises.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(LIST_OF_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(IpAsset::try_from).collect()
}

/// Those of `ids` that exist, in no order; each is asked once.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(conn: &mut PgConnection, ids: &[AssetId]) -> Result<Vec<IpAsset>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(IpAsset::try_from).collect()
}

/// The pinned versions that exist, in no order; a version that was replaced has the events that it was replaced with.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_versions(
    conn: &mut PgConnection,
    pinned: &[(AssetId, i32)],
) -> Result<Vec<IpAsset>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(FIND_VERSIONS)
        .bind(pinned.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(pinned.iter().map(|(_, version)| *version).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(IpAsset::try_from).collect()
}

/// Reads an asset for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: AssetId) -> Result<Option<IpAsset>, StoreError> {
    let found: Option<Uuid> = sqlx::query_scalar(LOCK).bind(id.uuid()).fetch_optional(&mut *conn).await?;
    if found.is_none() {
        return Ok(None);
    }
    Ok(find_many(conn, &[id]).await?.pop())
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
    version: i32,
    amended_at: Option<DateTime<Utc>>,
    owner_usccs: Vec<String>,
    owner_names: Vec<String>,
    owner_shares: Vec<i32>,
    inventors: Option<i32>,
    first_use: Option<NaiveDate>,
    created_on: Option<NaiveDate>,
    renewed_to: Option<NaiveDate>,
    annuity_paid_to: Option<NaiveDate>,
    ipc_main: Option<String>,
    nice_class: i32,
    product_link: Option<String>,
    revenue_share: Option<i32>,
    family_size: Option<i32>,
    citations: Option<i32>,
    litigation_proven: Option<bool>,
    high_value: Vec<String>,
    acquired_from: Option<String>,
    acquired_on: Option<NaiveDate>,
    event_codes: Vec<String>,
    event_days: Vec<NaiveDate>,
    event_references: Vec<String>,
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
            dates: AssetDates::stored(row.filed, row.granted).ok_or_else(|| impossible("dates"))?,
            owners: row.owners().ok_or_else(|| impossible("owners"))?,
            events: row.events().ok_or_else(|| impossible("events"))?,
            detail: row.detail().ok_or_else(|| impossible("detail"))?,
            title: row.title,
            version: row.version,
            amended_at: row.amended_at,
        })
    }
}

impl Row {
    fn owners(&self) -> Option<Owners> {
        let named = self.owner_usccs.iter().zip(&self.owner_names).zip(&self.owner_shares);
        let owners = named
            .map(|((uscc, name), share)| {
                let name = Personal::parse(name);
                let party = if uscc.is_empty() {
                    Party::Named(name?)
                } else {
                    Party::Coded { uscc: Uscc::parse(uscc).ok()?.value, name }
                };
                Some((party, *share))
            })
            .collect::<Option<_>>()?;
        Owners::stored(owners)
    }

    fn events(&self) -> Option<Vec<LegalEvent>> {
        let told = self.event_codes.iter().zip(&self.event_days).zip(&self.event_references);
        told.map(|((code, on), reference)| {
            Some(LegalEvent { code: LegalCode::parse(code)?, on: *on, reference: reference.clone() })
        })
        .collect()
    }

    fn detail(&self) -> Option<Detail> {
        Some(Detail {
            inventors: self.inventors,
            first_use: self.first_use,
            created_on: self.created_on,
            renewed_to: self.renewed_to,
            annuity_paid_to: self.annuity_paid_to,
            ipc_main: self.ipc_main.clone(),
            nice_class: match self.nice_class {
                0 => None,
                class => Some(NiceClass::new(class)?),
            },
            product_link: self.product_link.clone(),
            revenue_share: self.revenue_share.map(BasisPoints::new),
            family_size: self.family_size,
            citations: self.citations,
            litigation_proven: self.litigation_proven,
            high_value: self
                .high_value
                .iter()
                .map(|code| HighValue::from_code(code))
                .collect::<Option<_>>()?,
            acquired_from: self.acquired_from.as_deref().and_then(Personal::parse),
            acquired_on: self.acquired_on,
        })
    }
}
