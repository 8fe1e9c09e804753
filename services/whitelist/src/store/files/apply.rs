//! Staged rows become part of the register: a statement for what changes and one for what is new, all in the caller's
//! transaction, so that nobody ever sees a part of a file.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::staging::{self, Effect};
use crate::{files::FileKind, store::StoreError};

/// An empty cell leaves what is registered; accounts are replaced as a whole, staff with the researchers among them.
macro_rules! enterprise_changed {
    () => {
        "(s.name, s.size, s.industry, s.park, s.region) IS DISTINCT FROM (e.name, e.size, e.industry, e.park, e.region)
        OR (cardinality(s.former_names) > 0 AND s.former_names <> e.former_names)
        OR (cardinality(s.contact_names) > 0 AND (s.contact_names, s.contact_phones, s.contact_emails)
            IS DISTINCT FROM (e.contact_names, e.contact_phones, e.contact_emails))
        OR (s.staff IS NOT NULL AND (s.staff, s.rd_staff) IS DISTINCT FROM (e.staff, e.rd_staff))
        OR (s.accounts_year IS NOT NULL AND (s.accounts_year, s.revenue, s.rd_spend, s.net_profit)
            IS DISTINCT FROM (e.accounts_year, e.revenue, e.rd_spend, e.net_profit))
        OR (coalesce(s.established_on, e.established_on), coalesce(s.reg_capital, e.reg_capital),
            coalesce(s.legal_rep, e.legal_rep), coalesce(s.total_assets, e.total_assets),
            coalesce(s.total_liabilities, e.total_liabilities), coalesce(s.tax_grade, e.tax_grade),
            coalesce(s.platform_link, e.platform_link))
            IS DISTINCT FROM (e.established_on, e.reg_capital, e.legal_rep, e.total_assets, e.total_liabilities, e.tax_grade,
            e.platform_link)"
    };
}
macro_rules! asset_match {
    () => {
        "a.enterprise_id = s.enterprise_id AND a.kind = s.kind AND a.number = s.number AND a.nice_class = s.nice_class"
    };
}
macro_rules! asset_changed {
    () => {
        "s.title <> a.title
        OR ((s.filed IS NOT NULL OR s.granted IS NOT NULL) AND (s.filed, s.granted) IS DISTINCT FROM (a.filed, a.granted))
        OR (cardinality(s.owner_usccs) > 0 AND (s.owner_usccs, s.owner_names, s.owner_shares)
            IS DISTINCT FROM (a.owner_usccs, a.owner_names, a.owner_shares))
        OR (cardinality(s.high_value) > 0 AND s.high_value <> a.high_value)
        OR (coalesce(s.inventors, a.inventors), coalesce(s.first_use, a.first_use), coalesce(s.created_on, a.created_on),
            coalesce(s.renewed_to, a.renewed_to), coalesce(s.annuity_paid_to, a.annuity_paid_to),
            coalesce(s.ipc_main, a.ipc_main), coalesce(s.product_link, a.product_link),
            coalesce(s.revenue_share, a.revenue_share), coalesce(s.family_size, a.family_size),
            coalesce(s.citations, a.citations), coalesce(s.litigation_proven, a.litigation_proven),
            coalesce(s.acquired_from, a.acquired_from), coalesce(s.acquired_on, a.acquired_on))
            IS DISTINCT FROM (a.inventors, a.first_use, a.created_on, a.renewed_to, a.annuity_paid_to, a.ipc_main,
            a.product_link, a.revenue_share, a.family_size, a.citations, a.litigation_proven, a.acquired_from, a.acquired_on)"
    };
}
macro_rules! qualification_changed {
    () => {
        "(coalesce(s.level, q.level), s.valid_from, s.valid_to) IS DISTINCT FROM (q.level, q.valid_from, q.valid_to)"
    };
}
macro_rules! list_changed {
    () => {
        "(s.name, s.level, s.number, s.valid_from, s.valid_to)
            IS DISTINCT FROM (n.name, n.level, n.number, n.valid_from, n.valid_to)"
    };
}
macro_rules! event_match {
    () => {
        "e.asset_id = s.asset_id AND e.code = s.code AND e.happened_on = s.happened_on AND e.reference = s.reference"
    };
}
pub(super) use {
    asset_changed, asset_match, enterprise_changed, event_match, list_changed, qualification_changed,
};

