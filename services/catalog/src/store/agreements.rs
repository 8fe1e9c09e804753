//! Agreements and their parties.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::{AgreementId, InstitutionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, terms_row::every};
use crate::domain::{
    agreement::{Agreement, Cover},
    choices::AgreementLine,
    codes::{Code as _, Park},
};

/// One agreement to a number.
pub const NUMBER_KEY: &str = "agreement_number_key";
/// The institution is on record.
pub const PARTY_FKEY: &str = "agreement_party_institution_fkey";

macro_rules! agreement_columns {
    () => {
        "SELECT a.agreement_id, a.number, a.line, a.parks, a.signed_on, a.valid_from, a.valid_to, a.ended_on, a.text,
            ARRAY(SELECT y.institution_id FROM agreement_party y WHERE y.agreement_id = a.agreement_id
                ORDER BY y.institution_id) AS institutions
        FROM agreement a "
    };
}

const INSERT: &str =
    "INSERT INTO agreement (agreement_id, number, line, parks, signed_on, valid_from, valid_to, text)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_PARTIES: &str =
    "INSERT INTO agreement_party (agreement_id, institution_id) SELECT $1, unnest($2::uuid[])";
const LOCK: &str = concat!(agreement_columns!(), "WHERE a.agreement_id = $1 FOR NO KEY UPDATE");
const END: &str = "UPDATE agreement SET ended_on = $2 WHERE agreement_id = $1";
const LIST: &str = concat!(
    agreement_columns!(),
    "WHERE ($1::uuid IS NULL OR a.agreement_id > $1)
        AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM agreement_party y
            WHERE y.agreement_id = a.agreement_id AND y.institution_id = $3))
    ORDER BY a.agreement_id LIMIT $2"
);
/// In force on day $1, and over by day $2.
const EXPIRING: &str = concat!(
    agreement_columns!(),
    "WHERE a.valid_from <= $1 AND a.valid_to >= $1 AND (a.ended_on IS NULL OR a.ended_on > $1)
        AND least(a.valid_to, a.ended_on - 1) <= $2
    ORDER BY least(a.valid_to, a.ended_on - 1), a.agreement_id"
);
const COVERS: &str = "SELECT y.institution_id, a.parks, a.valid_from, a.valid_to, a.ended_on
    FROM agreement a JOIN agreement_party y ON y.agreement_id = a.agreement_id ORDER BY y.institution_id, a.agreement_id";

pub(super) const STATEMENTS: &[&str] = &[INSERT, INSERT_PARTIES, LOCK, END, LIST, EXPIRING, COVERS];

/// Fails on [`NUMBER_KEY`] or [`PARTY_FKEY`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, agreement: &Agreement) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(agreement.id.uuid())
        .bind(&agreement.number)
        .bind(agreement.line.code())
        .bind(agreement.cover.parks.iter().map(|park| park.text()).collect::<Vec<_>>())
        .bind(agreement.signed_on)
        .bind(agreement.cover.from)
        .bind(agreement.cover.to)
        .bind(&agreement.text)
        .execute(&mut *conn)
        .await?;
    let parties: Vec<Uuid> = agreement.institutions.iter().map(|id| id.uuid()).collect();
    sqlx::query(INSERT_PARTIES).bind(agreement.id.uuid()).bind(parties).execute(conn).await?;
    Ok(())
}

/// Reads an agreement for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: AgreementId) -> Result<Option<Agreement>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Agreement::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn end(conn: &mut PgConnection, id: AgreementId, on: NaiveDate) -> Result<(), StoreError> {
    sqlx::query(END).bind(id.uuid()).bind(on).execute(conn).await?;
    Ok(())
}

/// At most `limit` agreements after `after`, of one institution or of all, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    institution: Option<InstitutionId>,
    after: Option<AgreementId>,
    limit: i64,
) -> Result<Vec<Agreement>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(after.map(AgreementId::uuid))
        .bind(limit)
        .bind(institution.map(InstitutionId::uuid))
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Agreement::try_from).collect()
}

/// In force on `today` and over by `by`, the earliest end first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn expiring(
    conn: &mut PgConnection,
    today: NaiveDate,
    by: NaiveDate,
) -> Result<Vec<Agreement>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(EXPIRING).bind(today).bind(by).fetch_all(conn).await?;
    rows.into_iter().map(Agreement::try_from).collect()
}

/// When and where the agreements of each institution count.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn covers(conn: &mut PgConnection) -> Result<BTreeMap<InstitutionId, Vec<Cover>>, StoreError> {
    let rows: Vec<CoverRow> = sqlx::query_as(COVERS).fetch_all(conn).await?;
    let mut covers: BTreeMap<InstitutionId, Vec<Cover>> = BTreeMap::new();
    for row in rows {
        let id = row.institution_id;
        let impossible = StoreError::Impossible { table: "agreement", id, column: "parks" };
        let parks = every(&row.parks, Park::parse).ok_or(impossible)?;
        let cover = Cover { from: row.valid_from, to: row.valid_to, ended: row.ended_on, parks };
        covers.entry(InstitutionId::from_uuid(id)).or_default().push(cover);
    }
    Ok(covers)
}

#[derive(sqlx::FromRow)]
struct CoverRow {
    institution_id: Uuid,
    parks: Vec<String>,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    ended_on: Option<NaiveDate>,
}

#[derive(sqlx::FromRow)]
struct Row {
    agreement_id: Uuid,
    number: String,
    line: String,
    parks: Vec<String>,
    signed_on: NaiveDate,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    ended_on: Option<NaiveDate>,
    text: String,
    institutions: Vec<Uuid>,
}

impl TryFrom<Row> for Agreement {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "agreement", id: row.agreement_id, column };
        Ok(Self {
            id: AgreementId::from_uuid(row.agreement_id),
            line: AgreementLine::from_code(&row.line).ok_or_else(|| impossible("line"))?,
            institutions: row.institutions.iter().copied().map(InstitutionId::from_uuid).collect(),
            signed_on: row.signed_on,
            cover: Cover {
                from: row.valid_from,
                to: row.valid_to,
                ended: row.ended_on,
                parks: every(&row.parks, Park::parse).ok_or_else(|| impossible("parks"))?,
            },
            number: row.number,
            text: row.text,
        })
    }
}
