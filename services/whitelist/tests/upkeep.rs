//! What grows without being evidence goes after its time; what a screening cites stays for ever.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use kernel::Clock;
use testkit::GivenClock;
use uuid::Uuid;
use whitelist::{
    files::FileKind,
    upkeep::{Keep, Upkeep},
};

use crate::{
    files::desk::{Desk, ENTERPRISES},
    support::{Stand, USCC},
};

const KEEP: Keep = Keep { snapshots: TimeDelta::days(186), faults: TimeDelta::days(180) };

/// A reply that was fetched so many days ago, by the clock of the server.
async fn told(stand: &Stand, enterprise: &str, days: i32, fault: Option<&str>) -> Uuid {
    let id = Uuid::new_v4();
    sqlx::query(
        "INSERT INTO source_snapshot (snapshot_id, enterprise_id, source, fetched_at, sha256, raw, parser_version, fault,
            as_of, findings)
        VALUES ($1, $2, 'CREDIT_HENAN', now() - make_interval(days => $3), sha256('x'), 'x', 1, $4,
            CASE WHEN $4 IS NULL THEN '2022-01-01'::date END, CASE WHEN $4 IS NULL THEN '{}'::jsonb END)",
    )
    .bind(id)
    .bind(Uuid::parse_str(enterprise).unwrap())
    .bind(days)
    .bind(fault)
    .execute(&stand.pool)
    .await
    .unwrap();
    id
}

/// A screening rests on it.
async fn cited(stand: &Stand, enterprise: &str, snapshot: Uuid) {
    sqlx::query(
        "WITH run AS (INSERT INTO screening_run (run_id, as_of, scorecard_version, rules_version, state, screened, digest,
                started_at, finished_at)
            VALUES (gen_random_uuid(), '2022-01-01', 1, 1, 'DONE', 1, sha256('x'), now(), now()) RETURNING run_id)
        INSERT INTO screening_result (run_id, enterprise_id, enterprise_version, features, findings, unheard, unasked,
            credit_consent, assets, usable, industry, region, park, snapshots, score, grade, hits, not_asked, pending,
            eligible)
        SELECT run_id, $1, 1, '{}', 0, 0, 0, true, 0, 0, 'C32', '419001', 'JY-GX', ARRAY[gen_random_uuid(), $2], 0, 'D', 0,
            0, 0, false FROM run",
    )
    .bind(Uuid::parse_str(enterprise).unwrap())
    .bind(snapshot)
    .execute(&stand.pool)
    .await
    .unwrap();
}

async fn kept(stand: &Stand) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT snapshot_id FROM source_snapshot ORDER BY fetched_at")
        .fetch_all(&stand.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn replies_go_after_six_months_unless_a_screening_cites_them_and_those_stay_for_ever() {
    let stand = Stand::new().await;
    let firm = stand.enterprise(USCC).await;
    let ancient = told(&stand, &firm, 4_000, None).await;
    cited(&stand, &firm, ancient).await;
    for days in [3_000, 400, 190] {
        told(&stand, &firm, days, None).await;
    }
    told(&stand, &firm, 200, Some("NOT_JSON")).await;
    let young = told(&stand, &firm, 100, None).await;
    let clock: Arc<dyn Clock> = Arc::new(GivenClock::at(Utc::now()));
    let mut upkeep = Upkeep::new(stand.pool.clone(), clock, KEEP);
    upkeep.forget().await.unwrap();
    assert_eq!(kept(&stand).await, [ancient, young]);
    upkeep.forget().await.unwrap();
    assert_eq!(kept(&stand).await, [ancient, young]);

    // A clock that has run ahead removes nothing that is young by the server's.
    let ahead: Arc<dyn Clock> = Arc::new(GivenClock::at(Utc::now() + TimeDelta::days(3_650)));
    Upkeep::new(stand.pool.clone(), ahead, KEEP).forget().await.unwrap();
    assert_eq!(kept(&stand).await, [ancient, young]);
    let owner = stand.ground.owner_pool(&whitelist::ROLE);
    for snapshot in [ancient, young] {
        let removal = sqlx::query("DELETE FROM source_snapshot WHERE snapshot_id = $1").bind(snapshot);
        let error = removal.execute(&owner).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some("source_snapshot_stays"));
    }
    for change in ["UPDATE source_snapshot SET raw = ''", "TRUNCATE source_snapshot"] {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        let constraint = error.as_database_error().unwrap().constraint().map(str::to_owned);
        assert_eq!(constraint.as_deref(), Some("source_snapshot_append_only"), "{change}");
    }
}

#[tokio::test]
async fn faults_of_a_settled_file_go_after_their_time_and_their_number_stays() {
    let desk = Desk::new().await;
    let text = format!("{ENTERPRISES}x,x,x,x,x,x,,,,,,,\n");
    let import = desk.csv(FileKind::Enterprises, &text).await;
    let waiting = desk.csv(FileKind::Enterprises, &format!("{text}{text}")).await;
    let faults = import.faults;
    assert!(faults > 0 && waiting.faults > faults);
    let request = proto::whitelist::v1::DiscardImportRequest {
        request_id: crate::support::new_id(),
        import_id: import.import_id.clone(),
    };
    desk.supervisor().discard_import(request).await.unwrap();
    let pool = desk.stand.pool.clone();
    let count = || sqlx::query_scalar::<_, i64>("SELECT count(*) FROM file_fault");
    let all = count().fetch_one(&pool).await.unwrap();
    let at = |days: i64| {
        let clock: Arc<dyn Clock> = Arc::new(GivenClock::at(desk.stand.now() + TimeDelta::days(days)));
        Upkeep::new(pool.clone(), clock, KEEP)
    };
    at(179).forget().await.unwrap();
    assert_eq!(count().fetch_one(&pool).await.unwrap(), all);
    at(181).forget().await.unwrap();
    assert_eq!(count().fetch_one(&pool).await.unwrap(), all - faults, "what waits keeps its faults");
    let request = proto::whitelist::v1::GetImportRequest { import_id: import.import_id };
    let kept = desk.supervisor().get_import(request).await.unwrap().into_inner();
    assert_eq!(kept.faults, faults);
}
