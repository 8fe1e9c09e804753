//! Results with everything that they rest on, written in pieces: a run over the register has a hundred thousand.

use std::fmt::Write as _;

use kernel::{EnterpriseId, Grade};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    ids::RunId,
    screening::{Evidence, Exclusions, Features, Outcome, Points, Screened, Subject},
};

/// features and snapshots come as texts of their elements: arrays of arrays would have to be of one length.
const INSERT: &str = "INSERT INTO screening_result (run_id, enterprise_id, enterprise_version, features, findings, unheard,
        unasked, credit_consent, assets, usable, industry, region, park, snapshots, score, grade, hits, not_asked,
        pending, eligible)
    SELECT $1, enterprise_id, enterprise_version, string_to_array(features, ',', '')::int[], findings, unheard, unasked,
        credit_consent, assets, usable, industry, region, park, string_to_array(snapshots, ',')::uuid[], score, grade,
        hits, not_asked, pending, eligible
    FROM unnest($2::uuid[], $3::int[], $4::text[], $5::int[], $6::int[], $7::int[], $8::boolean[], $9::int[],
        $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::int[], $16::text[], $17::int[], $18::int[],
        $19::int[], $20::boolean[]) AS n (enterprise_id, enterprise_version, features, findings, unheard, unasked,
            credit_consent, assets, usable, industry, region, park, snapshots, score, grade, hits, not_asked, pending,
            eligible)";
const PAGE: &str =
    "SELECT enterprise_id, enterprise_version, features, findings, unheard, unasked, credit_consent, assets, usable,
        industry, region, park, snapshots, score, grade, hits, not_asked, pending, eligible
    FROM screening_result WHERE run_id = $1 AND ($2::uuid IS NULL OR enterprise_id > $2)
    ORDER BY enterprise_id LIMIT $3";
const FIND: &str =
    "SELECT enterprise_id, enterprise_version, features, findings, unheard, unasked, credit_consent, assets, usable,
        industry, region, park, snapshots, score, grade, hits, not_asked, pending, eligible
    FROM screening_result WHERE run_id = $1 AND enterprise_id = $2";
/// The results that entries rest on, each of its own run.
const FIND_MANY: &str = "SELECT r.enterprise_id, r.enterprise_version, r.features, r.findings, r.unheard,
        r.unasked, r.credit_consent, r.assets, r.usable, r.industry, r.region, r.park, r.snapshots, r.score, r.grade, r.hits,
        r.not_asked, r.pending, r.eligible
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (run_id, enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM screening_result WHERE screening_result.run_id = asked.run_id
        AND screening_result.enterprise_id = asked.enterprise_id LIMIT 1) r";

pub(super) const STATEMENTS: &[&str] = &[INSERT, PAGE, FIND, FIND_MANY];

/// Of one enterprise: what went in, and what came out.
pub type Pair = (Subject, Screened);

/// Writes the results of one piece of a run.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, run: RunId, results: &[Pair]) -> Result<(), StoreError> {
    if results.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT)
        .bind(run.uuid())
        .bind(each(results, |(subject, _)| subject.enterprise_id.uuid()))
        .bind(each(results, |(subject, _)| subject.enterprise_version))
        .bind(each(results, |(subject, _)| listed(subject.features.values(), |value| *value)))
        .bind(each(results, |(subject, _)| subject.evidence.findings.bits()))
        .bind(each(results, |(subject, _)| subject.evidence.unheard.bits()))
        .bind(each(results, |(subject, _)| subject.evidence.unasked.bits()))
        .bind(each(results, |(subject, _)| subject.evidence.credit_consent))
        .bind(each(results, |(subject, _)| subject.evidence.assets))
        .bind(each(results, |(subject, _)| subject.evidence.usable))
        .bind(results.iter().map(|(subject, _)| subject.evidence.industry.as_str()).collect::<Vec<_>>())
        .bind(results.iter().map(|(subject, _)| subject.evidence.region.as_str()).collect::<Vec<_>>())
        .bind(results.iter().map(|(subject, _)| subject.evidence.park.as_str()).collect::<Vec<_>>())
        .bind(each(results, |(subject, _)| listed(&subject.snapshots, |id| Some(*id))))
        .bind(each(results, |(_, screened)| screened.total.0))
        .bind(each(results, |(_, screened)| screened.grade.code()))
        .bind(each(results, |(_, screened)| screened.outcome.hits.bits()))
        .bind(each(results, |(_, screened)| screened.outcome.not_asked.bits()))
        .bind(each(results, |(_, screened)| screened.outcome.pending.bits()))
        .bind(each(results, |(_, screened)| screened.eligible))
        .execute(conn)
        .await?;
    Ok(())
}