/// Imports become part of the register one after the other: two that met would wait for each other's rows.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(hashtextextended('whitelist.files', 0))";

const UPDATE_ENTERPRISES: &str = concat!(
    "UPDATE enterprise e SET version = e.version + 1, amended_at = $2, name = s.name, size = s.size, industry = s.industry,
        park = s.park, region = s.region,
        former_names = CASE WHEN cardinality(s.former_names) > 0 THEN s.former_names ELSE e.former_names END,
        established_on = coalesce(s.established_on, e.established_on), reg_capital = coalesce(s.reg_capital, e.reg_capital),
        legal_rep = coalesce(s.legal_rep, e.legal_rep),
        contact_names = CASE WHEN cardinality(s.contact_names) > 0 THEN s.contact_names ELSE e.contact_names END,
        contact_phones = CASE WHEN cardinality(s.contact_names) > 0 THEN s.contact_phones ELSE e.contact_phones END,
        contact_emails = CASE WHEN cardinality(s.contact_names) > 0 THEN s.contact_emails ELSE e.contact_emails END,
        staff = coalesce(s.staff, e.staff),
        rd_staff = CASE WHEN s.staff IS NOT NULL THEN s.rd_staff ELSE e.rd_staff END,
        accounts_year = coalesce(s.accounts_year, e.accounts_year),
        revenue = CASE WHEN s.accounts_year IS NOT NULL THEN s.revenue ELSE e.revenue END,
        rd_spend = CASE WHEN s.accounts_year IS NOT NULL THEN s.rd_spend ELSE e.rd_spend END,
        net_profit = CASE WHEN s.accounts_year IS NOT NULL THEN s.net_profit ELSE e.net_profit END,
        total_assets = coalesce(s.total_assets, e.total_assets),
        total_liabilities = coalesce(s.total_liabilities, e.total_liabilities),
        tax_grade = coalesce(s.tax_grade, e.tax_grade), platform_link = coalesce(s.platform_link, e.platform_link)
    FROM staged_enterprise s WHERE s.import_id = $1 AND e.uscc = s.uscc AND (",
    enterprise_changed!(),
    ")"
);
const INSERT_ENTERPRISES: &str =
    "INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at, former_names,
        established_on, reg_capital, legal_rep, contact_names, contact_phones, contact_emails, staff, rd_staff, accounts_year,
        revenue, rd_spend, net_profit, total_assets, total_liabilities, tax_grade, platform_link)
    SELECT s.enterprise_id, s.uscc, s.name, s.size, s.industry, s.park, s.region, $2, s.former_names, s.established_on,
        s.reg_capital, s.legal_rep, s.contact_names, s.contact_phones, s.contact_emails, s.staff, s.rd_staff, s.accounts_year,
        s.revenue, s.rd_spend, s.net_profit, s.total_assets, s.total_liabilities, s.tax_grade, s.platform_link
    FROM staged_enterprise s
    WHERE s.import_id = $1 AND NOT EXISTS (SELECT FROM enterprise e WHERE e.uscc = s.uscc)";

