//! Products and the versions of their terms.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, terms_row::TermsRow};
use crate::domain::{
    product::{Product, State, Version},
    terms::ProductTerms,
};

const INSERT: &str =
    "INSERT INTO product (product_id, institution_id, state, newest_version, revision, created_at)
    VALUES ($1, $2, 'DRAFT', $3, $4, $5)";
const INSERT_VERSION: &str = "INSERT INTO product_version (product_id, version, name, regions, parks, sizes,
        any_qualification, accepted_ip, min_assets, amount_min_fen, amount_max_fen, term_min_months, term_max_months,
        rate_kind, rate_min_bp, rate_max_bp, repayment, enhancement, lowest_grade, written_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
const LOCK: &str =
    "SELECT product_id, institution_id, state, newest_version, published_version, published_at, retired_at,
        revision
    FROM product WHERE product_id = $1 FOR NO KEY UPDATE";
const UPDATE: &str =
    "UPDATE product SET state = $2, newest_version = $3, published_version = $4, published_at = $5,
        retired_at = $6, revision = $7
    WHERE product_id = $1";
/// Version 0 asks for the one that is shown: in force, or last in force, else the newest.
const FIND: &str = "SELECT p.product_id, p.institution_id, p.state, p.newest_version, p.published_version, p.published_at,
        p.retired_at, p.revision, v.version, v.name, v.regions, v.parks, v.sizes, v.any_qualification, v.accepted_ip,
        v.min_assets, v.amount_min_fen, v.amount_max_fen, v.term_min_months, v.term_max_months, v.rate_kind,
        v.rate_min_bp, v.rate_max_bp, v.repayment, v.enhancement, v.lowest_grade
    FROM product p
    JOIN product_version v ON v.product_id = p.product_id
        AND v.version = coalesce(nullif($2, 0), p.published_version, p.newest_version)
    WHERE p.product_id = $1";
const LIST: &str = "SELECT p.product_id, p.institution_id, p.state, p.newest_version, p.published_version, p.published_at,
        p.retired_at, p.revision, v.version, v.name, v.regions, v.parks, v.sizes, v.any_qualification, v.accepted_ip,
        v.min_assets, v.amount_min_fen, v.amount_max_fen, v.term_min_months, v.term_max_months, v.rate_kind,
        v.rate_min_bp, v.rate_max_bp, v.repayment, v.enhancement, v.lowest_grade
    FROM product p
    JOIN product_version v ON v.product_id = p.product_id
        AND v.version = coalesce(p.published_version, p.newest_version)
    WHERE ($1::uuid IS NULL OR p.product_id > $1) ORDER BY p.product_id LIMIT $2";
const LIST_OF_INSTITUTION: &str = "SELECT p.product_id, p.institution_id, p.state, p.newest_version, p.published_version,
        p.published_at, p.retired_at, p.revision, v.version, v.name, v.regions, v.parks, v.sizes, v.any_qualification,
        v.accepted_ip, v.min_assets, v.amount_min_fen, v.amount_max_fen, v.term_min_months, v.term_max_months,
        v.rate_kind, v.rate_min_bp, v.rate_max_bp, v.repayment, v.enhancement, v.lowest_grade
    FROM product p
    JOIN product_version v ON v.product_id = p.product_id
        AND v.version = coalesce(p.published_version, p.newest_version)
    WHERE p.institution_id = $3 AND ($1::uuid IS NULL OR p.product_id > $1) ORDER BY p.product_id LIMIT $2";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, INSERT_VERSION, LOCK, UPDATE, FIND, LIST, LIST_OF_INSTITUTION];

/// A product with the terms of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub product: Product,
    pub version: Version,
    pub terms: ProductTerms,
}