/// One column.
fn each<T>(results: &[Pair], of: impl Fn(&Pair) -> T) -> Vec<T> {
    results.iter().map(of).collect()
}

/// A list as text, its missing elements empty.
fn listed<T, V: std::fmt::Display>(values: &[T], of: impl Fn(&T) -> Option<V>) -> String {
    let mut text = String::with_capacity(values.len() * 6);
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if let Some(value) = of(value) {
            // Writing to a String does not fail.
            let _ = write!(text, "{value}");
        }
    }
    text
}

/// At most `limit` results of a run after `after`, in the order of enterprise ids.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn page(
    conn: &mut PgConnection,
    run: RunId,
    after: Option<EnterpriseId>,
    limit: i64,
) -> Result<Vec<Pair>, StoreError> {
    let rows = sqlx::query_as(PAGE).bind(run.uuid()).bind(after.map(|id| id.uuid())).bind(limit);
    let rows: Vec<Row> = rows.fetch_all(conn).await?;
    rows.into_iter().map(Row::pair).collect()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn find(
    conn: &mut PgConnection,
    run: RunId,
    enterprise: EnterpriseId,
) -> Result<Option<Pair>, StoreError> {
    let row = sqlx::query_as(FIND).bind(run.uuid()).bind(enterprise.uuid());
    let row: Option<Row> = row.fetch_optional(conn).await?;
    row.map(Row::pair).transpose()
}

/// Those of `asked` that there are, in no order.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_many(
    conn: &mut PgConnection,
    asked: &[(RunId, EnterpriseId)],
) -> Result<Vec<Pair>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(FIND_MANY)
        .bind(asked.iter().map(|(run, _)| run.uuid()).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, enterprise)| enterprise.uuid()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Row::pair).collect()
}

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    enterprise_version: i32,
    features: Vec<Option<i32>>,
    findings: i32,
    unheard: i32,
    unasked: i32,
    credit_consent: bool,
    assets: i32,
    usable: i32,
    industry: String,
    region: String,
    park: String,
    snapshots: Vec<Uuid>,
    score: i32,
    grade: String,
    hits: i32,
    not_asked: i32,
    pending: i32,
    eligible: bool,
}

impl Row {
    fn pair(self) -> Result<Pair, StoreError> {
        let id = self.enterprise_id;
        let impossible = |column| StoreError::Impossible { table: "screening_result", id, column };
        let bits = |bits, column| Exclusions::from_bits(bits).ok_or_else(|| impossible(column));
        let evidence = Evidence {
            findings: bits(self.findings, "findings")?,
            unheard: bits(self.unheard, "unheard")?,
            unasked: bits(self.unasked, "unasked")?,
            credit_consent: self.credit_consent,
            assets: self.assets,
            usable: self.usable,
            industry: self.industry,
            region: self.region,
            park: self.park,
        };
        let outcome = Outcome {
            hits: bits(self.hits, "hits")?,
            not_asked: bits(self.not_asked, "not_asked")?,
            pending: bits(self.pending, "pending")?,
        };
        let screened = Screened {
            total: Points(self.score),
            grade: Grade::from_code(&self.grade).ok_or_else(|| impossible("grade"))?,
            outcome,
            eligible: self.eligible,
        };
        let subject = Subject {
            enterprise_id: EnterpriseId::from_uuid(id),
            enterprise_version: self.enterprise_version,
            features: Features::from_stored(&self.features).ok_or_else(|| impossible("features"))?,
            evidence,
            snapshots: self.snapshots,
        };
        Ok((subject, screened))
    }
}
