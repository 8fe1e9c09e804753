//! Products and the versions of their terms.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{InstitutionId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    conditions_row::FeeColumns,
    terms_row::{TermsRow, terms_columns},
};
use crate::domain::{
    codes::Code as _,
    product::{Pending, Person, Product, Side, Stage, Standing, Version},
    terms::ProductTerms,
};

/// The columns of a product of the table `p`, as [`ProductRow`] reads them.
macro_rules! product_columns {
    () => {
        "p.product_id, p.institution_id, p.state, p.newest_version, p.published_version, p.published_at, p.suspended_at,
        p.suspended_by, p.retired_at, p.pending_version, p.pending_stage, p.pending_author, p.pending_submitter, p.pending_from,
        p.revision"
    };
}

/// A product `p` with one version `v`, who approved it, and its name on the 信易贷 platform.
macro_rules! described {
    ($version:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            product_columns!(),
            ", v.version, ",
            terms_columns!(),
            ", (SELECT a.actor FROM product_act a WHERE a.product_id = p.product_id AND a.version = v.version
                AND a.act = 'APPROVED' ORDER BY a.revision DESC LIMIT 1) AS approved_by,
            (SELECT x.external_id FROM xyd_publication x WHERE x.product_id = p.product_id) AS external_id
            FROM product p JOIN product_version v ON v.product_id = p.product_id AND v.version = ",
            $version,
            $rest
        )
    };
}

const INSERT: &str =
    "INSERT INTO product (product_id, institution_id, state, newest_version, pending_version, pending_stage,
        pending_author, revision, created_at)
    VALUES ($1, $2, 'DRAFT', $3, $3, 'DRAFT', $4, $5, $6)";
const INSERT_VERSION: &str = "INSERT INTO product_version (product_id, version, name, regions, parks, sizes,
        any_qualification, accepted_ip, min_assets, amount_min_fen, amount_max_fen, term_min_months, term_max_months,
        rate_kind, rate_min_bp, rate_max_bp, repayment, enhancement, lowest_grade, written_at, product_code, lpr_tenor,
        rate_reset, cap_types, cap_bp, portfolio_cap_bp, interest_basis, settle_day, guarantee_required, evaluation,
        fee_codes, fee_kinds, fee_amounts_fen, fee_rates_bp, prepay_penalty_bp, first_loan_ok, renewal_ok, line_type,
        sla_response_wd, sla_offer_wd, sla_approval_wd, department, channels, effective_from, effective_to)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45)";
const LOCK: &str =
    concat!("SELECT ", product_columns!(), " FROM product p WHERE p.product_id = $1 FOR NO KEY UPDATE");
const UPDATE: &str =
    "UPDATE product SET state = $2, newest_version = $3, published_version = $4, published_at = $5,
        suspended_at = $6, retired_at = $7, pending_version = $8, pending_stage = $9, pending_author = $10,
        pending_submitter = $11, pending_from = $12, revision = $13, suspended_by = $14
    WHERE product_id = $1";
/// Version 0 asks for the one that is shown: in force, or last in force, else the newest.
const FIND: &str =
    described!("coalesce(nullif($2, 0), p.published_version, p.newest_version)", " WHERE p.product_id = $1");
const LIST: &str = described!(
    "coalesce(p.published_version, p.newest_version)",
    " WHERE ($1::uuid IS NULL OR p.product_id > $1) ORDER BY p.product_id LIMIT $2"
);
const LIST_OF_INSTITUTION: &str = described!(
    "coalesce(p.published_version, p.newest_version)",
    " WHERE p.institution_id = $3 AND ($1::uuid IS NULL OR p.product_id > $1) ORDER BY p.product_id LIMIT $2"
);
const LIST_IN_REVIEW: &str = described!(
    "p.pending_version",
    " WHERE p.pending_stage = 'IN_REVIEW' AND ($1::uuid IS NULL OR p.product_id > $1) ORDER BY p.product_id LIMIT $2"
);

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, INSERT_VERSION, LOCK, UPDATE, FIND, LIST, LIST_OF_INSTITUTION, LIST_IN_REVIEW];

/// A product with the terms of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub product: Product,
    pub version: Version,
    pub terms: ProductTerms,
    /// Who approved that version.
    pub approved_by: Option<String>,
    /// On the 信易贷 platform.
    pub external_id: Option<String>,
}

/// Which products a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    Of(InstitutionId),
    /// With the terms that are in review.
    InReview,
}

