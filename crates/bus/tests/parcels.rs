//! Messages of one transaction that share their way: one row, one broker message, one inbox row, and each its own effect.

use bus::BusConfig;
use uuid::Uuid;

use crate::support::{Ground, Recorder, Verdict, eventually, quick};

#[tokio::test]
async fn the_letters_of_parcels_have_their_effects_once_each_and_share_rows() {
    let ground = Ground::shared().await;
    let ids = ground.enqueue_together(ground.kind, 600).await;
    assert_eq!(ground.outbox_rows().await, 3, "256 letters fill a parcel");
    let bus = ground.bus();
    bus.consume(ground.queue, Recorder::new());
    eventually("all effects", async || (ground.effects().await >= 600).then_some(())).await;
    ground.assert_each_once(&ids).await;
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    assert_eq!(ground.count("SELECT count(*) FROM inbox").await, 3);
    let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM effect ORDER BY message_id")
        .fetch_all(&ground.pool)
        .await
        .unwrap();
    let mut sorted = versions.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=600).collect::<Vec<i64>>(), "each with its own envelope");
    bus.stop().await;
}

#[tokio::test]
async fn a_parcel_that_comes_again_has_no_second_effect() {
    let ground = Ground::shared().await;
    let ids = ground.enqueue_together(ground.kind, 8).await;
    // As after a relay that died between the broker's confirm and its own commit.
    sqlx::raw_sql("CREATE TABLE kept AS SELECT * FROM outbox").execute(&ground.pool).await.unwrap();
    let bus = ground.bus();
    let recorder = Recorder::new();
    bus.consume(ground.queue, recorder.clone());
    eventually("an empty outbox", async || (ground.outbox_rows().await == 0).then_some(())).await;
    eventually("all effects", async || (ground.effects().await >= 8).then_some(())).await;
    sqlx::raw_sql("INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM kept")
        .execute(&ground.pool)
        .await
        .unwrap();
    let seen = recorder.prepared();
    bus.outbox().wake();
    eventually("the repetition", async || (recorder.prepared() >= seen + 8).then_some(())).await;
    let later = ground.enqueue_together(ground.kind, 2).await;
    eventually("what came behind it", async || (ground.effects().await == 10).then_some(())).await;
    ground.assert_each_once(&[ids, later].concat()).await;
    bus.stop().await;
}

#[tokio::test]
async fn a_bad_letter_is_parked_alone_and_its_parcel_goes_on() {
    let ground = Ground::shared().await;
    let mut ids = ground.enqueue_together(ground.kind, 8).await;
    let poison = ids.remove(3);
    let recorder =
        Recorder::judging(move |m| if m.id.uuid() == poison { Verdict::Fail } else { Verdict::Effect });
    let bus = ground.bus_with(BusConfig { max_attempts: 2, ..quick() }, &ground.broker);
    bus.consume(ground.queue, recorder);
    eventually("the other effects", async || (ground.effects().await == 7).then_some(())).await;
    ground.assert_each_once(&ids).await;
    let parked = async || -> Vec<(Option<Uuid>, String)> {
        sqlx::query_as("SELECT message_id, reason FROM held WHERE kind = 'parked'")
            .fetch_all(&ground.pool)
            .await
            .unwrap()
    };
    let expected = [(Some(poison), "handler-failed".to_owned())];
    eventually("the poison parked", async || (parked().await == expected).then_some(())).await;
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 1, "nothing else is held");
    bus.stop().await;
}
