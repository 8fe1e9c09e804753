//! Rows of a file before they count: brought in by `COPY`, compared with the register in one statement.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use sqlx::{
    PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgCopyIn, PgPoolCopyExt as _},
};
use uuid::Uuid;

use super::apply::{
    asset_changed, asset_match, enterprise_changed, event_match, list_changed, qualification_changed,
};
use crate::{
    files::{FileKind, Rights},
    store::StoreError,
};

const COPY_ENTERPRISES: &str = "COPY staged_enterprise (import_id, row_no, enterprise_id, uscc, name, size, industry, park, region,
    former_names, established_on, reg_capital, legal_rep, contact_names, contact_phones, contact_emails, staff, rd_staff,
    accounts_year, revenue, rd_spend, net_profit, total_assets, total_liabilities, tax_grade, platform_link) FROM STDIN";
const COPY_ASSETS: &str = "COPY staged_asset (import_id, row_no, asset_id, enterprise_id, kind, number, title, filed, granted,
    owner_usccs, owner_names, owner_shares, inventors, first_use, created_on, renewed_to, annuity_paid_to, ipc_main,
    nice_class, product_link, revenue_share, family_size, citations, litigation_proven, high_value, acquired_from,
    acquired_on) FROM STDIN";
const COPY_QUALIFICATIONS: &str =
    "COPY staged_qualification (import_id, row_no, enterprise_id, code, number, level, valid_from,
    valid_to) FROM STDIN";
const COPY_LIST: &str = "COPY staged_list_entry (import_id, row_no, list, uscc, name, level, number, valid_from, valid_to) FROM STDIN";
const COPY_EVENTS: &str =
    "COPY staged_legal_event (import_id, row_no, asset_id, code, happened_on, reference) FROM STDIN";
const COPY_FAULTS: &str =
    "COPY file_fault (import_id, fault_no, row_no, place, field, reason, detail) FROM STDIN";

/// Connections read by key, a few rows at a time (`host::PLANS`); here whole tables meet, so for this transaction plans are
/// made for what is there, and a statement may take as long as its call: a million rows take minutes.
const FOR_TABLES: &str =
    "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('work_mem', '64MB', true),
    set_config('statement_timeout', '600s', true)";
const REGISTERED: &str = "SELECT uscc, enterprise_id FROM enterprise";
const RIGHTS: &str = "SELECT enterprise_id, kind, number, nice_class, asset_id FROM ip_asset";

const EFFECT_ENTERPRISES: &str = concat!(
    "SELECT count(*) FILTER (WHERE e.enterprise_id IS NULL), count(*) FILTER (WHERE e.enterprise_id IS NOT NULL AND (",
    enterprise_changed!(),
    ")), count(*) FROM staged_enterprise s LEFT JOIN enterprise e ON e.uscc = s.uscc WHERE s.import_id = $1"
);
const EFFECT_ASSETS: &str = concat!(
    "SELECT count(*) FILTER (WHERE a.asset_id IS NULL), count(*) FILTER (WHERE a.asset_id IS NOT NULL AND (",
    asset_changed!(),
    ")), count(*) FROM staged_asset s LEFT JOIN ip_asset a ON ",
    asset_match!(),
    " WHERE s.import_id = $1"
);
const EFFECT_QUALIFICATIONS: &str = concat!(
    "SELECT count(*) FILTER (WHERE q.enterprise_id IS NULL), count(*) FILTER (WHERE q.enterprise_id IS NOT NULL AND (",
    qualification_changed!(),
    ")), count(*) FROM staged_qualification s LEFT JOIN LATERAL (SELECT * FROM qualification k
        WHERE k.enterprise_id = s.enterprise_id AND k.code = s.code AND k.number = s.number ORDER BY k.position LIMIT 1) q ON true
    WHERE s.import_id = $1"
);
const EFFECT_LIST: &str = concat!(
    "SELECT count(*) FILTER (WHERE n.uscc IS NULL), count(*) FILTER (WHERE n.uscc IS NOT NULL AND (",
    list_changed!(),
    ")), count(*) FROM staged_list_entry s LEFT JOIN province_list_now n ON n.list = s.list AND n.uscc = s.uscc
    WHERE s.import_id = $1"
);
/// An event is known or it is not: there is nothing of it that could change.
const EFFECT_EVENTS: &str = concat!(
    "SELECT count(*) FILTER (WHERE e.event_id IS NULL), 0::bigint, count(*)
    FROM staged_legal_event s LEFT JOIN ip_asset_event e ON ",
    event_match!(),
    " WHERE s.import_id = $1"
);

