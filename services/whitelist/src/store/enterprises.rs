//! Enterprises with their qualifications, and every version that they have had.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{EnterpriseId, EnterpriseSize, Fen, Qualification, Uscc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, lists};
use crate::domain::{
    enterprise::{Enterprise, Name, QualificationHeld, QualificationLevel},
    place::{Industry, Park, Region},
    profile::{Accounts, Contact, Personal, Profile, TaxGrade, YEARS},
};

/// One enterprise to a USCC.
pub const USCC_KEY: &str = "enterprise_uscc_key";

/// The columns that an enterprise is written to, from arrays that have one element for each. Lists come as one text
/// (see `lists`), the years of the accounts as three columns each. One text for both statements that use it.
macro_rules! given {
    () => {
        "unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
            $9::int[], $10::timestamptz[], $11::text[], $12::date[], $13::bigint[], $14::text[], $15::text[], $16::text[],
            $17::text[], $18::int[], $19::int[], $20::int[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],
            $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bigint[],
            $32::text[], $33::boolean[])
        AS n (enterprise_id, uscc, name, size, industry, park, region, registered_at, version, amended_at, former_names,
            established_on, reg_capital, legal_rep, contact_names, contact_phones, contact_emails, staff, rd_staff,
            accounts_year, r0, r1, r2, d0, d1, d2, p0, p1, p2, total_assets, total_liabilities, tax_grade, platform_link)"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at, version, amended_at,
        former_names, established_on, reg_capital, legal_rep, contact_names, contact_phones, contact_emails, staff,
        rd_staff, accounts_year, revenue, rd_spend, net_profit, total_assets, total_liabilities, tax_grade, platform_link)
    SELECT n.enterprise_id, n.uscc, n.name, n.size, n.industry, n.park, n.region, n.registered_at, n.version, n.amended_at,
        string_to_array(n.former_names, chr(31)), n.established_on, n.reg_capital, n.legal_rep,
        string_to_array(n.contact_names, chr(31)), array_replace(string_to_array(n.contact_phones, chr(31)), chr(30), ''),
        array_replace(string_to_array(n.contact_emails, chr(31)), chr(30), ''), n.staff, n.rd_staff, n.accounts_year, ARRAY[n.r0, n.r1, n.r2],
        ARRAY[n.d0, n.d1, n.d2], ARRAY[n.p0, n.p1, n.p2], n.total_assets, n.total_liabilities, n.tax_grade,
        n.platform_link
    FROM ",
    given!()
);
/// What can change; the version that is replaced goes to the history by a trigger, with its qualifications.
const UPDATE: &str = concat!(
    "UPDATE enterprise e SET name = n.name, size = n.size, industry = n.industry, park = n.park, region = n.region,
        version = n.version, amended_at = n.amended_at, former_names = string_to_array(n.former_names, chr(31)),
        established_on = n.established_on, reg_capital = n.reg_capital, legal_rep = n.legal_rep,
        contact_names = string_to_array(n.contact_names, chr(31)),
        contact_phones = array_replace(string_to_array(n.contact_phones, chr(31)), chr(30), ''),
        contact_emails = array_replace(string_to_array(n.contact_emails, chr(31)), chr(30), ''), staff = n.staff, rd_staff = n.rd_staff,
        accounts_year = n.accounts_year, revenue = ARRAY[n.r0, n.r1, n.r2], rd_spend = ARRAY[n.d0, n.d1, n.d2],
        net_profit = ARRAY[n.p0, n.p1, n.p2], total_assets = n.total_assets, total_liabilities = n.total_liabilities,
        tax_grade = n.tax_grade, platform_link = n.platform_link
    FROM ",
    given!(),
    " WHERE e.enterprise_id = n.enterprise_id"
);
const DELETE_QUALIFICATIONS: &str =
    "DELETE FROM qualification USING unnest($1::uuid[]) AS changed (enterprise_id)
    WHERE qualification.enterprise_id = changed.enterprise_id";
const INSERT_QUALIFICATIONS: &str =
    "INSERT INTO qualification (enterprise_id, position, code, number, level, valid_from, valid_to)
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[])";
const FIND: &str = "SELECT * FROM enterprise_whole WHERE enterprise_id = $1";
/// One probe of the index for each key that is asked: `= ANY` may keep a plan that was made while the table was empty.
const FIND_MANY: &str = "SELECT e.* FROM unnest($1::uuid[]) AS asked (enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM enterprise_whole w WHERE w.enterprise_id = asked.enterprise_id LIMIT 1) e";
const FIND_BY_USCC: &str = "SELECT * FROM enterprise_whole WHERE uscc = $1";
const LIST: &str = "SELECT * FROM enterprise_whole
    WHERE $1::uuid IS NULL OR enterprise_id > $1 ORDER BY enterprise_id LIMIT $2";
