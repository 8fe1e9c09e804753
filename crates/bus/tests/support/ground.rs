//! A database and a role on the broker for one test.

use std::sync::Arc;
use std::time::Duration;

use bus::topology::{BrokerAdmin, RoleTopology, declare, user};
use bus::{Bus, BusConfig, MIGRATOR, Outgoing, Queue, enqueue};
use chrono::Utc;
use engines::{Engines, Source};
use kernel::SystemClock;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

static ENGINES: OnceCell<Engines> = OnceCell::const_new();
const PASSWORD: &str = "for-tests-on-loopback";

pub(crate) async fn engines() -> &'static Engines {
    ENGINES.get_or_init(async || Engines::start(Source::GivenOrPrivate).await.unwrap()).await
}

/// Names and types of the bus are known when a program is written; a test makes its own at run time.
fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Settings with which a test need not wait long for what takes seconds in earnest.
pub(crate) fn quick() -> BusConfig {
    BusConfig {
        reconnect_max: Duration::from_millis(300),
        hold_max: Duration::from_millis(200),
        unroutable_max: Duration::from_millis(300),
        confirm_limit: Duration::from_secs(3),
        max_attempts: 2,
        lease: Duration::from_secs(2),
        retry_poll: Duration::from_millis(100),
        ..BusConfig::default()
    }
}

/// One test's role: it publishes its type to itself, so that both ends are in one place.
pub(crate) struct Ground {
    pub(crate) pool: PgPool,
    pub(crate) role: &'static str,
    pub(crate) vhost: String,
    pub(crate) queue: &'static Queue,
    /// The type that the role's queue is bound to.
    pub(crate) kind: &'static str,
    /// A type that it may publish and nobody is bound to.
    pub(crate) unwanted: &'static str,
    /// `host:port` of the broker.
    pub(crate) broker: String,
    pub(crate) admin: BrokerAdmin,
    admin_amqp: String,
    postgres: String,
}

impl Ground {
    /// On the engines that all tests share.
    pub(crate) async fn shared() -> Self {
        let rabbitmq = &engines().await.rabbitmq;
        let ground = Self::prepare(rabbitmq.amqp_base(), rabbitmq.management_url()).await;
        ground.declare().await;
        ground
    }