/// A new product in draft; its version is written by [`insert_version`].
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(
    conn: &mut PgConnection,
    product: &Product,
    author: &Person,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(product.id.uuid())
        .bind(product.institution_id.uuid())
        .bind(product.newest)
        .bind(&author.0)
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
    let conditions = &terms.conditions;
    let fees = FeeColumns::of(&conditions.fees);
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
        .bind(&conditions.code)
        .bind(conditions.lpr_tenor.map(|tenor| tenor.code()))
        .bind(conditions.rate_reset.code())
        .bind(conditions.caps.0.keys().map(|kind| kind.code()).collect::<Vec<_>>())
        .bind(conditions.caps.0.values().map(|cap| cap.get()).collect::<Vec<_>>())
        .bind(conditions.portfolio_cap.get())
        .bind(conditions.basis.days())
        .bind(i32::from(conditions.settle_day))
        .bind(conditions.guarantee_required)
        .bind(conditions.evaluation.code())
        .bind(fees.codes)
        .bind(fees.kinds)
        .bind(fees.amounts)
        .bind(fees.rates)
        .bind(conditions.prepay_penalty.get())
        .bind(conditions.first_loan_ok)
        .bind(conditions.renewal_ok)
        .bind(conditions.line.code())
        .bind(i32::from(conditions.sla.response))
        .bind(i32::from(conditions.sla.offer))
        .bind(i32::from(conditions.sla.approval))
        .bind(conditions.department.as_deref())
        .bind(conditions.channels.codes())
        .bind(conditions.effective_from)
        .bind(conditions.effective_to)
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
    let (state, suspended, retired_at) = match product.standing {
        Standing::Unpublished => (DRAFT, None, None),
        Standing::Published { .. } => (PUBLISHED, None, None),
        Standing::Suspended { since, by, .. } => (SUSPENDED, Some((since, by)), None),
        Standing::Retired { at, .. } => (RETIRED, None, Some(at)),
    };
    let published = product.published();
    let pending = product.pending.as_ref();
    let stage = pending.map(|pending| stage(pending.stage));
    sqlx::query(UPDATE)
        .bind(product.id.uuid())
        .bind(state)
        .bind(product.newest)
        .bind(published.map(|(version, _)| version))
        .bind(published.map(|(_, at)| at))
        .bind(suspended.map(|(since, _)| since))
        .bind(retired_at)
        .bind(pending.map(|pending| pending.version))
        .bind(stage.map(|(code, _)| code))
        .bind(pending.map(|pending| &pending.author.0))
        .bind(pending.and_then(|pending| pending.submitter.as_ref()).map(|person| &person.0))
        .bind(stage.and_then(|(_, from)| from))
        .bind(product.revision)
        .bind(suspended.map(|(_, by)| by.code()))
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

/// At most `limit` products after `after`, in the order of their ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    which: Which,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<Described>, StoreError> {
    let after = after.map(ProductId::uuid);
    let rows: Vec<DescribedRow> = match which {
        Which::All => sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(conn).await?,
        Which::InReview => sqlx::query_as(LIST_IN_REVIEW).bind(after).bind(limit).fetch_all(conn).await?,
        Which::Of(id) => {
            let query = sqlx::query_as(LIST_OF_INSTITUTION).bind(after).bind(limit);
            query.bind(id.uuid()).fetch_all(conn).await?
        }
    };
    rows.into_iter().map(Described::try_from).collect()
}

const DRAFT: &str = "DRAFT";
const PUBLISHED: &str = "PUBLISHED";
const SUSPENDED: &str = "SUSPENDED";
const RETIRED: &str = "RETIRED";

fn stage(stage: Stage) -> (&'static str, Option<NaiveDate>) {
    match stage {
        Stage::Draft => ("DRAFT", None),
        Stage::InReview => ("IN_REVIEW", None),
        Stage::Returned => ("RETURNED", None),
        Stage::Approved => ("APPROVED", None),
        Stage::Scheduled(on) => ("SCHEDULED", Some(on)),
    }
}

#[derive(sqlx::FromRow)]
struct ProductRow {
    product_id: Uuid,
    institution_id: Uuid,
    state: String,
    newest_version: i32,
    published_version: Option<i32>,
    published_at: Option<DateTime<Utc>>,
    suspended_at: Option<DateTime<Utc>>,
    suspended_by: Option<String>,
    retired_at: Option<DateTime<Utc>>,
    pending_version: Option<i32>,
    pending_stage: Option<String>,
    pending_author: Option<String>,
    pending_submitter: Option<String>,
    pending_from: Option<NaiveDate>,
    revision: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "product", id: row.product_id, column };
        let last = row.published_version.zip(row.published_at);
        let by = match row.suspended_by.as_deref() {
            None => None,
            Some(code) => Some(Side::from_code(code).ok_or_else(|| impossible("suspended_by"))?),
        };
        let suspended = row.suspended_at.zip(by);
        let standing = match (row.state.as_str(), last, suspended, row.retired_at) {
            (DRAFT, None, None, None) => Standing::Unpublished,
            (PUBLISHED, Some((version, at)), None, None) => Standing::Published { version, at },
            (SUSPENDED, Some((version, at)), Some((since, by)), None) => {
                Standing::Suspended { version, at, since, by }
            }
            (RETIRED, last, None, Some(at)) => Standing::Retired { last, at },
            _ => return Err(impossible("state")),
        };
        let stage = match (row.pending_stage.as_deref(), row.pending_from) {
            (None, None) => None,
            (Some("DRAFT"), None) => Some(Stage::Draft),
            (Some("IN_REVIEW"), None) => Some(Stage::InReview),
            (Some("RETURNED"), None) => Some(Stage::Returned),
            (Some("APPROVED"), None) => Some(Stage::Approved),
            (Some("SCHEDULED"), Some(on)) => Some(Stage::Scheduled(on)),
            _ => return Err(impossible("pending_stage")),
        };
        let pending = match (row.pending_version, stage, row.pending_author) {
            (None, None, None) => None,
            (Some(version), Some(stage), Some(author)) => Some(Pending {
                version,
                stage,
                author: Person(author),
                submitter: row.pending_submitter.map(Person),
            }),
            _ => return Err(impossible("pending_version")),
        };
        Ok(Self {
            id: ProductId::from_uuid(row.product_id),
            institution_id: InstitutionId::from_uuid(row.institution_id),
            standing,
            pending,
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
    approved_by: Option<String>,
    external_id: Option<String>,
}

impl TryFrom<DescribedRow> for Described {
    type Error = StoreError;

    fn try_from(row: DescribedRow) -> Result<Self, StoreError> {
        let id = row.product.product_id;
        Ok(Self {
            product: row.product.try_into()?,
            version: row.version,
            terms: row.terms.into_terms(id)?,
            approved_by: row.approved_by,
            external_id: row.external_id,
        })
    }
}
