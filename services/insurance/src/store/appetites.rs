//! Rows of `appetite`: the newest declaration of each insurer and guarantor.

use chrono::{DateTime, Utc};
use kernel::{
    BasisPoints, EnhancementMode, EnterpriseSize, Fen, Grade, InstitutionId, InstitutionRole, Months,
};
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::StoreError;
use crate::domain::Appetite;

pub(super) const PUT: &str = "INSERT INTO appetite (institution_id, role, kinds, amount_min_fen, amount_max_fen, term_max_months, parks, sizes, lowest_grade,
        core_solvency_bp, comprehensive_solvency_bp, government_backed, suspended, set_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (institution_id) DO UPDATE SET role = excluded.role, kinds = excluded.kinds, amount_min_fen = excluded.amount_min_fen,
        amount_max_fen = excluded.amount_max_fen, term_max_months = excluded.term_max_months, parks = excluded.parks, sizes = excluded.sizes,
        lowest_grade = excluded.lowest_grade, core_solvency_bp = excluded.core_solvency_bp,
        comprehensive_solvency_bp = excluded.comprehensive_solvency_bp, government_backed = excluded.government_backed,
        suspended = excluded.suspended, set_at = excluded.set_at";

pub async fn put(
    conn: &mut PgConnection,
    appetite: &Appetite,
    set_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(PUT)
        .bind(appetite.institution.uuid())
        .bind(small(appetite.role.number()))
        .bind(appetite.kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>())
        .bind(appetite.amount_min.get())
        .bind(appetite.amount_max.get())
        .bind(small(i32::from(appetite.term_max.get())))
        .bind(&appetite.parks)
        .bind(appetite.sizes.iter().map(|size| size.code()).collect::<Vec<_>>())
        .bind(appetite.lowest_grade.map(|grade| small(grade.number())))
        .bind(appetite.core_solvency.get())
        .bind(appetite.comprehensive_solvency.get())
        .bind(appetite.government_backed)
        .bind(appetite.suspended)
        .bind(set_at)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) const ALL: &str = "SELECT * FROM appetite ORDER BY institution_id";

/// Every institution's; they are few (domain.md §9).
pub async fn all(conn: &mut PgConnection) -> Result<Vec<Appetite>, StoreError> {
    sqlx::query(ALL).fetch_all(conn).await?.iter().map(appetite).collect()
}

/// Numbers of code tables and terms, which are all below 200.
pub(super) fn small(number: i32) -> i16 {
    i16::try_from(number).unwrap_or_default()
}

fn appetite(row: &PgRow) -> Result<Appetite, StoreError> {
    let id: Uuid = row.try_get("institution_id")?;
    let corrupt = |what| StoreError::Corrupt { table: "appetite", id, what };
    Ok(Appetite {
        institution: InstitutionId::from_uuid(id),
        role: InstitutionRole::from_number(i32::from(row.try_get::<i16, _>("role")?))
            .ok_or_else(|| corrupt("role"))?,
        kinds: row
            .try_get::<Vec<String>, _>("kinds")?
            .iter()
            .map(|code| EnhancementMode::from_code(code).ok_or_else(|| corrupt("kind")))
            .collect::<Result<_, _>>()?,
        amount_min: Fen::amount(row.try_get("amount_min_fen")?).map_err(|_| corrupt("amount"))?,
        amount_max: Fen::amount(row.try_get("amount_max_fen")?).map_err(|_| corrupt("amount"))?,
        term_max: Months::term(i32::from(row.try_get::<i16, _>("term_max_months")?))
            .map_err(|_| corrupt("term"))?,
        parks: row.try_get("parks")?,
        sizes: row
            .try_get::<Vec<String>, _>("sizes")?
            .iter()
            .map(|code| EnterpriseSize::from_code(code).ok_or_else(|| corrupt("size")))
            .collect::<Result<_, _>>()?,
        lowest_grade: row
            .try_get::<Option<i16>, _>("lowest_grade")?
            .map(|number| Grade::from_number(i32::from(number)).ok_or_else(|| corrupt("grade")))
            .transpose()?,
        core_solvency: BasisPoints::new(row.try_get("core_solvency_bp")?),
        comprehensive_solvency: BasisPoints::new(row.try_get("comprehensive_solvency_bp")?),
        government_backed: row.try_get("government_backed")?,
        suspended: row.try_get("suspended")?,
    })
}
