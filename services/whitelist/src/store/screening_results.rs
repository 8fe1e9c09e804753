//! Results with everything that they rest on, written by `COPY`: a run over the register has a hundred thousand.

use std::fmt::Write as _;

use kernel::{EnterpriseId, Grade};
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    ids::RunId,
    screening::{Evidence, Exclusions, Features, Outcome, Points, Screened, Subject},
};

/// No plan is made for it, so it stands in no list of statements to prepare.
const COPY: &str = "COPY screening_result (run_id, enterprise_id, enterprise_version, features, findings, unheard,
    credit_consent, assets, usable, industry, region, park, snapshots, score, grade, hits, not_asked, pending, eligible)
    FROM STDIN";
const PAGE: &str =
    "SELECT enterprise_id, enterprise_version, features, findings, unheard, credit_consent, assets, usable,
        industry, region, park, snapshots, score, grade, hits, not_asked, pending, eligible
    FROM screening_result WHERE run_id = $1 AND ($2::uuid IS NULL OR enterprise_id > $2)
    ORDER BY enterprise_id LIMIT $3";
const FIND: &str =
    "SELECT enterprise_id, enterprise_version, features, findings, unheard, credit_consent, assets, usable,
        industry, region, park, snapshots, score, grade, hits, not_asked, pending, eligible
    FROM screening_result WHERE run_id = $1 AND enterprise_id = $2";
/// The results that entries rest on, each of its own run.
const FIND_MANY: &str = "SELECT r.enterprise_id, r.enterprise_version, r.features, r.findings, r.unheard,
        r.credit_consent, r.assets, r.usable, r.industry, r.region, r.park, r.snapshots, r.score, r.grade, r.hits,
        r.not_asked, r.pending, r.eligible
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (run_id, enterprise_id)
    CROSS JOIN LATERAL (SELECT * FROM screening_result WHERE screening_result.run_id = asked.run_id
        AND screening_result.enterprise_id = asked.enterprise_id LIMIT 1) r";

pub(super) const STATEMENTS: &[&str] = &[PAGE, FIND, FIND_MANY];

/// Of one enterprise: what went in, and what came out.
pub type Pair = (Subject, Screened);

/// Writes the results of one piece of a run.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn insert(conn: &mut PgConnection, run: RunId, results: &[Pair]) -> Result<(), StoreError> {
    if results.is_empty() {
        return Ok(());
    }
    let mut text = String::with_capacity(results.len() * 300);
    for (subject, screened) in results {
        write_row(&mut text, run, subject, screened);
    }
    let mut copy = conn.copy_in_raw(COPY).await?;
    copy.send(text.as_bytes()).await?;
    copy.finish().await?;
    Ok(())
}

/// In the text format of `COPY`. The three texts are codes of closed forms: nothing in them has to be escaped.
fn write_row(text: &mut String, run: RunId, subject: &Subject, screened: &Screened) {
    let (evidence, outcome) = (&subject.evidence, &screened.outcome);
    // Writing to a String does not fail.
    let _ = write!(text, "{run}\t{}\t{}\t{{", subject.enterprise_id, subject.enterprise_version);
    for (place, value) in subject.features.values().iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = match value {
            Some(value) => write!(text, "{comma}{value}"),
            None => write!(text, "{comma}NULL"),
        };
    }
    let _ = write!(
        text,
        "}}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{{",
        evidence.findings.bits(),
        evidence.unheard.bits(),
        evidence.credit_consent,
        evidence.assets,
        evidence.usable,
        evidence.industry,
        evidence.region,
        evidence.park,
    );
    for (place, id) in subject.snapshots.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{id}");
    }
    let _ = writeln!(
        text,
        "}}\t{}\t{}\t{}\t{}\t{}\t{}",
        screened.total.0,
        screened.grade.code(),
        outcome.hits.bits(),
        outcome.not_asked.bits(),
        outcome.pending.bits(),
        screened.eligible,
    );
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