const UPDATE_ASSETS: &str = concat!(
    "UPDATE ip_asset a SET version = a.version + 1, amended_at = $2, title = s.title,
        filed = CASE WHEN s.filed IS NOT NULL OR s.granted IS NOT NULL THEN s.filed ELSE a.filed END,
        granted = CASE WHEN s.filed IS NOT NULL OR s.granted IS NOT NULL THEN s.granted ELSE a.granted END,
        owner_usccs = CASE WHEN cardinality(s.owner_usccs) > 0 THEN s.owner_usccs ELSE a.owner_usccs END,
        owner_names = CASE WHEN cardinality(s.owner_usccs) > 0 THEN s.owner_names ELSE a.owner_names END,
        owner_shares = CASE WHEN cardinality(s.owner_usccs) > 0 THEN s.owner_shares ELSE a.owner_shares END,
        high_value = CASE WHEN cardinality(s.high_value) > 0 THEN s.high_value ELSE a.high_value END,
        inventors = coalesce(s.inventors, a.inventors), first_use = coalesce(s.first_use, a.first_use),
        created_on = coalesce(s.created_on, a.created_on), renewed_to = coalesce(s.renewed_to, a.renewed_to),
        annuity_paid_to = coalesce(s.annuity_paid_to, a.annuity_paid_to), ipc_main = coalesce(s.ipc_main, a.ipc_main),
        product_link = coalesce(s.product_link, a.product_link), revenue_share = coalesce(s.revenue_share, a.revenue_share),
        family_size = coalesce(s.family_size, a.family_size), citations = coalesce(s.citations, a.citations),
        litigation_proven = coalesce(s.litigation_proven, a.litigation_proven),
        acquired_from = coalesce(s.acquired_from, a.acquired_from), acquired_on = coalesce(s.acquired_on, a.acquired_on)
    FROM staged_asset s WHERE s.import_id = $1 AND ",
    asset_match!(),
    " AND (",
    asset_changed!(),
    ")"
);
const INSERT_ASSETS: &str = concat!(
    "INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at, owner_usccs,
        owner_names, owner_shares, inventors, first_use, created_on, renewed_to, annuity_paid_to, ipc_main, nice_class,
        product_link, revenue_share, family_size, citations, litigation_proven, high_value, acquired_from, acquired_on)
    SELECT s.asset_id, s.enterprise_id, s.kind, s.number, s.title, s.filed, s.granted, $2, s.owner_usccs, s.owner_names,
        s.owner_shares, s.inventors, s.first_use, s.created_on, s.renewed_to, s.annuity_paid_to, s.ipc_main, s.nice_class,
        s.product_link, s.revenue_share, s.family_size, s.citations, s.litigation_proven, s.high_value, s.acquired_from,
        s.acquired_on
    FROM staged_asset s WHERE s.import_id = $1 AND NOT EXISTS (SELECT FROM ip_asset a WHERE ",
    asset_match!(),
    ")"
);

