//! The floor: a bare program of fixed work. For each case 1 case row with 1 KB of JSON, 8 leg rows, 8 outbox rows;
//! 8 persistent 1 KB messages to 8 quorum queues with confirms; another process answers each with 200 B on one quorum
//! queue with confirms; 8 inbox rows, 8 leg updates, 8 event rows; 1 case update, 1 event, 1 outbox row; all committed
//! in batches of at most 64 by single statements. No rules, no identity, no retries: what remains is the engines' cost.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use futures::{FutureExt as _, StreamExt as _, future::try_join_all};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{
    io::AsyncWriteExt as _,
    process::Command,
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};
use uuid::Uuid;

use super::latency::Latencies;

const LEGS: usize = 8;
const BATCH: usize = 64;
const REPLIES: &str = "floor.replies";
const SCHEMA: &str = "
    CREATE TABLE floor_case (id uuid PRIMARY KEY, state text NOT NULL, form jsonb NOT NULL);
    CREATE TABLE floor_leg (case_id uuid, leg smallint, state text NOT NULL, PRIMARY KEY (case_id, leg));
    CREATE TABLE floor_outbox (id uuid PRIMARY KEY, body bytea NOT NULL);
    CREATE TABLE floor_inbox (id uuid PRIMARY KEY);
    CREATE TABLE floor_event (case_id uuid, n smallint, kind text NOT NULL, PRIMARY KEY (case_id, n));";

/// What the floor reached.
#[derive(Debug)]
pub(super) struct Floor {
    pub(super) cases_per_second: f64,
    pub(super) at_load: Latencies,
    pub(super) one_at_a_time: Latencies,
}

type Waiting = Arc<Mutex<HashMap<Uuid, oneshot::Sender<()>>>>;

