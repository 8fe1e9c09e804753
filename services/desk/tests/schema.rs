//! The schema and the statements fit together, and the schema holds what the code promises.

use desk::{ROLE, store};
use sqlx::{Executor as _, SqlSafeStr as _};
use testkit::ground;

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
    assert!(prepared >= 19, "{prepared} statements are listed");
}

#[tokio::test]
async fn a_password_in_plain_words_cannot_be_stored() {
    let ground = ground(&[&ROLE]).await;
    let refused = sqlx::query(
        "INSERT INTO account VALUES (gen_random_uuid(), 'clerk', '窗口', '{clerk}', 'plain', true, NULL, now(), now())",
    )
    .execute(&ground.pool(&ROLE))
    .await
    .unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().constraint(), Some("account_password_is_argon2id"));
}