const COUNT_ENTERPRISES: &str = "SELECT count(*) FROM staged_enterprise WHERE import_id = $1";
const COUNT_ASSETS: &str = "SELECT count(*) FROM staged_asset WHERE import_id = $1";
const COUNT_QUALIFICATIONS: &str = "SELECT count(*) FROM staged_qualification WHERE import_id = $1";
const COUNT_LIST: &str = "SELECT count(*) FROM staged_list_entry WHERE import_id = $1";
const COUNT_EVENTS: &str = "SELECT count(*) FROM staged_legal_event WHERE import_id = $1";

const PREVIEW_ENTERPRISES: &str = concat!(
    "SELECT s.row_no, CASE WHEN e.enterprise_id IS NULL THEN 1 WHEN ",
    enterprise_changed!(),
    " THEN 2 ELSE 3 END, ARRAY[s.uscc, s.name, s.park]
    FROM staged_enterprise s LEFT JOIN enterprise e ON e.uscc = s.uscc
    WHERE s.import_id = $1 ORDER BY s.row_no LIMIT $2"
);
const PREVIEW_ASSETS: &str = concat!(
    "SELECT s.row_no, CASE WHEN a.asset_id IS NULL THEN 1 WHEN ",
    asset_changed!(),
    " THEN 2 ELSE 3 END, ARRAY[s.kind, s.number, s.title]
    FROM staged_asset s LEFT JOIN ip_asset a ON ",
    asset_match!(),
    " WHERE s.import_id = $1 ORDER BY s.row_no LIMIT $2"
);
const PREVIEW_QUALIFICATIONS: &str = concat!(
    "SELECT s.row_no, CASE WHEN q.enterprise_id IS NULL THEN 1 WHEN ",
    qualification_changed!(),
    " THEN 2 ELSE 3 END, ARRAY[s.code, s.number, s.valid_to::text]
    FROM staged_qualification s LEFT JOIN LATERAL (SELECT * FROM qualification k
        WHERE k.enterprise_id = s.enterprise_id AND k.code = s.code AND k.number = s.number ORDER BY k.position LIMIT 1) q ON true
    WHERE s.import_id = $1 ORDER BY s.row_no LIMIT $2"
);
const PREVIEW_LIST: &str = concat!(
    "SELECT s.row_no, CASE WHEN n.uscc IS NULL THEN 1 WHEN ",
    list_changed!(),
    " THEN 2 ELSE 3 END, ARRAY[s.list, s.uscc, s.name]
    FROM staged_list_entry s LEFT JOIN province_list_now n ON n.list = s.list AND n.uscc = s.uscc
    WHERE s.import_id = $1 ORDER BY s.row_no LIMIT $2"
);
const PREVIEW_EVENTS: &str = concat!(
    "SELECT s.row_no, CASE WHEN e.event_id IS NULL THEN 1 ELSE 3 END, ARRAY[a.number, s.code, s.happened_on::text]
    FROM staged_legal_event s JOIN ip_asset a ON a.asset_id = s.asset_id LEFT JOIN ip_asset_event e ON ",
    event_match!(),
    " WHERE s.import_id = $1 ORDER BY s.row_no LIMIT $2"
);

pub(super) const STATEMENTS: &[&str] = &[
    FOR_TABLES,
    REGISTERED,
    RIGHTS,
    EFFECT_ENTERPRISES,
    EFFECT_ASSETS,
    EFFECT_QUALIFICATIONS,
    EFFECT_LIST,
    EFFECT_EVENTS,
    COUNT_ENTERPRISES,
    COUNT_ASSETS,
    COUNT_QUALIFICATIONS,
    COUNT_LIST,
    COUNT_EVENTS,
    PREVIEW_ENTERPRISES,
    PREVIEW_ASSETS,
    PREVIEW_QUALIFICATIONS,
    PREVIEW_LIST,
    PREVIEW_EVENTS,
];

/// What rows do, or did, to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    pub new: i32,
    pub changed: i32,
    pub unchanged: i32,
}

impl Effect {
    pub(super) fn of(new: i64, changed: i64, all: i64) -> Self {
        let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
        Self { new: number(new), changed: number(changed), unchanged: number(all - new - changed) }
    }
}

type Copying = PgCopyIn<PoolConnection<Postgres>>;

/// Rows and faults on their way, each on a connection of its own; what was sent counts when it is finished.
#[derive(Default)]
pub struct Staging {
    rows: Option<Copying>,
    faults: Option<Copying>,
}

