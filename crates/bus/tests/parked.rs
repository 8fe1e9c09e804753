//! What operators do with parked messages.

use bus::parked::{self, Act, Filter, ParkedError};
use bus::{Bus, Outcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

use crate::support::{Ground, Recorder, Verdict, eventually, new_id, properties};

const ACT: Act<'_> = Act { actor: "staff:4711", purpose: "ticket 12" };

/// A bus whose handler parks everything until `mended` is set.
async fn parking(ground: &Ground) -> (Bus, Arc<AtomicBool>) {
    let mended = Arc::new(AtomicBool::new(false));
    let looks = Arc::clone(&mended);
    let bus = ground.bus();
    bus.consume(
        ground.queue,
        Recorder::judging(move |_| {
            if looks.load(Ordering::SeqCst) {
                Verdict::Effect
            } else {
                Verdict::Say(Outcome::Park { reason: "bug" })
            }
        }),
    );
    (bus, mended)
}

async fn audited(ground: &Ground) -> Vec<(String, Option<Uuid>)> {
    sqlx::query_as("SELECT action, message_id FROM parked_audit ORDER BY audit_id")
        .fetch_all(&ground.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn parked_messages_are_listed_shown_replayed_and_dropped_and_each_act_is_kept() {
    let ground = Ground::shared().await;
    let (bus, mended) = parking(&ground).await;
    let ids = ground.enqueue(ground.kind, 3).await;
    eventually("three parked", async || {
        (ground.count("SELECT count(*) FROM held WHERE kind = 'parked'").await == 3).then_some(())
    })
    .await;
    let page = parked::list(&ground.pool, Filter { limit: 2, ..Filter::default() }, ACT).await.unwrap();
    let rest = Filter { after: Some((page[1].held_at, page[1].held_id)), ..Filter::default() };
    let rest = parked::list(&ground.pool, rest, ACT).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 1));
    let all: Vec<_> = page.into_iter().chain(rest).collect();
    assert!(all.iter().all(|row| row.reason == "bug" && row.message_kind.as_deref() == Some(ground.kind)));
    let of = |id: Uuid| all.iter().find(|row| row.message_id == Some(id)).unwrap().held_id;

    let shown = parked::show(&ground.pool, of(ids[0]), ACT).await.unwrap();
    assert_eq!(shown.attempts, 1);
    let body = parked::show_body(&ground.pool, of(ids[0]), ACT).await.unwrap();
    assert_eq!(i32::try_from(body.len()).unwrap(), shown.body_bytes);
    assert!(body.ends_with(b"body 1"));

    mended.store(true, Ordering::SeqCst);
    parked::replay(&ground.pool, of(ids[0]), ACT).await.unwrap();
    eventually("its effect", async || (ground.effects().await == 1).then_some(())).await;
    ground.assert_each_once(&ids[..1]).await;
    parked::drop(&ground.pool, of(ids[1]), ACT).await.unwrap();
    let gone = parked::show(&ground.pool, of(ids[1]), ACT).await;
    assert!(matches!(gone, Err(ParkedError::NotFound { .. })));
    let left: Vec<(Option<Uuid>, String, String)> =
        sqlx::query_as("SELECT message_id, kind, reason FROM held").fetch_all(&ground.pool).await.unwrap();
    assert_eq!(left, [(Some(ids[2]), "parked".to_owned(), "bug".to_owned())]);

    let acts = [
        ("list", None),
        ("list", None),
        ("show", Some(ids[0])),
        ("show-body", Some(ids[0])),
        ("replay", Some(ids[0])),
        ("drop", Some(ids[1])),
    ];
    let expected: Vec<_> = acts.into_iter().map(|(action, id)| (action.to_owned(), id)).collect();
    assert_eq!(audited(&ground).await, expected);
    bus.stop().await;
}

#[tokio::test]
async fn an_act_without_a_purpose_does_nothing_and_the_audit_cannot_be_changed() {
    let ground = Ground::shared().await;
    let (bus, _) = parking(&ground).await;
    ground.enqueue(ground.kind, 1).await;
    let held: Uuid = eventually("it parked", async || {
        sqlx::query_scalar("SELECT held_id FROM held").fetch_optional(&ground.pool).await.unwrap()
    })
    .await;
    for act in [Act { actor: " ", purpose: "p" }, Act { actor: "staff:1", purpose: "" }] {
        assert!(matches!(parked::drop(&ground.pool, held, act).await, Err(ParkedError::NoPurpose)));
        assert!(matches!(
            parked::list(&ground.pool, Filter::default(), act).await,
            Err(ParkedError::NoPurpose)
        ));
    }
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 1);
    assert!(audited(&ground).await.is_empty());
    parked::show(&ground.pool, held, ACT).await.unwrap();
    for change in ["UPDATE parked_audit SET actor = 'x'", "DELETE FROM parked_audit", "TRUNCATE parked_audit"]
    {
        assert!(sqlx::raw_sql(change).execute(&ground.pool).await.is_err(), "{change}");
    }
    bus.stop().await;
}

#[tokio::test]
async fn a_message_without_an_envelope_can_be_dropped_but_not_replayed() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let (bus, _) = parking(&ground).await;
    let unreadable = properties(new_id(), ground.kind, Uuid::new_v4(), 1).with_type("".into());
    ground.publish_raw(&channel, unreadable, b"x").await;
    let held: Uuid = eventually("it parked", async || {
        sqlx::query_scalar("SELECT held_id FROM held").fetch_optional(&ground.pool).await.unwrap()
    })
    .await;
    assert!(matches!(parked::replay(&ground.pool, held, ACT).await, Err(ParkedError::Unreadable { .. })));
    parked::drop(&ground.pool, held, ACT).await.unwrap();
    assert_eq!(ground.count("SELECT count(*) FROM held").await, 0);
    bus.stop().await;
}