/// The version asked, whether it holds or was replaced.
const FIND_VERSIONS: &str = "SELECT e.* FROM unnest($1::uuid[], $2::int[]) AS asked (enterprise_id, version)
    CROSS JOIN LATERAL (SELECT * FROM enterprise_whole w
        WHERE w.enterprise_id = asked.enterprise_id AND w.version = asked.version LIMIT 1) e
    UNION ALL
    SELECT v.enterprise_id, v.uscc, v.name, v.size, v.industry, v.park, v.region, v.registered_at, v.version, v.amended_at,
        v.former_names, v.established_on, v.reg_capital, v.legal_rep, v.contact_names, v.contact_phones, v.contact_emails,
        v.staff, v.rd_staff, v.accounts_year, v.revenue, v.rd_spend, v.net_profit, v.total_assets, v.total_liabilities,
        v.tax_grade, v.platform_link, v.codes, v.numbers, v.levels, v.valid_from, v.valid_to
    FROM unnest($1::uuid[], $2::int[]) AS asked (enterprise_id, version)
    CROSS JOIN LATERAL (SELECT * FROM enterprise_version old
        WHERE old.enterprise_id = asked.enterprise_id AND old.version = asked.version LIMIT 1) v";
const FIND_ID_BY_USCC: &str = "SELECT enterprise_id FROM enterprise WHERE uscc = $1";
const LOCK: &str = "SELECT enterprise_id FROM enterprise WHERE enterprise_id = $1 FOR NO KEY UPDATE";
const EXISTS: &str = "SELECT EXISTS (SELECT FROM enterprise WHERE enterprise_id = $1)";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    UPDATE,
    DELETE_QUALIFICATIONS,
    INSERT_QUALIFICATIONS,
    FIND,
    FIND_MANY,
    FIND_BY_USCC,
    LIST,
    FIND_VERSIONS,
    FIND_ID_BY_USCC,
    LOCK,
    EXISTS,
];

/// Fails on [`USCC_KEY`] if the USCC is registered.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, enterprise: &Enterprise) -> Result<(), StoreError> {
    insert_many(conn, std::slice::from_ref(enterprise)).await
}

/// Two statements, however many; a few thousand at a time is a good measure. Fails on [`USCC_KEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert_many(conn: &mut PgConnection, all: &[Enterprise]) -> Result<(), StoreError> {
    write(conn, INSERT, all).await?;
    insert_qualifications(conn, all).await
}

/// Writes the next version of each, which [`Enterprise::amended`] makes; lock the rows first. The version that it replaces
/// goes to the history.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update_many(conn: &mut PgConnection, all: &[Enterprise]) -> Result<(), StoreError> {
    // In this order: the trigger of the update keeps the old qualifications too.
    write(conn, UPDATE, all).await?;
    let ids: Vec<Uuid> = all.iter().map(|enterprise| enterprise.id.uuid()).collect();
    sqlx::query(DELETE_QUALIFICATIONS).bind(ids).execute(&mut *conn).await?;
    insert_qualifications(conn, all).await
}

