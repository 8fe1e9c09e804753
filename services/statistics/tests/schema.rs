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
async fn a_type_that_is_not_one_is_refused_by_a_named_check() {
    let ground = ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    let wrong = FACT.replace("intake.case-submitted.v1", "case submitted");
    let error = sqlx::query(sqlx::AssertSqlSafe(wrong)).execute(&pool).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().constraint(), Some("fact_type_form"));
}