/// Runs the floor on a database and a virtual host of its own.
pub(super) async fn run(
    database_url: &str,
    amqp: &str,
    seconds: u64,
    in_flight: usize,
    singles: usize,
) -> Result<Floor> {
    let pool = PgPoolOptions::new().max_connections(8).connect(database_url).await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    let connection = Connection::connect(amqp, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in queues().iter().map(String::as_str).chain([REPLIES]) {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.into(), durable, arguments).await?;
    }
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let mut answers = Command::new(std::env::current_exe()?)
        .args(["bench", "floor-answers", "--amqp", amqp])
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;

    let waiting: Waiting = Arc::default();
    let (submit, submitted) = mpsc::channel(1_024);
    let submitting = tokio::spawn(take_in(pool.clone(), channel.clone(), submitted));
    let collecting =
        tokio::spawn(collect(pool.clone(), connection.create_channel().await?, Arc::clone(&waiting)));

    let mut one_at_a_time = Latencies::default();
    for _ in 0..singles {
        one_at_a_time.add(one(&submit, &waiting).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut loops = JoinSet::new();
    for _ in 0..in_flight {
        let (submit, waiting) = (submit.clone(), Arc::clone(&waiting));
        loops.spawn(async move {
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                latencies.add(one(&submit, &waiting).await?);
            }
            anyhow::Ok(latencies)
        });
    }
    let mut at_load = Latencies::default();
    while let Some(latencies) = loops.join_next().await {
        at_load.extend(latencies??);
    }
    let cases_per_second = at_load.count() as f64 / start.elapsed().as_secs_f64();
    drop(submit);
    submitting.await??;
    collecting.abort();
    if let Some(mut stdin) = answers.stdin.take() {
        stdin.shutdown().await?;
    }
    answers.wait().await?;
    for queue in queues().iter().map(String::as_str).chain([REPLIES]) {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
    }
    pool.close().await;
    Ok(Floor { cases_per_second, at_load, one_at_a_time })
}

fn queues() -> Vec<String> {
    (0..LEGS).map(|leg| format!("floor.leg.{leg}")).collect()
}

async fn one(submit: &mpsc::Sender<Uuid>, waiting: &Waiting) -> Result<Duration> {
    let (id, start) = (Uuid::now_v7(), Instant::now());
    let (done, ready) = oneshot::channel();
    waiting.lock().await.insert(id, done);
    submit.send(id).await?;
    ready.await.context("the floor's collector has ended")?;
    Ok(start.elapsed())
}

/// Takes what waits, up to a batch, and does not wait for more.
async fn batch<T>(from: &mut mpsc::Receiver<T>) -> Vec<T> {
    let mut taken = Vec::with_capacity(BATCH);
    from.recv_many(&mut taken, BATCH).await;
    taken
}

async fn take_in(pool: PgPool, channel: Channel, mut submitted: mpsc::Receiver<Uuid>) -> Result<()> {
    let form = serde_json::json!({ "text": "x".repeat(1_000) });
    let body = vec![b'x'; 1_024];
    let mut publishing = JoinSet::new();
    loop {
        let cases = batch(&mut submitted).await;
        if cases.is_empty() {
            break;
        }
        let legs: Vec<(Uuid, i16)> = cases
            .iter()
            .flat_map(|case| (0..LEGS).map(|leg| (*case, i16::try_from(leg).unwrap_or_default())))
            .collect();
        let messages: Vec<Uuid> = legs.iter().map(|_| Uuid::now_v7()).collect();
        let mut tx = pool.begin().await?;
        sqlx::query("INSERT INTO floor_case SELECT id, 'COLLECTING', $2 FROM unnest($1::uuid[]) AS n(id)")
            .bind(&cases)
            .bind(&form)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO floor_leg SELECT c, l, 'CREATED' FROM unnest($1::uuid[], $2::smallint[]) AS n(c, l)",
        )
        .bind(legs.iter().map(|(case, _)| *case).collect::<Vec<_>>())
        .bind(legs.iter().map(|(_, leg)| *leg).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO floor_outbox SELECT id, $2 FROM unnest($1::uuid[]) AS n(id)")
            .bind(&messages)
            .bind(&body)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let channel = channel.clone();
        let body = body.clone();
        publishing.spawn(async move {
            let sent = legs.iter().zip(&messages).map(|((case, leg), message)| {
                let text = format!("{case} {leg}");
                publish(
                    &channel,
                    format!("floor.leg.{leg}"),
                    *message,
                    [text.as_bytes(), &body[text.len()..]].concat(),
                )
            });
            try_join_all(sent).await.map(drop)
        });
        while let Some(sent) = publishing.try_join_next() {
            sent??;
        }
    }
    while let Some(sent) = publishing.join_next().await {
        sent??;
    }
    Ok(())
}

async fn publish(channel: &Channel, queue: String, message: Uuid, body: Vec<u8>) -> Result<()> {
    let properties =
        BasicProperties::default().with_delivery_mode(2).with_message_id(message.to_string().into());
    let confirm = channel.basic_publish(
        "".into(),
        queue.as_str().into(),
        BasicPublishOptions::default(),
        &body,
        properties,
    );
    confirm.await?.await?;
    Ok(())
}

async fn consume(channel: &Channel, queue: &str) -> Result<Consumer> {
    channel.basic_qos(512, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    Ok(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?)
}

/// What waits on the queue, up to a batch.
async fn deliveries(consumer: &mut Consumer) -> Result<Vec<Delivery>> {
    let mut taken = vec![consumer.next().await.context("the broker ended the consumer")??];
    while taken.len() < BATCH {
        match consumer.next().now_or_never() {
            Some(Some(delivery)) => taken.push(delivery?),
            _ => break,
        }
    }
    Ok(taken)
}

async fn collect(pool: PgPool, channel: Channel, waiting: Waiting) -> Result<()> {
    let mut consumer = consume(&channel, REPLIES).await?;
    let mut answered: HashMap<Uuid, usize> = HashMap::new();
    loop {
        let taken = deliveries(&mut consumer).await?;
        let replies: Vec<(Uuid, i16)> = taken.iter().filter_map(|delivery| leg_of(&delivery.data)).collect();
        let messages: Vec<Uuid> = taken.iter().map(|_| Uuid::now_v7()).collect();
        let mut done = Vec::new();
        for (case, _) in &replies {
            let count = answered.entry(*case).or_default();
            *count += 1;
            if *count == LEGS {
                done.push(*case);
            }
        }
        let cases: Vec<Uuid> = replies.iter().map(|(case, _)| *case).collect();
        let legs: Vec<i16> = replies.iter().map(|(_, leg)| *leg).collect();
        let mut tx = pool.begin().await?;
        sqlx::query("INSERT INTO floor_inbox SELECT * FROM unnest($1::uuid[]) ON CONFLICT DO NOTHING")
            .bind(&messages)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE floor_leg f SET state = 'OFFERED' FROM unnest($1::uuid[], $2::smallint[]) AS n(c, l)
             WHERE f.case_id = n.c AND f.leg = n.l",
        )
        .bind(&cases)
        .bind(&legs)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO floor_event SELECT c, l, 'LEG' FROM unnest($1::uuid[], $2::smallint[]) AS n(c, l)",
        )
        .bind(&cases)
        .bind(&legs)
        .execute(&mut *tx)
        .await?;
        if !done.is_empty() {
            sqlx::query("UPDATE floor_case SET state = 'READY' WHERE id = ANY($1)")
                .bind(&done)
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO floor_event SELECT id, 8, 'READY' FROM unnest($1::uuid[]) AS n(id)")
                .bind(&done)
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO floor_outbox SELECT id, 'ready' FROM unnest($1::uuid[]) AS n(id)")
                .bind(&done)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        if let Some(last) = taken.last() {
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
        }
        let mut waiting = waiting.lock().await;
        for case in done {
            answered.remove(&case);
            if let Some(ready) = waiting.remove(&case) {
                let _ = ready.send(());
            }
        }
    }
}

fn leg_of(body: &[u8]) -> Option<(Uuid, i16)> {
    let text = std::str::from_utf8(body.get(..40)?).ok()?;
    let mut words = text.split([' ', 'x']);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// The answering process: every message is answered at once. Ends when its standard input does.
pub(super) async fn answer(amqp: &str) -> Result<()> {
    let connection = Connection::connect(amqp, ConnectionProperties::default()).await?;
    let mut answering = JoinSet::new();
    for queue in queues() {
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        answering.spawn(async move {
            let mut consumer = consume(&channel, &queue).await?;
            loop {
                let taken = deliveries(&mut consumer).await?;
                let sent = taken.iter().map(|delivery| {
                    let body = delivery.data.get(..200).unwrap_or_default().to_vec();
                    publish(&channel, REPLIES.to_owned(), Uuid::now_v7(), body)
                });
                try_join_all(sent).await?;
                if let Some(last) = taken.last() {
                    last.acker.ack(BasicAckOptions { multiple: true }).await?;
                }
            }
            #[expect(unreachable_code, reason = "gives the task its type")]
            anyhow::Ok(())
        });
    }
    tokio::select! {
        ended = answering.join_next() => ended.context("no queue")??,
        () = super::input_ended() => Ok(()),
    }
}