    /// On a broker of one's own; the topology is declared by the test, once the broker runs.
    pub(crate) async fn prepare(amqp_base: &str, management_url: &str) -> Self {
        let postgres = engines().await.postgres.admin_url();
        let name = format!("bus_{}", Uuid::new_v4().simple());
        let admin_pool = PgPool::connect(postgres).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin_pool).await.unwrap();
        let (server, _) = postgres.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        let pool = PgPool::connect(&url).await.unwrap();
        MIGRATOR.run(&pool).await.unwrap();
        sqlx::raw_sql("CREATE TABLE effect (message_id uuid, aggregate_id uuid, version bigint)")
            .execute(&pool)
            .await
            .unwrap();
        let role = leak(name.replace("bus_", "t"));
        let kind = leak(format!("{role}.thing-done.v1"));
        let unwanted = leak(format!("{role}.thing-ignored.v1"));
        let queue = Box::leak(Box::new(Queue {
            name: leak(format!("{role}.things.v1")),
            binds: Box::leak(Box::new([kind])),
        }));
        let (_, broker) = amqp_base.rsplit_once('@').unwrap();
        Self {
            pool,
            role,
            vhost: format!("bus-{role}"),
            queue,
            kind,
            unwanted,
            broker: broker.to_owned(),
            admin: BrokerAdmin::new(management_url).unwrap(),
            admin_amqp: amqp_base.to_owned(),
            postgres: url,
        }
    }

    pub(crate) async fn declare(&self) {
        let topology = RoleTopology {
            role: self.role,
            queues: std::slice::from_ref(self.queue),
            publishes: Box::leak(Box::new([self.kind, self.unwanted])),
        };
        declare(&self.admin, &self.vhost, &[(topology, PASSWORD.to_owned())]).await.unwrap();
    }

    /// Lets the role's queue take one more type.
    pub(crate) async fn want(&self, kind: &str) {
        let path = ["bindings", self.vhost.as_str(), "e", bus::EXCHANGE, "q", self.queue.name];
        self.admin.post(&path, serde_json::json!({"routing_key": kind})).await.unwrap();
    }

    /// The role's own way to the broker, or to a proxy before it.
    pub(crate) fn amqp_url(&self, host: &str) -> String {
        format!("amqp://{}:{PASSWORD}@{host}/{}", user(self.role), self.vhost)
    }

    pub(crate) fn bus(&self) -> Bus {
        self.bus_with(quick(), &self.broker)
    }

    pub(crate) fn bus_with(&self, config: BusConfig, host: &str) -> Bus {
        let config = BusConfig { amqp_url: self.amqp_url(host), role: self.role, ..config };
        Bus::start(config, self.pool.clone(), Arc::new(SystemClock), CancellationToken::new())
    }

    /// For a bus that lives in a runtime of its own: connections of a pool belong to the runtime that made them.
    pub(crate) fn bus_on(&self, pool: PgPool, config: BusConfig) -> Bus {
        let config = BusConfig { amqp_url: self.amqp_url(&self.broker), role: self.role, ..config };
        Bus::start(config, pool, Arc::new(SystemClock), CancellationToken::new())
    }

    /// A second pool, whose connections a test can do without.
    pub(crate) async fn another_pool(&self) -> PgPool {
        PgPool::connect(&self.postgres).await.unwrap()
    }

    /// Enqueues `count` messages of one aggregate in one transaction, as a state change would.
    pub(crate) async fn enqueue(&self, kind: &'static str, count: usize) -> Vec<Uuid> {
        let messages = Self::messages(kind, count);
        let mut tx = self.pool.begin().await.unwrap();
        enqueue(&mut tx, &messages).await.unwrap();
        tx.commit().await.unwrap();
        messages.into_iter().map(|m| m.message_id.uuid()).collect()
    }

    /// As [`Ground::enqueue`], but they share rows.
    pub(crate) async fn enqueue_together(&self, kind: &'static str, count: usize) -> Vec<Uuid> {
        let messages = Self::messages(kind, count);
        let mut tx = self.pool.begin().await.unwrap();
        bus::enqueue_together(&mut tx, &messages).await.unwrap();
        tx.commit().await.unwrap();
        messages.into_iter().map(|m| m.message_id.uuid()).collect()
    }

    fn messages(kind: &'static str, count: usize) -> Vec<Outgoing> {
        let aggregate = Uuid::new_v4();
        let message = |version: usize| {
            Outgoing::new(
                kind,
                aggregate,
                i64::try_from(version).unwrap(),
                Utc::now(),
                &format!("body {version}"),
            )
        };
        (1..=count).map(message).collect()
    }

    /// The administrator's own channel, for what a role may not do.
    pub(crate) async fn channel(&self) -> Channel {
        let url = format!("{}/{}", self.admin_amqp, self.vhost);
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        // The connection ends with the process of the test.
        std::mem::forget(connection);
        channel
    }

    /// Publishes past the outbox.
    pub(crate) async fn publish_raw(&self, channel: &Channel, properties: BasicProperties, body: &[u8]) {
        let confirm = channel
            .basic_publish(
                bus::EXCHANGE.into(),
                self.kind.into(),
                BasicPublishOptions::default(),
                body,
                properties,
            )
            .await
            .unwrap();
        confirm.await.unwrap();
    }

    /// Ready messages in the queue.
    pub(crate) async fn depth(&self, channel: &Channel) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue =
            channel.queue_declare(self.queue.name.into(), passive, FieldTable::default()).await.unwrap();
        queue.message_count()
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn effects(&self) -> i64 {
        self.count("SELECT count(*) FROM effect").await
    }

    /// Every message had its effect, and none had it twice.
    pub(crate) async fn assert_each_once(&self, ids: &[Uuid]) {
        let mut seen: Vec<Uuid> =
            sqlx::query_scalar("SELECT message_id FROM effect").fetch_all(&self.pool).await.unwrap();
        let mut expected = ids.to_vec();
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen.len(), expected.len(), "effects against messages");
        assert_eq!(seen, expected);
    }

    pub(crate) async fn outbox_rows(&self) -> i64 {
        self.count("SELECT count(*) FROM outbox").await
    }
}