impl Staging {
    pub async fn rows(&mut self, pool: &PgPool, kind: FileKind, lines: Vec<u8>) -> Result<(), StoreError> {
        let statement = match kind {
            FileKind::Enterprises => COPY_ENTERPRISES,
            FileKind::Assets => COPY_ASSETS,
            FileKind::Qualifications => COPY_QUALIFICATIONS,
            FileKind::ProvinceList => COPY_LIST,
            FileKind::LegalEvents => COPY_EVENTS,
        };
        send(&mut self.rows, pool, statement, lines).await
    }

    pub async fn faults(&mut self, pool: &PgPool, lines: Vec<u8>) -> Result<(), StoreError> {
        send(&mut self.faults, pool, COPY_FAULTS, lines).await
    }

    pub async fn finish(self) -> Result<(), StoreError> {
        for copy in [self.faults, self.rows].into_iter().flatten() {
            copy.finish().await?;
        }
        Ok(())
    }

    /// Nothing that was sent stays. What the server says to it is of no interest: the connection is closed if it fails.
    pub async fn abort(self) {
        for copy in [self.faults, self.rows].into_iter().flatten() {
            let _ = copy.abort("the file cannot be used").await;
        }
    }
}

async fn send(
    copying: &mut Option<Copying>,
    pool: &PgPool,
    statement: &'static str,
    lines: Vec<u8>,
) -> Result<(), StoreError> {
    if copying.is_none() {
        *copying = Some(pool.copy_in_raw(statement).await?);
    }
    if let Some(copy) = copying {
        copy.send(lines).await?;
    }
    Ok(())
}

/// Plans of this transaction are made for whole tables.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn for_tables(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(FOR_TABLES).execute(conn).await?;
    Ok(())
}

/// Every registered enterprise by its USCC.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn registered(conn: &mut PgConnection) -> Result<HashMap<[u8; 18], Uuid>, StoreError> {
    let mut all = HashMap::new();
    let mut rows = sqlx::query_as::<_, (String, Uuid)>(REGISTERED).fetch(conn);
    while let Some((uscc, id)) = rows.try_next().await? {
        let key = uscc.as_bytes().try_into();
        all.insert(key.map_err(|_| StoreError::Impossible { table: "enterprise", id, column: "uscc" })?, id);
    }
    Ok(all)
}

/// Every registered right by what rows name it with.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn rights(conn: &mut PgConnection) -> Result<Rights, StoreError> {
    let mut all = Rights::default();
    let mut rows = sqlx::query_as::<_, (Uuid, String, String, i32, Uuid)>(RIGHTS).fetch(conn);
    while let Some((enterprise, kind, number, class, asset)) = rows.try_next().await? {
        all.add((enterprise, &kind, &number, class), asset);
    }
    Ok(all)
}

/// What the staged rows would do.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn effect(conn: &mut PgConnection, kind: FileKind, import_id: Uuid) -> Result<Effect, StoreError> {
    let statement = match kind {
        FileKind::Enterprises => EFFECT_ENTERPRISES,
        FileKind::Assets => EFFECT_ASSETS,
        FileKind::Qualifications => EFFECT_QUALIFICATIONS,
        FileKind::ProvinceList => EFFECT_LIST,
        FileKind::LegalEvents => EFFECT_EVENTS,
    };
    let (new, changed, all): (i64, i64, i64) =
        sqlx::query_as(statement).bind(import_id).fetch_one(conn).await?;
    Ok(Effect::of(new, changed, all))
}

/// How many rows are staged.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn count(conn: &mut PgConnection, kind: FileKind, import_id: Uuid) -> Result<i64, StoreError> {
    let statement = match kind {
        FileKind::Enterprises => COUNT_ENTERPRISES,
        FileKind::Assets => COUNT_ASSETS,
        FileKind::Qualifications => COUNT_QUALIFICATIONS,
        FileKind::ProvinceList => COUNT_LIST,
        FileKind::LegalEvents => COUNT_EVENTS,
    };
    Ok(sqlx::query_scalar(statement).bind(import_id).fetch_one(conn).await?)
}

/// The first staged rows: number in the file, effect (1 new, 2 changed, 3 unchanged), what a person knows them by.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn preview(
    conn: &mut PgConnection,
    kind: FileKind,
    import_id: Uuid,
    limit: i64,
) -> Result<Vec<(i32, i32, Vec<String>)>, StoreError> {
    let statement = match kind {
        FileKind::Enterprises => PREVIEW_ENTERPRISES,
        FileKind::Assets => PREVIEW_ASSETS,
        FileKind::Qualifications => PREVIEW_QUALIFICATIONS,
        FileKind::ProvinceList => PREVIEW_LIST,
        FileKind::LegalEvents => PREVIEW_EVENTS,
    };
    Ok(sqlx::query_as(statement).bind(import_id).bind(limit).fetch_all(conn).await?)
}
