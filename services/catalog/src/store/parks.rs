//! Parks.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{codes::Park as Code, park::Park};

/// One park to a code.
pub const CODE_KEY: &str = "park_pkey";

const INSERT: &str = "INSERT INTO park (code, name, agreement_required, version) VALUES ($1, $2, $3, $4)";
const UPDATE: &str =
    "UPDATE park SET name = $2, agreement_required = $3, version = $4 WHERE code = $1 AND version = $4 - 1";
const LIST: &str = "SELECT code, name, agreement_required, version FROM park ORDER BY code";
const UNKNOWN: &str = "SELECT wanted FROM unnest($1::text[]) AS wanted WHERE NOT EXISTS (SELECT 1 FROM park WHERE code = wanted) LIMIT 1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, UPDATE, LIST, UNKNOWN];

/// Fails on [`CODE_KEY`] if it is on record.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, park: &Park) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(park.code.text())
        .bind(&park.name)
        .bind(park.agreement_required)
        .bind(park.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a park whose version is one more than that on record; false if that is not so.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, park: &Park) -> Result<bool, StoreError> {
    let done = sqlx::query(UPDATE)
        .bind(park.code.text())
        .bind(&park.name)
        .bind(park.agreement_required)
        .bind(park.version)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Every park, in the order of the codes.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Park>, StoreError> {
    let rows: Vec<(String, String, bool, i32)> = sqlx::query_as(LIST).fetch_all(conn).await?;
    let park = |(code, name, agreement_required, version): (String, _, _, _)| {
        let impossible = StoreError::Impossible { table: "park", id: Uuid::nil(), column: "code" };
        let code = Code::parse(&code).ok_or(impossible)?;
        Ok(Park { code, name, agreement_required, version })
    };
    rows.into_iter().map(park).collect()
}

/// Whether each of these is on record.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn all_known(conn: &mut PgConnection, parks: &BTreeSet<Code>) -> Result<bool, StoreError> {
    let codes: Vec<String> = parks.iter().map(|park| park.text()).collect();
    let unknown: Option<String> = sqlx::query_scalar(UNKNOWN).bind(codes).fetch_optional(conn).await?;
    Ok(unknown.is_none())
}
