//! The shelf: every product version in force, and the counter that tells when it has changed.

use kernel::{InstitutionId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError, agreements,
    terms_row::{TermsRow, terms_columns},
};
use crate::domain::matching::Published;

const REVISION: &str = "SELECT revision FROM shelf";
const CHANGE: &str = "UPDATE shelf SET revision = revision + 1";
const LIST: &str = concat!(
    "SELECT p.product_id, p.institution_id, i.responsible_department IS NOT NULL AS has_department,
        i.agreement_required, v.version, ",
    terms_columns!(),
    " FROM product p
    JOIN product_version v ON v.product_id = p.product_id AND v.version = p.published_version
    JOIN institution i ON i.institution_id = p.institution_id
    WHERE p.state = 'PUBLISHED' ORDER BY p.product_id"
);

pub(super) const STATEMENTS: &[&str] = &[REVISION, CHANGE, LIST];

/// Rises with every change of what matching stands on: products, institutions, agreements, parks, LPR.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn revision(conn: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(REVISION).fetch_one(conn).await?)
}

/// Says, in the transaction of a change, that what matching stands on changes. Such changes wait for each other here, which
/// keeps the counter true; they are few.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn change(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(CHANGE).execute(conn).await?;
    Ok(())
}

/// Everything in force, each with the agreements of its institution.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(conn: &mut PgConnection) -> Result<Vec<Published>, StoreError> {
    let agreements = agreements::covers(conn).await?;
    let rows: Vec<Row> = sqlx::query_as(LIST).fetch_all(conn).await?;
    let published = |row: Row| {
        let agreements = agreements.get(&InstitutionId::from_uuid(row.institution_id)).cloned();
        Ok(Published { agreements: agreements.unwrap_or_default(), ..Published::try_from(row)? })
    };
    rows.into_iter().map(published).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    product_id: Uuid,
    institution_id: Uuid,
    has_department: bool,
    agreement_required: bool,
    version: i32,
    #[sqlx(flatten)]
    terms: TermsRow,
}

impl TryFrom<Row> for Published {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            product_id: ProductId::from_uuid(row.product_id),
            version: row.version,
            institution_id: InstitutionId::from_uuid(row.institution_id),
            has_department: row.has_department,
            agreement_required: row.agreement_required,
            agreements: Vec::new(),
            terms: row.terms.into_terms(row.product_id)?,
        })
    }
}
