//! What the service declares holds against its schema and its contract.

use insurance::{POLICY, ROLE, store::STATEMENTS};
use sqlx::Executor;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_can_be_prepared_by_the_login_role() {
    let ground = testkit::ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    for statement in STATEMENTS {
        let prepared = (&mut *conn).prepare(sqlx::SqlStr::from_static(statement)).await;
        assert!(prepared.is_ok(), "{statement}\n{:?}", prepared.err());
    }
}

#[test]
fn every_method_has_a_policy_and_every_policy_a_method() {
    testkit::every_method_has_one_policy("zhirong.insurance.v1", POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_cover_request_allows_no_update_and_no_delete() {
    let ground = testkit::ground(&[&ROLE]).await;
    for statement in ["UPDATE cover_entry SET kind = 'X'", "DELETE FROM cover_entry", "TRUNCATE cover_entry"]
    {
        assert!(sqlx::query(statement).execute(&ground.owner_pool(&ROLE)).await.is_err(), "{statement}");
    }
}