/// A new product in draft; its version is written by [`insert_version`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    product: &Product,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(product.id.uuid())
        .bind(product.institution_id.uuid())
        .bind(product.newest)
        .bind(product.revision)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert_version(
    conn: &mut PgConnection,
    id: ProductId,
    version: Version,
    terms: &ProductTerms,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT_VERSION)
        .bind(id.uuid())
        .bind(version)
        .bind(&terms.name)
        .bind(terms.regions.iter().map(|region| region.text()).collect::<Vec<_>>())
        .bind(terms.parks.iter().map(|park| park.text()).collect::<Vec<_>>())
        .bind(terms.sizes.codes())
        .bind(terms.any_qualification.codes())
        .bind(terms.accepted_ip.codes())
        .bind(i32::from(terms.min_assets))
        .bind(terms.amount.min().get())
        .bind(terms.amount.max().get())
        .bind(i32::from(terms.term.min().get()))
        .bind(i32::from(terms.term.max().get()))
        .bind(terms.rate_kind.code())
        .bind(terms.rate.min().get())
        .bind(terms.rate.max().get())
        .bind(terms.repayment.codes())
        .bind(terms.enhancement.codes())
        .bind(terms.lowest_grade.map(|grade| grade.code()))
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads a product for a change within this transaction.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: ProductId) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(LOCK).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Product::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn update(conn: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    let (state, retired_at) = match product.state {
        State::Draft => (DRAFT, None),
        State::Published { .. } => (PUBLISHED, None),
        State::Retired { at, .. } => (RETIRED, Some(at)),
    };
    let published = product.published();
    sqlx::query(UPDATE)
        .bind(product.id.uuid())
        .bind(state)
        .bind(product.newest)
        .bind(published.map(|(version, _)| version))
        .bind(published.map(|(_, at)| at))
        .bind(retired_at)
        .bind(product.revision)
        .execute(conn)
        .await?;
    Ok(())
}

/// `version` `None`: the one that is shown. Nothing if there is no such product or no such version of it.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(
    conn: &mut PgConnection,
    id: ProductId,
    version: Option<Version>,
) -> Result<Option<Described>, StoreError> {
    let row: Option<DescribedRow> =
        sqlx::query_as(FIND).bind(id.uuid()).bind(version.unwrap_or(0)).fetch_optional(conn).await?;
    row.map(Described::try_from).transpose()
}

/// At most `limit` products after `after`, of one institution or of all, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    institution_id: Option<InstitutionId>,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<Described>, StoreError> {
    let after = after.map(ProductId::uuid);
    let rows: Vec<DescribedRow> = match institution_id {
        None => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(conn).await?,
        Some(id) => {
            sqlx::query_as(LIST_OF_INSTITUTION)
                .bind(after)
                .bind(limit)
                .bind(id.uuid())
                .fetch_all(conn)
                .await?
        }
    };
    rows.into_iter().map(Described::try_from).collect()
}

const DRAFT: &str = "DRAFT";
const PUBLISHED: &str = "PUBLISHED";
const RETIRED: &str = "RETIRED";

#[derive(sqlx::FromRow)]
struct ProductRow {
    product_id: Uuid,
    institution_id: Uuid,
    state: String,
    newest_version: i32,
    published_version: Option<i32>,
    published_at: Option<DateTime<Utc>>,
    retired_at: Option<DateTime<Utc>>,
    revision: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "product", id: row.product_id, column };
        let last = row.published_version.zip(row.published_at);
        let state = match (row.state.as_str(), last, row.retired_at) {
            (DRAFT, None, None) => State::Draft,
            (PUBLISHED, Some((version, at)), None) => State::Published { version, at },
            (RETIRED, last, Some(at)) => State::Retired { last, at },
            _ => return Err(impossible("state")),
        };
        Ok(Self {
            id: ProductId::from_uuid(row.product_id),
            institution_id: InstitutionId::from_uuid(row.institution_id),
            state,
            newest: row.newest_version,
            revision: row.revision,
        })
    }
}

#[derive(sqlx::FromRow)]
struct DescribedRow {
    #[sqlx(flatten)]
    product: ProductRow,
    version: i32,
    #[sqlx(flatten)]
    terms: TermsRow,
}

impl TryFrom<DescribedRow> for Described {
    type Error = StoreError;

    fn try_from(row: DescribedRow) -> Result<Self, StoreError> {
        let id = row.product.product_id;
        Ok(Self { product: row.product.try_into()?, version: row.version, terms: row.terms.into_terms(id)? })
    }
}