/// First the enterprises, so that their history keeps the qualifications that they had (0211).
const TOUCH_ENTERPRISES: &str = concat!(
    "UPDATE enterprise e SET version = e.version + 1, amended_at = $2
    FROM (SELECT DISTINCT s.enterprise_id FROM staged_qualification s
        LEFT JOIN qualification q ON q.enterprise_id = s.enterprise_id AND q.code = s.code AND q.number = s.number
        WHERE s.import_id = $1 AND (q.enterprise_id IS NULL OR ",
    qualification_changed!(),
    ")) touched
    WHERE e.enterprise_id = touched.enterprise_id"
);
const UPDATE_QUALIFICATIONS: &str = concat!(
    "UPDATE qualification q SET level = coalesce(s.level, q.level), valid_from = s.valid_from, valid_to = s.valid_to
    FROM staged_qualification s
    WHERE s.import_id = $1 AND q.enterprise_id = s.enterprise_id AND q.code = s.code AND q.number = s.number AND (",
    qualification_changed!(),
    ")"
);
const INSERT_QUALIFICATIONS: &str =
    "INSERT INTO qualification (enterprise_id, position, code, number, level, valid_from, valid_to)
    SELECT s.enterprise_id, coalesce(held.last, 0) + row_number() OVER (PARTITION BY s.enterprise_id ORDER BY s.row_no),
        s.code, s.number, s.level, s.valid_from, s.valid_to
    FROM staged_qualification s
    LEFT JOIN (SELECT enterprise_id, max(position) AS last FROM qualification GROUP BY enterprise_id) held
        ON held.enterprise_id = s.enterprise_id
    WHERE s.import_id = $1 AND NOT EXISTS (SELECT FROM qualification q
        WHERE q.enterprise_id = s.enterprise_id AND q.code = s.code AND q.number = s.number)";

const INSERT_LIST: &str =
    "INSERT INTO province_list_entry (import_id, list, uscc, name, level, number, valid_from, valid_to)
    SELECT s.import_id, s.list, s.uscc, s.name, s.level, s.number, s.valid_from, s.valid_to
    FROM staged_list_entry s WHERE s.import_id = $1";
const SWITCH_LIST: &str = "INSERT INTO province_list (list, import_id, accepted_at)
    SELECT DISTINCT s.list, s.import_id, $2::timestamptz FROM staged_list_entry s WHERE s.import_id = $1
    ON CONFLICT ON CONSTRAINT province_list_pkey DO UPDATE
        SET import_id = excluded.import_id, accepted_at = excluded.accepted_at";

/// As where one asset's events are recorded: events and versions of an asset come one after the other.
const LOCK_ASSETS: &str = "WITH locked AS (SELECT a.asset_id FROM ip_asset a
        WHERE a.asset_id IN (SELECT s.asset_id FROM staged_legal_event s WHERE s.import_id = $1)
        ORDER BY a.asset_id FOR NO KEY UPDATE)
    SELECT count(*) FROM locked";
/// Events of one day count in the order of the file.
const INSERT_EVENTS: &str =
    "INSERT INTO ip_asset_event (asset_id, code, happened_on, reference, source, recorded_at)
    SELECT s.asset_id, s.code, s.happened_on, s.reference, 'IMPORT', $2
    FROM staged_legal_event s WHERE s.import_id = $1 ORDER BY s.row_no
    ON CONFLICT ON CONSTRAINT ip_asset_event_once DO NOTHING";

pub(super) const STATEMENTS: &[&str] = &[
    ONE_AT_A_TIME,
    UPDATE_ENTERPRISES,
    INSERT_ENTERPRISES,
    UPDATE_ASSETS,
    INSERT_ASSETS,
    TOUCH_ENTERPRISES,
    UPDATE_QUALIFICATIONS,
    INSERT_QUALIFICATIONS,
    INSERT_LIST,
    SWITCH_LIST,
    LOCK_ASSETS,
    INSERT_EVENTS,
];

/// More qualifications than an enterprise can have.
pub const QUALIFICATIONS_CHECK: &str = "qualification_position_counts";

/// What somebody registered while the rows were being written: nothing of the file is, and it can be accepted again.
pub const REGISTERED_MEANWHILE: [&str; 2] = ["enterprise_uscc_key", "ip_asset_number_key"];

/// Writes the staged rows to the register; what that did. `staged` rows must be there, or nothing is written.
///
/// # Errors
/// The database's; [`QUALIFICATIONS_CHECK`]; [`REGISTERED_MEANWHILE`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn apply(
    conn: &mut PgConnection,
    kind: FileKind,
    import_id: Uuid,
    staged: i64,
    now: DateTime<Utc>,
) -> Result<Option<Effect>, StoreError> {
    staging::for_tables(conn).await?;
    sqlx::query(ONE_AT_A_TIME).execute(&mut *conn).await?;
    if staging::count(conn, kind, import_id).await? != staged {
        return Ok(None);
    }
    let (insert, update) = match kind {
        FileKind::Enterprises => (INSERT_ENTERPRISES, UPDATE_ENTERPRISES),
        FileKind::Assets => (INSERT_ASSETS, UPDATE_ASSETS),
        FileKind::Qualifications => {
            let before = staging::effect(conn, kind, import_id).await?;
            sqlx::query(TOUCH_ENTERPRISES).bind(import_id).bind(now).execute(&mut *conn).await?;
            sqlx::query(UPDATE_QUALIFICATIONS).bind(import_id).execute(&mut *conn).await?;
            sqlx::query(INSERT_QUALIFICATIONS).bind(import_id).execute(&mut *conn).await?;
            return Ok(Some(before));
        }
        FileKind::ProvinceList => {
            let before = staging::effect(conn, kind, import_id).await?;
            sqlx::query(INSERT_LIST).bind(import_id).execute(&mut *conn).await?;
            sqlx::query(SWITCH_LIST).bind(import_id).bind(now).execute(&mut *conn).await?;
            return Ok(Some(before));
        }
        FileKind::LegalEvents => {
            sqlx::query(LOCK_ASSETS).bind(import_id).execute(&mut *conn).await?;
            let new = written(conn, INSERT_EVENTS, import_id, now).await?;
            return Ok(Some(Effect::of(new, 0, staged)));
        }
    };
    // What is new first: it differs in nothing from what was staged, so that the update passes it over, and where all is new
    // a whole pass over both tables is saved.
    let new = written(conn, insert, import_id, now).await?;
    let changed = if new < staged { written(conn, update, import_id, now).await? } else { 0 };
    Ok(Some(Effect::of(new, changed, staged)))
}

async fn written(
    conn: &mut PgConnection,
    statement: &'static str,
    import_id: Uuid,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let done = sqlx::query(statement).bind(import_id).bind(now).execute(conn).await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
