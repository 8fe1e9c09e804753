//! Each test has a database, a virtual host and keys of its own, and has them quickly.

use std::time::{Duration, Instant};

use kernel::Clock;
use rpc::Actor;
use rpc::identity::Verifier;
use testkit::{eventually, ground};

use crate::sample::ROLE;

#[tokio::test]
async fn two_grounds_do_not_see_each_other_and_the_second_is_there_at_once() {
    let first = ground(&[&ROLE]).await;
    let start = Instant::now();
    let second = ground(&[&ROLE]).await;
    let taken = start.elapsed();
    eprintln!("a further ground took {taken:?}");
    assert!(taken < Duration::from_secs(5), "{taken:?}");
    sqlx::query("CREATE TABLE here (id int)").execute(&first.owner_pool(&ROLE)).await.unwrap();
    let there: Option<String> = sqlx::query_scalar("SELECT to_regclass('here')::text")
        .fetch_one(&second.owner_pool(&ROLE))
        .await
        .unwrap();
    assert_eq!(there, None);
    assert_ne!(first.vhost().await, second.vhost().await);
}

#[tokio::test]
async fn the_login_role_reads_and_writes_rows_and_changes_no_table() {
    let ground = ground(&[&ROLE]).await;
    let (login, owner) = (ground.pool(&ROLE), ground.owner_pool(&ROLE));
    sqlx::query("CREATE TABLE thing (id int)").execute(&owner).await.unwrap();
    sqlx::query("INSERT INTO thing VALUES (1)").execute(&login).await.unwrap();
    sqlx::query("DELETE FROM thing").execute(&login).await.unwrap();
    assert!(sqlx::query("CREATE TABLE other (id int)").execute(&login).await.is_err());
    assert!(sqlx::query("DROP TABLE thing").execute(&login).await.is_err());
}

#[tokio::test]
async fn a_role_is_served_until_it_is_stopped() {
    let ground = ground(&[&ROLE]).await;
    let start = Instant::now();
    let served = ground.serve(&ROLE, &[]).await;
    eprintln!("ready after {:?}", start.elapsed());
    assert_eq!(served.grpc, ground.url(ROLE.name));
    let admin = served.admin.clone();
    served.stop().await.unwrap();
    assert!(host::probe::ready(&admin, Duration::from_secs(1)).await.is_err());
}

#[tokio::test]
async fn tokens_of_every_role_are_good_for_the_others() {
    let ground = ground(&[]).await;
    let verifier = Verifier::new("intake", ground.key_ring(), std::sync::Arc::new(ground.clock().clone()));
    let token = ground.signer("desk").mint("intake", &Actor::Role("desk".to_owned()));
    assert_eq!(verifier.verify(&token).unwrap().audit_name(), "role:desk");
    ground.clock().advance(chrono::TimeDelta::minutes(2));
    assert!(verifier.verify(&token).is_err(), "its clock is the ground's");
    assert!(ground.clock().now() > chrono::Utc::now());
}

#[tokio::test]
async fn a_ground_is_removed_after_its_test() {
    let (database, vhost, broker) = {
        let ground = ground(&[&ROLE]).await;
        let owner = ground.owner_pool(&ROLE);
        let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&owner).await.unwrap();
        assert!(ground.broker().get(&["vhosts", ground.vhost().await]).await.unwrap().is_some());
        (name, ground.vhost().await.to_owned(), ground.broker())
    };
    let other = ground(&[&ROLE]).await.owner_pool(&ROLE);
    eventually(Duration::from_secs(60), async || {
        let found = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM pg_database WHERE datname = $1")
            .bind(&database);
        let databases = found.fetch_one(&other).await.unwrap();
        let vhosts = broker.get(&["vhosts", &vhost]).await.unwrap();
        databases == 0 && vhosts.is_none()
    })
    .await;
}
