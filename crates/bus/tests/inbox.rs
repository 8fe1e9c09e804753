//! The inbox's partitions.

use chrono::{Days, NaiveDate, Utc};
use kernel::MessageId;
use sqlx::{AssertSqlSafe, PgPool, Row};
use uuid::Uuid;

use crate::support::{Ground, Recorder, eventually, properties};

async fn maintain(pool: &PgPool, today: NaiveDate) -> (i32, i32) {
    maintain_keeping(pool, today, 30).await
}

async fn maintain_keeping(pool: &PgPool, today: NaiveDate, days: i32) -> (i32, i32) {
    let maintained =
        sqlx::query_as("SELECT made, dropped FROM inbox_maintain($1, 3, $2)").bind(today).bind(days);
    maintained.fetch_one(pool).await.unwrap()
}

async fn partition_of(ground: &Ground, id: Uuid) -> Option<String> {
    sqlx::query_scalar("SELECT tableoid::regclass::text FROM inbox WHERE message_id = $1")
        .bind(id)
        .fetch_optional(&ground.pool)
        .await
        .unwrap()
}

async fn insert(ground: &Ground, id: Uuid) {
    sqlx::query("INSERT INTO inbox (message_id, queue) VALUES ($1, 'q')")
        .bind(id)
        .execute(&ground.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn ids_live_in_the_partition_of_their_day_and_leave_with_it() {
    let ground = Ground::shared().await;
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    let at = |day: NaiveDate, time: (u32, u32, u32)| {
        MessageId::new(day.and_hms_opt(time.0, time.1, time.2).unwrap().and_utc(), &mut rand::rng()).uuid()
    };
    // Came before there were partitions.
    let (first, last) = (at(day, (0, 0, 0)), at(day, (23, 59, 59)));
    insert(&ground, first).await;
    insert(&ground, last).await;
    assert_eq!(partition_of(&ground, first).await.as_deref(), Some("inbox_default"));

    assert_eq!(maintain(&ground.pool, day).await, (5, 0), "yesterday, today and three days");
    assert_eq!(maintain(&ground.pool, day).await, (0, 0), "again changes nothing");
    for id in [first, last] {
        assert_eq!(partition_of(&ground, id).await.as_deref(), Some("inbox_20260301"));
    }
    let next = at(day + Days::new(1), (0, 0, 0));
    insert(&ground, next).await;
    assert_eq!(partition_of(&ground, next).await.as_deref(), Some("inbox_20260302"));
    // Unique wherever it lies.
    let twice = sqlx::query("INSERT INTO inbox (message_id, queue) VALUES ($1, 'q')")
        .bind(first)
        .execute(&ground.pool);
    assert!(twice.await.is_err());

    let stray = at(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), (0, 0, 0));
    insert(&ground, stray).await;
    let (made, dropped) = maintain(&ground.pool, day + Days::new(31)).await;
    assert_eq!((made, dropped), (5, 2), "what lies before the thirty days goes");
    assert_eq!(partition_of(&ground, first).await, None);
    assert_eq!(partition_of(&ground, stray).await, None);
    assert!(partition_of(&ground, next).await.is_some());
}

#[tokio::test]
async fn the_serving_login_maintains_partitions_without_a_right_to_make_tables() {
    let ground = Ground::shared().await;
    let login = format!("{}_login", ground.role);
    let script = format!(
        "CREATE ROLE {login} LOGIN PASSWORD 'for-tests-on-loopback';
         REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {login};"
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&ground.pool).await.unwrap();
    let options = ground.pool.connect_options().as_ref().clone();
    let serving =
        PgPool::connect_with(options.username(&login).password("for-tests-on-loopback")).await.unwrap();
    let refused = sqlx::raw_sql("CREATE TABLE mine (x int)").execute(&serving).await;
    assert!(refused.is_err(), "the login may not make tables");
    let (made, _) = maintain(&serving, NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()).await;
    assert_eq!(made, 5);
    // And a caller's search path does not lead the owner astray.
    let mut conn = serving.acquire().await.unwrap();
    sqlx::raw_sql("CREATE TEMP TABLE inbox_default (message_id uuid)").execute(&mut *conn).await.unwrap();
    sqlx::raw_sql("SELECT inbox_maintain('2026-04-01', 3, 30)").execute(&mut *conn).await.unwrap();
    drop(conn);
    serving.close().await;
    let drop_login = format!("DROP OWNED BY {login}; DROP ROLE {login}");
    sqlx::raw_sql(AssertSqlSafe(drop_login)).execute(&ground.pool).await.unwrap();
}

#[tokio::test]
async fn a_message_older_than_the_inbox_is_parked_instead_of_handled() {
    let ground = Ground::shared().await;
    let channel = ground.channel().await;
    let recorder = Recorder::new();
    let bus = ground.bus();
    bus.consume(ground.queue, recorder.clone());
    let old = MessageId::new(Utc::now() - Days::new(40), &mut rand::rng()).uuid();
    ground.publish_raw(&channel, properties(old, ground.kind, Uuid::new_v4(), 1), b"").await;
    let row = eventually("it parked", async || {
        sqlx::query("SELECT message_id, reason FROM held").fetch_optional(&ground.pool).await.unwrap()
    })
    .await;
    assert_eq!((row.get::<Uuid, _>(0), row.get::<String, _>(1)), (old, "older-than-inbox".to_owned()));
    assert_eq!(recorder.applied(), 0);
    bus.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_are_made_under_load_fail_no_message() {
    let ground = Ground::shared().await;
    let first = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
    let id = move |offset: u64| {
        let day = first + Days::new(offset);
        MessageId::new(day.and_hms_opt(12, 0, 0).unwrap().and_utc(), &mut rand::rng()).uuid()
    };
    let done = tokio_util::sync::CancellationToken::new();
    let writers: Vec<_> = (0..3)
        .map(|_| {
            let (pool, done) = (ground.pool.clone(), done.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while !done.is_cancelled() {
                    // As a consumer's batch: ids of many days, of which some have no partition yet.
                    let ids: Vec<Uuid> = (0..40).map(id).collect();
                    sqlx::query(
                        "INSERT INTO inbox (message_id, queue) SELECT id, 'q' FROM UNNEST($1::uuid[]) AS id",
                    )
                    .bind(&ids)
                    .execute(&pool)
                    .await
                    .unwrap();
                    written += ids.len();
                }
                written
            })
        })
        .collect();
    let mut made = 0;
    for offset in 0..35 {
        made += maintain_keeping(&ground.pool, first + Days::new(offset), 300).await.0;
    }
    done.cancel();
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    assert_eq!(made, 39, "yesterday, 35 days and three more");
    assert_eq!(ground.count("SELECT count(*) FROM inbox").await, i64::try_from(written).unwrap());
    assert!(written > 1000, "there was load: {written}");
}
