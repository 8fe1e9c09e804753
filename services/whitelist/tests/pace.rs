//! How a run over the register compares to one statement that computes the same scores.

use kernel::Clock as _;
use whitelist::{
    ROLE,
    work::{self, Ears},
};

#[tokio::test]
#[ignore = "a measurement"]
async fn pace() {
    let ground = testkit::ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let owner = ground.owner_pool(&ROLE);
    let n: i32 = std::env::var("PACE").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    sqlx::query("INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at, accounts_year, revenue, rd_spend, net_profit, staff, rd_staff, tax_grade)
        SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '91419001MA' || lpad(n::text, 8, '0'), 'x', 'SMALL', 'C3240', 'JY-GX', '419001',
            '2022-01-01', 2021, ARRAY[1000000000 + n, 900000000, 1], ARRAY[30000000, 1, 1], ARRAY[n - 1000, 1, 1], 100, 7, 'A' FROM generate_series(1, $1) AS n")
        .bind(n).execute(&owner).await.unwrap();
    sqlx::query("INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, filed, granted, registered_at, revenue_share, citations)
        SELECT gen_random_uuid(), ('00000000-0000-7000-8000-' || lpad(to_hex(1 + (i - 1) * $1::bigint / ($1::bigint * 86 / 10)), 12, '0'))::uuid,
            (ARRAY['INVENTION','UTILITY','UTILITY','UTILITY','DESIGN','TRADEMARK','SOFTWARE'])[1 + i % 7], i::text, 'x',
            date '2012-01-01' + (i % 3000)::int, date '2016-01-01' + (i % 3000)::int, '2022-01-01', 100, (i % 3)::int
        FROM generate_series(1, $1::bigint * 86 / 10) AS i")
        .bind(n).execute(&owner).await.unwrap();
    sqlx::raw_sql("ANALYZE; CREATE TABLE floor_score (enterprise_id uuid PRIMARY KEY, score int, grade text)").execute(&owner).await.unwrap();
    let floor = "INSERT INTO floor_score SELECT e.enterprise_id,
          (CASE WHEN inv>=8 THEN 1200 WHEN inv>=4 THEN 960 WHEN inv>=2 THEN 720 WHEN inv>=1 THEN 360 ELSE 0 END)
        + (CASE WHEN oth>=30 THEN 400 WHEN oth>=15 THEN 300 WHEN oth>=5 THEN 200 WHEN oth>=1 THEN 100 ELSE 0 END)
        + (CASE WHEN tm>=2 THEN 300 WHEN tm>=1 THEN 150 ELSE 0 END) + (CASE WHEN hv>=3 THEN 600 WHEN hv>=1 THEN 300 ELSE 0 END)
        + (CASE WHEN term>=168 THEN 500 WHEN term>=120 THEN 450 WHEN term>=72 THEN 350 WHEN term>=36 THEN 200 ELSE 0 END)
        + (CASE WHEN f1>f3 THEN 400 WHEN f1=f3 AND f1+f2+f3>0 THEN 200 ELSE 0 END)
        + (CASE WHEN rs>=6000 THEN 800 WHEN rs>=3000 THEN 560 WHEN rs>=1000 THEN 400 ELSE 160 END)
        + (CASE c WHEN 3 THEN 300 WHEN 2 THEN 180 WHEN 1 THEN 90 ELSE 0 END)
        + (CASE WHEN e.rd_spend[1]*10000/e.revenue[1]>=500 THEN 800 WHEN e.rd_spend[1]*10000/e.revenue[1]>=300 THEN 640 WHEN e.rd_spend[1]*10000/e.revenue[1]>=200 THEN 400 ELSE 160 END)
        + (CASE WHEN e.rd_staff*10000/e.staff>=1000 THEN 400 WHEN e.rd_staff*10000/e.staff>=500 THEN 200 ELSE 0 END)
        + (CASE WHEN (e.revenue[1]-e.revenue[2])*10000/e.revenue[2]>=1000 THEN 600 WHEN e.revenue[1]>=e.revenue[2] THEN 360 ELSE 120 END)
        + (CASE WHEN e.net_profit[1]<0 THEN 0 WHEN e.net_profit[1]*10000/e.revenue[1]>=500 THEN 400 ELSE 200 END)
        + (CASE e.tax_grade WHEN 'A' THEN 300 WHEN 'B' THEN 210 WHEN 'M' THEN 120 ELSE 0 END), 'C'
      FROM enterprise e LEFT JOIN (SELECT enterprise_id,
          count(*) FILTER (WHERE alive AND kind='INVENTION') inv, count(*) FILTER (WHERE alive AND kind IN ('UTILITY','DESIGN','IC_LAYOUT','SOFTWARE')) oth,
          count(*) FILTER (WHERE alive AND kind='TRADEMARK') tm, count(*) FILTER (WHERE alive AND kind='INVENTION' AND high_value<>'{}') hv,
          sum(months) FILTER (WHERE alive AND patent) / nullif(count(*) FILTER (WHERE alive AND patent),0) term,
          count(*) FILTER (WHERE patent AND filed > date '2021-11-26') f1, count(*) FILTER (WHERE patent AND filed BETWEEN date '2020-11-26' AND date '2021-11-26') f2,
          count(*) FILTER (WHERE patent AND filed BETWEEN date '2019-11-26' AND date '2020-11-26') f3,
          sum(revenue_share) FILTER (WHERE alive AND patent) rs,
          coalesce(bool_or(citations>0) FILTER (WHERE alive AND patent),false)::int + coalesce(bool_or(family_size>1) FILTER (WHERE alive AND patent),false)::int + coalesce(bool_or(litigation_proven) FILTER (WHERE alive AND patent),false)::int c
        FROM (SELECT *, kind IN ('INVENTION','UTILITY','DESIGN') patent, granted IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ip_asset_event v WHERE v.asset_id=a.asset_id) AND CASE kind WHEN 'INVENTION' THEN filed > date '2002-11-26' WHEN 'UTILITY' THEN filed > date '2012-11-26' WHEN 'DESIGN' THEN filed > date '2012-11-26' WHEN 'TRADEMARK' THEN granted > date '2012-11-26' ELSE true END AS alive,
           CASE kind WHEN 'INVENTION' THEN 240 ELSE 120 END + date_part('year',filed)::int*12+date_part('month',filed)::int-24311 months FROM ip_asset a) x GROUP BY enterprise_id) a USING (enterprise_id)";
    for round in 0..3 {
        sqlx::query("TRUNCATE floor_score").execute(&owner).await.unwrap();
        let start = std::time::Instant::now();
        sqlx::query(floor).execute(&owner).await.unwrap();
        let floor_time = start.elapsed();
        let now = ground.clock().now();
        crate::screening::begin(&pool, now).await;
        let start = std::time::Instant::now();
        while work::runs::step(&pool, &Ears::none(), now, 2_000).await.unwrap() {}
        let run = start.elapsed();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap().to_owned();
        eprintln!("PACE round {round}: floor {floor_time:?} run {run:?} ratio {:.2} {peak}", run.as_secs_f64() / floor_time.as_secs_f64());
    }
}
