//! Two roles of these tests' own, and an administrator's way to the engines.

use bus::{Handler, HandlerError, Message, Outcome};
use engines::Engines;
use host::migrate::AdminUrls;
use host::{Host, HostError, Key, Role, Secret};
use kernel::Span;
use rpc::policy::MethodPolicy;
use sqlx::PgConnection;
use tonic::service::Routes;

pub(crate) const WINDOW: Key<Span> =
    Key::with_default("ZHIRONG_EAST_WINDOW", "5wd", "a span such as 5wd or 30s");
pub(crate) const LIMIT: Key<u32> = Key::required("ZHIRONG_EAST_LIMIT", "a whole number");
pub(crate) const CODES: Key<Vec<String>> = Key::optional("ZHIRONG_EAST_CODES", "a list of codes");
pub(crate) const TOKEN: Key<Secret> = Key::optional_secret("ZHIRONG_EAST_TOKEN", "a token");

const QUEUE: bus::Queue = bus::Queue { name: "east.thanks.v1", binds: &["west.thing-done.v1"] };

/// Consumes and has settings of its own.
pub(crate) static EAST: Role = Role {
    name: "east",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[QUEUE],
    publishes: &[],
    unhurried: &[],
    peers: &["west"],
    keys: &[&WINDOW, &LIMIT, &CODES, &TOKEN],
    reasons: &[],
    serve: |host| Box::pin(consume(host)),
};

/// Publishes.
pub(crate) static WEST: Role = Role {
    name: "west",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &["west.thing-done.v1"],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

/// Stands on the testkit's ground alone, which has passwords of its own for the users of roles.
pub(crate) static NORTH: Role = Role {
    name: "north",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

/// Keeps nothing.
pub(crate) static BARE: Role = Role {
    name: "bare",
    migrator: host::shared_migrations,
    has_store: false,
    queues: &[],
    publishes: &[],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve: |host| Box::pin(serve(host)),
};

const POLICY: &[MethodPolicy] = &[];

/// Takes every message and does nothing with it.
struct Taker;

impl Handler for Taker {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        _conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        Ok(vec![Outcome::Done; batch.len()])
    }
}

async fn consume(host: Host) -> Result<(), HostError> {
    host.bus.consume(&QUEUE, Taker);
    serve(host).await
}

async fn serve(host: Host) -> Result<(), HostError> {
    host.serve_grpc(Routes::default(), POLICY).await
}

/// The administrator's URLs with a database of the given name.
pub(crate) fn admin(engines: &Engines, name: &str) -> AdminUrls {
    AdminUrls {
        postgres: Secret::new(engines.postgres.admin_url().to_owned()),
        management: Secret::new(engines.rabbitmq.management_url().to_owned()),
        database: name.to_owned(),
        create_database: true,
        vhost: name.to_owned(),
    }
}
