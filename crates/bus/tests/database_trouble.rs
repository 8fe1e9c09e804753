//! A database that goes away while messages are in hand.

use std::sync::atomic::Ordering;

use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{Ground, Recorder, engines, eventually};

async fn shut(ground: &Ground, admin: &PgPool, closed: bool) {
    let name = ground.pool.connect_options().get_database().unwrap().to_owned();
    let allow = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !closed);
    sqlx::raw_sql(AssertSqlSafe(allow)).execute(admin).await.unwrap();
    if closed {
        let ended: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1",
        )
        .bind(&name)
        .fetch_one(admin)
        .await
        .unwrap();
        assert!(ended > 0, "connections were ended");
    }
}

#[tokio::test]
async fn while_the_database_is_away_messages_are_held_and_then_handled_once() {
    let ground = Ground::shared().await;
    let admin = PgPool::connect(engines().await.postgres.admin_url()).await.unwrap();
    let channel = ground.channel().await;
    let mut ids = ground.enqueue(ground.kind, 50).await;
    let bus = ground.bus();
    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    eventually("the first effects", async || (ground.effects().await == 50).then_some(())).await;

    // New work waits on the broker's side while the database shuts its doors.
    let more: Vec<_> = (0..50).map(|_| crate::support::new_id()).collect();
    shut(&ground, &admin, true).await;
    for id in &more {
        let properties = crate::support::properties(*id, ground.kind, uuid::Uuid::new_v4(), 1);
        ground.publish_raw(&channel, properties, b"").await;
    }
    ids.extend(more);
    eventually("a batch held in hand", async || bus.health().consumers[0].holding.then_some(())).await;
    assert!(bus.health().alive(), "holding is not dying");
    let commits = recorder.commits.load(Ordering::SeqCst);
    shut(&ground, &admin, false).await;
    eventually("all effects", async || (ground.effects().await >= 100).then_some(())).await;
    assert!(recorder.commits.load(Ordering::SeqCst) > commits);
    ground.assert_each_once(&ids).await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 0, "an absence is no failure of a message");
    // The relay found its way back, too.
    ids.extend(ground.enqueue(ground.kind, 10).await);
    eventually("the relay's effects", async || (ground.effects().await >= 110).then_some(())).await;
    ground.assert_each_once(&ids).await;
    assert!(!bus.health().consumers[0].holding);
    bus.stop().await;
}

#[tokio::test]
async fn a_relay_whose_lock_is_lost_is_elected_again() {
    let ground = Ground::shared().await;
    let bus = ground.bus();
    eventually("a leader", async || bus.health().relay.leading.then_some(())).await;
    let ended = ground
        .count(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'zhirong-relay'",
        )
        .await;
    assert_eq!(ended, 1);
    bus.consume(ground.queue, Recorder::new());
    let ids = ground.enqueue(ground.kind, 10).await;
    eventually("effects", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&ids).await;
    bus.stop().await;
}
