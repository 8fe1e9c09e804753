//! The schema and the statements fit together, and the schema holds what the code promises.

use sqlx::{Executor as _, SqlSafeStr as _};
use statistics::{ROLE, store};
use testkit::ground;

const FACT: &str =
    "INSERT INTO fact VALUES (gen_random_uuid(), 'intake.case-submitted.v1', gen_random_uuid(), 1, now(), '',
    now())";

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
    assert!(prepared >= 20, "{prepared} statements are listed");
}

#[tokio::test]
async fn a_fact_is_never_changed_not_even_by_the_owner() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    sqlx::query(FACT).execute(&owner).await.unwrap();
    for change in ["UPDATE fact SET body = 'x'", "DELETE FROM fact", "TRUNCATE fact"] {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some("fact_append_only"), "{change}");
    }
}

#[tokio::test]
async fn facts_of_before_the_second_time_are_set_apart_in_the_order_in_which_they_were_taken() {
    let ground = ground(&[&ROLE]).await;
    let mut transaction = ground.owner_pool(&ROLE).begin().await.unwrap();
    let conn = &mut *transaction;
    let before =
        "DROP TABLE fact, fact_count, fact_head, book, case_now, figure; DROP FUNCTION fact_refuse_change()";
    conn.execute(before).await.unwrap();
    conn.execute(include_str!("../migrations/0200_fact.sql")).await.unwrap();
    conn.execute(include_str!("../migrations/0202_fact_append_only.sql")).await.unwrap();
    conn.execute(
        "INSERT INTO fact (message_id, type, aggregate_id, aggregate_version, occurred_at, body, taken_at)
         SELECT gen_random_uuid(), 'intake.case-submitted.v1', gen_random_uuid(), n, 'epoch', '',
                timestamptz '2026-03-02' + (n / 100) * interval '3 microseconds'
           FROM generate_series(1, 1000) AS n",
    )
    .await
    .unwrap();
    conn.execute(include_str!("../migrations/0203_fact_recorded_at.sql")).await.unwrap();
    conn.execute(include_str!("../migrations/0204_fact_head.sql")).await.unwrap();
    let right: bool = sqlx::query_scalar(
        "SELECT count(DISTINCT recorded_at) = 1000 AND max(recorded_at) = (SELECT last_fact_at FROM fact_head)
            AND bool_and(recorded_at >= timestamptz '2026-03-02' + (aggregate_version / 100) * interval '3 microseconds')
            AND (SELECT bool_and(later >= batch) FROM (
                    SELECT aggregate_version / 100 AS batch,
                           lead(aggregate_version / 100) OVER (ORDER BY recorded_at) AS later FROM fact) AS f
                  WHERE later IS NOT NULL)
           FROM fact",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert!(right);
    assert!(conn.execute("UPDATE fact SET body = 'x'").await.is_err(), "the record is closed again");
}

#[tokio::test]
async fn a_type_that_is_not_one_is_refused_by_a_named_check() {
    let ground = ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let wrong = FACT.replace("intake.case-submitted.v1", "case submitted");
    let error = sqlx::query(sqlx::AssertSqlSafe(wrong)).execute(&pool).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("fact_type_form"));
}