async fn write(
    conn: &mut PgConnection,
    statement: &'static str,
    all: &[Enterprise],
) -> Result<(), StoreError> {
    fn each<'a, T>(all: &'a [Enterprise], value: impl Fn(&'a Enterprise) -> T) -> Vec<T> {
        all.iter().map(value).collect()
    }
    let fen = |value: fn(&Profile) -> Option<Fen>| each(all, |e| value(&e.profile).map(Fen::get));
    let year = |value: fn(&Accounts) -> Option<Fen>| {
        each(all, |e| e.profile.accounts.as_ref().and_then(value).map(Fen::get))
    };
    let contact =
        |value: fn(&Contact) -> &str| each(all, |e| lists::join(e.profile.contacts.iter().map(value)));
    sqlx::query(statement)
        .bind(each(all, |e| e.id.uuid()))
        .bind(each(all, |e| e.uscc.as_str()))
        .bind(each(all, |e| e.name.as_str()))
        .bind(each(all, |e| e.size.code()))
        .bind(each(all, |e| e.industry.as_str()))
        .bind(each(all, |e| e.park.as_str()))
        .bind(each(all, |e| e.region.as_str()))
        .bind(each(all, |e| e.registered_at))
        .bind(each(all, |e| e.version))
        .bind(each(all, |e| e.amended_at))
        .bind(each(all, |e| lists::join(e.profile.former_names.iter().map(Name::as_str))))
        .bind(each(all, |e| e.profile.established_on))
        .bind(fen(|p| p.reg_capital))
        .bind(each(all, |e| e.profile.legal_rep.as_ref().map(Personal::reveal)))
        .bind(contact(|c| c.name.reveal()))
        .bind(contact(|c| c.phone.as_ref().map_or("", Personal::reveal)))
        .bind(contact(|c| c.email.as_ref().map_or("", Personal::reveal)))
        .bind(each(all, |e| e.profile.staff))
        .bind(each(all, |e| e.profile.rd_staff))
        .bind(each(all, |e| e.profile.accounts.as_ref().map(|accounts| accounts.year)))
        .bind(year(|a| a.revenue[0]))
        .bind(year(|a| a.revenue[1]))
        .bind(year(|a| a.revenue[2]))
        .bind(year(|a| a.rd_spend[0]))
        .bind(year(|a| a.rd_spend[1]))
        .bind(year(|a| a.rd_spend[2]))
        .bind(year(|a| a.net_profit[0]))
        .bind(year(|a| a.net_profit[1]))
        .bind(year(|a| a.net_profit[2]))
        .bind(fen(|p| p.total_assets))
        .bind(fen(|p| p.total_liabilities))
        .bind(each(all, |e| e.profile.tax_grade.map(TaxGrade::code)))
        .bind(each(all, |e| e.profile.platform_link))
        .execute(conn)
        .await?;
    Ok(())
}

async fn insert_qualifications(conn: &mut PgConnection, all: &[Enterprise]) -> Result<(), StoreError> {
    let held: Vec<(Uuid, i32, &QualificationHeld)> = all
        .iter()
        .flat_map(|enterprise| {
            (1..).zip(&enterprise.qualifications).map(|(n, q)| (enterprise.id.uuid(), n, q))
        })
        .collect();
    if held.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT_QUALIFICATIONS)
        .bind(held.iter().map(|(id, _, _)| *id).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, position, _)| *position).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, _, q)| q.code.code()).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, _, q)| q.number.as_str()).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, _, q)| q.level.map(QualificationLevel::code)).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, _, q)| q.valid_from()).collect::<Vec<_>>())
        .bind(held.iter().map(|(_, _, q)| q.valid_to()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(conn: &mut PgConnection, id: EnterpriseId) -> Result<Option<Enterprise>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Enterprise::try_from).transpose()
}

/// Those of `ids` that exist, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(conn: &mut PgConnection, ids: &[EnterpriseId]) -> Result<Vec<Enterprise>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(Enterprise::try_from).collect()
}

/// At most `limit` enterprises after `after`, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    after: Option<EnterpriseId>,
    limit: i64,
) -> Result<Vec<Enterprise>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as(LIST).bind(after.map(|id| id.uuid())).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(Enterprise::try_from).collect()
}

