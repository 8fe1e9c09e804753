//! The schema and the statements fit together, and the schema holds what the code promises.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};
use testkit::ground;
use whitelist::{ROLE, store};

#[tokio::test]
async fn every_statement_can_be_prepared_against_the_migrated_schema() {
    let ground = ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    let mut prepared = 0;
    for statement in store::statements() {
        if let Err(error) = (&mut *conn).prepare(statement.into_sql_str()).await {
            panic!("{statement}: {error}");
        }
        prepared += 1;
    }
    assert!(prepared >= 40, "{prepared} statements are listed");
}

#[tokio::test]
async fn a_recorded_standing_is_never_changed_not_even_by_the_owner() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    let enterprise = "INSERT INTO enterprise VALUES (gen_random_uuid(), '91350100M000100Y43', 'x', 'SMALL', 'C32', 'JY-GX',
        '419001', now())";
    sqlx::query(enterprise).execute(&owner).await.unwrap();
    let standing =
        "INSERT INTO standing SELECT enterprise_id, 1, false, NULL, '{}', now(), now() FROM enterprise";
    sqlx::query(standing).execute(&owner).await.unwrap();
    for change in
        ["UPDATE standing SET listed = true, grade = 'A'", "DELETE FROM standing", "TRUNCATE standing"]
    {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some("standing_append_only"), "{change}");
    }
}

#[tokio::test]
async fn what_was_recorded_for_ever_is_never_changed_not_even_by_the_owner() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    for table in ["enterprise_version", "ip_asset_version", "ip_asset_event", "reveal"] {
        for change in [format!("DELETE FROM {table}"), format!("TRUNCATE {table}")] {
            let error = sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&owner).await.unwrap_err();
            let constraint = error.as_database_error().unwrap().constraint().map(str::to_owned);
            assert_eq!(constraint, Some(format!("{table}_append_only")), "{change}");
        }
    }
}

#[tokio::test]
async fn an_asset_belongs_to_a_registered_enterprise_and_stays_with_it() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    let asset = "INSERT INTO ip_asset (asset_id, enterprise_id, kind, number, title, registered_at)
        SELECT gen_random_uuid(), id, 'SOFTWARE', number, 'x', now() FROM (VALUES
            ('018386f8-dd00-70f3-8841-17d2037288e7'::uuid, '2020SR0109251'),
            ('018386f8-dd00-70f3-8841-17d2037288e8'::uuid, '2020SR0408026')) AS n (id, number)";
    let enterprise =
        "INSERT INTO enterprise VALUES ('018386f8-dd00-70f3-8841-17d2037288e7', '91350100M000100Y43', 'x',
        'SMALL', 'C32', 'JY-GX', '419001', now())";
    sqlx::query(enterprise).execute(&owner).await.unwrap();
    for (change, constraint) in [
        // One of the two has no enterprise: none is written.
        (asset, "ip_asset_enterprise_fkey"),
        ("DELETE FROM enterprise", "enterprise_stays"),
        ("TRUNCATE enterprise CASCADE", "enterprise_stays"),
        ("UPDATE ip_asset SET enterprise_id = gen_random_uuid()", "enterprise_stays"),
    ] {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some(constraint), "{change}");
    }
    let assets: i64 = sqlx::query_scalar("SELECT count(*) FROM ip_asset").fetch_one(&owner).await.unwrap();
    assert_eq!(assets, 0);
}

#[tokio::test]
async fn an_update_that_does_not_count_the_version_is_refused() {
    let ground = ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let enterprise = "INSERT INTO enterprise VALUES (gen_random_uuid(), '91350100M000100Y43', 'x', 'SMALL', 'C32', 'JY-GX',
        '419001', now())";
    sqlx::query(enterprise).execute(&pool).await.unwrap();
    let error = sqlx::query("UPDATE enterprise SET name = 'y'").execute(&pool).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("enterprise_version_next"));
}

#[tokio::test]
async fn rows_that_the_code_would_never_write_are_refused_by_a_named_check() {
    let ground = ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let enterprise = "INSERT INTO enterprise VALUES (gen_random_uuid(), '91350100M000100Y43', 'x', 'SMALL', 'C32', 'JY-GX',
        '419001', now())";
    sqlx::query(enterprise).execute(&pool).await.unwrap();
    for (row, constraint) in [
        (
            "INSERT INTO enterprise VALUES (gen_random_uuid(), '91419001MA9ABC12OI', 'x', 'SMALL', 'C32', 'JY-GX',
                '419001', now())",
            "enterprise_uscc_form",
        ),
        (
            "INSERT INTO standing SELECT enterprise_id, 1, true, 'A', '{HX03}', now(), now() FROM enterprise",
            "standing_listing_deserved",
        ),
        (
            "INSERT INTO standing SELECT enterprise_id, 1, true, NULL, '{}', now(), now() FROM enterprise",
            "standing_listing_deserved",
        ),
        (
            "INSERT INTO standing SELECT enterprise_id, 1, false, NULL, '{HX16}', now(), now() FROM enterprise",
            "standing_exclusions_known",
        ),
        (
            "INSERT INTO consent SELECT gen_random_uuid(), enterprise_id, 'IP_PLEDGE_FINANCING', '{}', '{}', now(),
                now() + interval '1 day', '', '', now() FROM enterprise",
            "consent_categories_known",
        ),
        (
            "INSERT INTO ip_asset SELECT gen_random_uuid(), enterprise_id, 'PATENT', '1', 'x', NULL, NULL, now()
                FROM enterprise",
            "ip_asset_kind_known",
        ),
    ] {
        let error = sqlx::query(row).execute(&pool).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some(constraint), "{row}");
    }
}
