//! The floor of screening: the first scorecard (domain.md §4.4) over the made-up register as one statement, with nothing
//! explained, pinned or excluded. Qualifications and sources are left out: the made-up register has none.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::PgPool;
use uuid::Uuid;

const TABLE: &str =
    "CREATE TABLE floor_score (enterprise_id uuid PRIMARY KEY, score int NOT NULL, grade text NOT NULL)";

/// $1 is the day of the run.
const SCORES: &str = "INSERT INTO floor_score
SELECT enterprise_id, score, CASE WHEN score >= 8000 THEN 'A' WHEN score >= 6500 THEN 'B' WHEN score >= 5000 THEN 'C' ELSE 'D' END
FROM (SELECT enterprise_id,
    CASE WHEN inventions >= 8 THEN 1200 WHEN inventions >= 4 THEN 960 WHEN inventions >= 2 THEN 720 WHEN inventions >= 1 THEN 360 ELSE 0 END
    + CASE WHEN others >= 30 THEN 400 WHEN others >= 15 THEN 300 WHEN others >= 5 THEN 200 WHEN others >= 1 THEN 100 ELSE 0 END
    + CASE WHEN valuable >= 3 THEN 600 WHEN valuable >= 1 THEN 300 ELSE 0 END
    + CASE WHEN patents = 0 OR dated = 0 THEN 0 WHEN months * 100 / dated >= 16800 THEN 500 WHEN months * 100 / dated >= 12000 THEN 450
        WHEN months * 100 / dated >= 7200 THEN 350 WHEN months * 100 / dated >= 3600 THEN 200 ELSE 0 END
    + CASE WHEN last + middle + first = 0 THEN 0 WHEN last > first THEN 400 WHEN last = first THEN 200 ELSE 0 END
    + CASE WHEN patents = 0 THEN 160 WHEN share IS NULL THEN 0 WHEN share >= 6000 THEN 800 WHEN share >= 3000 THEN 560
        WHEN share >= 1000 THEN 400 ELSE 160 END
    + CASE WHEN marks >= 2 THEN 300 WHEN marks = 1 THEN 150 ELSE 0 END
    + CASE cited::int + family::int + litigated::int WHEN 3 THEN 300 WHEN 2 THEN 180 WHEN 1 THEN 90 ELSE 0 END
    + CASE WHEN rd IS NULL THEN 0 WHEN rd >= 500 THEN 800 WHEN rd >= 300 THEN 640 WHEN rd >= 200 THEN 400 ELSE 160 END
    + CASE WHEN rd_people >= 1000 THEN 400 WHEN rd_people >= 500 THEN 200 ELSE 0 END
    + CASE WHEN platform_link THEN 300 ELSE 0 END
    + CASE WHEN growth IS NULL THEN 0 WHEN growth >= 1000 THEN 600 WHEN growth >= 0 THEN 360 ELSE 120 END
    + CASE WHEN debt IS NULL OR debt >= 7001 THEN 0 WHEN debt >= 5000 THEN 250 WHEN debt >= 3000 THEN 400 ELSE 500 END
    + CASE WHEN profit >= 500 THEN 400 WHEN profit >= 0 THEN 200 ELSE 0 END
    + CASE tax_grade WHEN 'A' THEN 300 WHEN 'B' THEN 210 WHEN 'M' THEN 120 ELSE 0 END AS score
FROM (SELECT e.enterprise_id, e.platform_link, e.tax_grade,
    CASE WHEN e.revenue[1] > 0 THEN floor((2 * e.rd_spend[1]::numeric * 10000 + e.revenue[1]) / (2 * e.revenue[1])) END AS rd,
    CASE WHEN e.staff > 0 THEN floor((2 * e.rd_staff::numeric * 10000 + e.staff) / (2 * e.staff)) END AS rd_people,
    CASE WHEN e.revenue[2] > 0 THEN CASE WHEN e.revenue[1] < e.revenue[2]
        THEN floor((e.revenue[1] - e.revenue[2])::numeric * 10000 / e.revenue[2])
        ELSE floor((2 * (e.revenue[1] - e.revenue[2])::numeric * 10000 + e.revenue[2]) / (2 * e.revenue[2])) END END AS growth,
    CASE WHEN e.total_assets > 0 THEN floor((2 * e.total_liabilities::numeric * 10000 + e.total_assets) / (2 * e.total_assets)) END AS debt,
    CASE WHEN e.revenue[1] > 0 THEN CASE WHEN e.net_profit[1] < 0 THEN floor(e.net_profit[1]::numeric * 10000 / e.revenue[1])
        ELSE floor((2 * e.net_profit[1]::numeric * 10000 + e.revenue[1]) / (2 * e.revenue[1])) END END AS profit,
    coalesce(inventions, 0) AS inventions, coalesce(others, 0) AS others, coalesce(valuable, 0) AS valuable,
    coalesce(patents, 0) AS patents, coalesce(dated, 0) AS dated, months, coalesce(last, 0) AS last, coalesce(middle, 0) AS middle,
    coalesce(first, 0) AS first, share, coalesce(marks, 0) AS marks, coalesce(cited, false) AS cited,
    coalesce(family, false) AS family, coalesce(litigated, false) AS litigated
FROM whitelist.enterprise e
LEFT JOIN (SELECT enterprise_id,
    count(*) FILTER (WHERE alive AND kind = 'INVENTION') AS inventions,
    count(*) FILTER (WHERE alive AND kind IN ('UTILITY', 'DESIGN', 'IC_LAYOUT', 'SOFTWARE')) AS others,
    count(*) FILTER (WHERE alive AND kind = 'INVENTION' AND high_value <> '{}') AS valuable,
    count(*) FILTER (WHERE alive AND patent) AS patents,
    sum(CASE kind WHEN 'INVENTION' THEN 3 ELSE 1 END) FILTER (WHERE alive AND patent AND months IS NOT NULL) AS dated,
    sum(months * CASE kind WHEN 'INVENTION' THEN 3 ELSE 1 END) FILTER (WHERE alive AND patent) AS months,
    count(*) FILTER (WHERE patent AND filed > $1::date - interval '1 year' AND filed <= $1::date) AS last,
    count(*) FILTER (WHERE patent AND filed > $1::date - interval '2 years' AND filed <= $1::date - interval '1 year') AS middle,
    count(*) FILTER (WHERE patent AND filed > $1::date - interval '3 years' AND filed <= $1::date - interval '2 years') AS first,
    least(sum(revenue_share) FILTER (WHERE alive AND patent), 10000) AS share,
    count(*) FILTER (WHERE alive AND kind = 'TRADEMARK') + 2 * count(*) FILTER (WHERE alive AND kind IN ('GI_MARK', 'GI_PRODUCT_SIGN')) AS marks,
    bool_or(citations > 0) FILTER (WHERE alive AND patent) AS cited,
    bool_or(family_size > 1) FILTER (WHERE alive AND patent) AS family,
    bool_or(litigation_proven) FILTER (WHERE alive AND patent) AS litigated
    FROM (SELECT enterprise_id, kind, filed, high_value, revenue_share, citations, family_size, litigation_proven,
        kind IN ('INVENTION', 'UTILITY', 'DESIGN') AS patent,
        granted <= $1 AND coalesce(annuity_paid_to >= $1::date - interval '6 months', true) AND coalesce(CASE kind
            WHEN 'INVENTION' THEN filed > $1::date - interval '20 years'
            WHEN 'UTILITY' THEN filed > $1::date - interval '10 years'
            WHEN 'DESIGN' THEN filed > $1 - CASE WHEN filed >= '2021-06-01' THEN interval '15 years' ELSE interval '10 years' END
            WHEN 'TRADEMARK' THEN granted > $1::date - interval '10 years' OR renewed_to > $1
            WHEN 'GI_MARK' THEN granted > $1::date - interval '10 years' OR renewed_to > $1
            ELSE true END, true) AS alive,
        CASE kind WHEN 'INVENTION' THEN 240 WHEN 'UTILITY' THEN 120 WHEN 'DESIGN' THEN CASE WHEN filed >= '2021-06-01' THEN 180 ELSE 120 END END
            + date_part('year', filed)::int * 12 + date_part('month', filed)::int
            - date_part('year', $1)::int * 12 - date_part('month', $1)::int
            - (date_part('day', filed) < date_part('day', $1))::int AS months
        FROM whitelist.ip_asset) judged GROUP BY enterprise_id) a ON a.enterprise_id = e.enterprise_id) features) scored";
const SAME: &str = "SELECT count(*) FROM floor_score f JOIN whitelist.screening_result r
    ON r.enterprise_id = f.enterprise_id AND r.run_id = $1 AND r.score = f.score AND r.grade = f.grade";

/// How long the statement took, and for how many enterprises it came to the score of the run.
pub(super) async fn floor(pool: &PgPool, run_id: &str) -> Result<(Duration, i64)> {
    let run_id: Uuid = run_id.parse()?;
    let day: chrono::NaiveDate =
        sqlx::query_scalar("SELECT as_of FROM whitelist.screening_run WHERE run_id = $1")
            .bind(run_id)
            .fetch_one(pool)
            .await?;
    sqlx::query(TABLE).execute(pool).await?;
    let start = Instant::now();
    sqlx::query(SCORES).bind(day).execute(pool).await?;
    let took = start.elapsed();
    let same = sqlx::query_scalar(SAME).bind(run_id).fetch_one(pool).await?;
    Ok((took, same))
}