/// The pinned versions that exist, in no order: those that hold and those that were replaced.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_versions(
    conn: &mut PgConnection,
    pinned: &[(EnterpriseId, i32)],
) -> Result<Vec<Enterprise>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(FIND_VERSIONS)
        .bind(pinned.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(pinned.iter().map(|(_, version)| *version).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Enterprise::try_from).collect()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_by_uscc(conn: &mut PgConnection, uscc: &Uscc) -> Result<Option<Enterprise>, StoreError> {
    let row: Option<Row> = sqlx::query_as(FIND_BY_USCC).bind(uscc.as_str()).fetch_optional(conn).await?;
    row.map(Enterprise::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_id(conn: &mut PgConnection, uscc: &Uscc) -> Result<Option<EnterpriseId>, StoreError> {
    let id: Option<Uuid> =
        sqlx::query_scalar(FIND_ID_BY_USCC).bind(uscc.as_str()).fetch_optional(conn).await?;
    Ok(id.map(EnterpriseId::from_uuid))
}

/// Keeps others who lock from adding to this enterprise's history; `false` if there is no such enterprise.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: EnterpriseId) -> Result<bool, StoreError> {
    let found: Option<Uuid> = sqlx::query_scalar(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(found.is_some())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn exists(conn: &mut PgConnection, id: EnterpriseId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(EXISTS).bind(id.uuid()).fetch_one(conn).await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    enterprise_id: Uuid,
    uscc: String,
    name: String,
    size: String,
    industry: String,
    park: String,
    region: String,
    registered_at: DateTime<Utc>,
    version: i32,
    amended_at: Option<DateTime<Utc>>,
    former_names: Vec<String>,
    established_on: Option<NaiveDate>,
    reg_capital: Option<i64>,
    legal_rep: Option<String>,
    contact_names: Vec<String>,
    contact_phones: Vec<String>,
    contact_emails: Vec<String>,
    staff: Option<i32>,
    rd_staff: Option<i32>,
    accounts_year: Option<i32>,
    revenue: Vec<Option<i64>>,
    rd_spend: Vec<Option<i64>>,
    net_profit: Vec<Option<i64>>,
    total_assets: Option<i64>,
    total_liabilities: Option<i64>,
    tax_grade: Option<String>,
    platform_link: Option<bool>,
    codes: Vec<String>,
    numbers: Vec<String>,
    levels: Vec<String>,
    valid_from: Vec<NaiveDate>,
    valid_to: Vec<NaiveDate>,
}

impl TryFrom<Row> for Enterprise {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible =
            |column| StoreError::Impossible { table: "enterprise", id: row.enterprise_id, column };
        Ok(Self {
            id: EnterpriseId::from_uuid(row.enterprise_id),
            uscc: Uscc::parse(&row.uscc).map_err(|_| impossible("uscc"))?.value,
            name: Name::parse(&row.name).ok_or_else(|| impossible("name"))?,
            size: EnterpriseSize::from_code(&row.size).ok_or_else(|| impossible("size"))?,
            industry: Industry::parse(&row.industry).ok_or_else(|| impossible("industry"))?,
            park: Park::parse(&row.park).ok_or_else(|| impossible("park"))?,
            region: Region::parse(&row.region).ok_or_else(|| impossible("region"))?,
            qualifications: row.qualifications().ok_or_else(|| impossible("qualifications"))?,
            profile: row.profile().ok_or_else(|| impossible("profile"))?,
            registered_at: row.registered_at,
            version: row.version,
            amended_at: row.amended_at,
        })
    }
}

impl Row {
    fn qualifications(&self) -> Option<Vec<QualificationHeld>> {
        let papers = self.codes.iter().zip(&self.numbers).zip(&self.levels);
        papers
            .zip(self.valid_from.iter().zip(&self.valid_to))
            .map(|(((code, number), level), (from, to))| {
                let level = match level.as_str() {
                    "" => None,
                    level => Some(QualificationLevel::from_code(level)?),
                };
                let code = Qualification::from_code(code)?;
                Some(QualificationHeld::new(code, number.clone(), *from, *to)?.at_level(level))
            })
            .collect()
    }

    fn profile(&self) -> Option<Profile> {
        let named = self.contact_names.iter().zip(&self.contact_phones).zip(&self.contact_emails);
        let contacts = named
            .map(|((name, phone), email)| {
                let name = Personal::parse(name)?;
                Some(Contact { name, phone: Personal::parse(phone), email: Personal::parse(email) })
            })
            .collect::<Option<_>>()?;
        let accounts = match self.accounts_year {
            None => None,
            Some(year) => Some(Accounts {
                year,
                revenue: years(&self.revenue)?,
                rd_spend: years(&self.rd_spend)?,
                net_profit: years(&self.net_profit)?,
            }),
        };
        Some(Profile {
            former_names: self.former_names.iter().map(|name| Name::parse(name)).collect::<Option<_>>()?,
            established_on: self.established_on,
            reg_capital: self.reg_capital.map(Fen::new),
            legal_rep: self
                .legal_rep
                .as_deref()
                .map(Personal::parse)
                .map_or(Some(None), |one| one.map(Some))?,
            contacts,
            staff: self.staff,
            rd_staff: self.rd_staff,
            accounts,
            total_assets: self.total_assets.map(Fen::new),
            total_liabilities: self.total_liabilities.map(Fen::new),
            tax_grade: match self.tax_grade.as_deref() {
                None => None,
                Some(code) => Some(TaxGrade::from_code(code)?),
            },
            platform_link: self.platform_link,
        })
    }
}

fn years(amounts: &[Option<i64>]) -> Option<[Option<Fen>; YEARS]> {
    let amounts: [Option<i64>; YEARS] = amounts.try_into().ok()?;
    Some(amounts.map(|amount| amount.map(Fen::new)))
}
