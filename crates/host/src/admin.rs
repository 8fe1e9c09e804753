//! The admin face: `/metrics`, `/healthz` (the process runs) and `/readyz` (it can do its work). Loopback by default.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use bus::Bus;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::HostError;
use crate::health::HealthBoard;

/// A database that takes longer for one small question is not ready.
const DATABASE_LIMIT: Duration = Duration::from_secs(2);

/// What readiness is judged by.
#[derive(Clone)]
pub(crate) struct Readiness {
    pub(crate) role: &'static str,
    /// Absent for a role without a store.
    pub(crate) store: Option<Store>,
    pub(crate) health: HealthBoard,
    pub(crate) shutdown: CancellationToken,
}

/// The parts of readiness that only a role with a store has.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) pool: PgPool,
    pub(crate) bus: Bus,
    /// Newest migration that this executable knows.
    pub(crate) schema: i64,
}

type Condition = (String, Result<(), String>);

impl Readiness {
    async fn conditions(&self) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        if self.shutdown.is_cancelled() {
            all.push(("running".to_owned(), Err("shutting down".to_owned())));
        }
        if let Some(store) = &self.store {
            all.push(("database".to_owned(), database(store).await));
            all.extend(messaging(&store.bus));
        }
        all.extend(self.health.conditions().into_iter().map(|(name, state)| (name.to_owned(), state)));
        all
    }
}

async fn database(store: &Store) -> Result<(), String> {
    let question =
        sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&store.pool);
    match tokio::time::timeout(DATABASE_LIMIT, question).await {
        Ok(Ok(Some(version))) if version >= store.schema => Ok(()),
        Ok(Ok(_)) => Err("schema is behind: run zhirong migrate".to_owned()),
        Ok(Err(sqlx::Error::Database(refusal))) => {
            Err(format!("refused with SQLSTATE {}", refusal.code().unwrap_or_default()))
        }
        Ok(Err(_)) => Err("not reachable".to_owned()),
        Err(_) => Err("no answer within 2 s".to_owned()),
    }
}

fn messaging(bus: &Bus) -> Vec<Condition> {
    let health = bus.health();
    let state = |up: bool, trouble: &str| if up { Ok(()) } else { Err(trouble.to_owned()) };
    let mut all = vec![
        ("broker".to_owned(), state(health.connected, "not connected")),
        ("relay".to_owned(), state(health.relay.alive, "not running")),
    ];
    for consumer in health.consumers {
        let state = match (consumer.alive, consumer.consuming) {
            (true, true) => Ok(()),
            (true, false) => Err("not subscribed".to_owned()),
            (false, _) => Err("not running".to_owned()),
        };
        all.push((format!("consumer {}", consumer.queue), state));
    }
    all
}

/// Opens the admin port; the returned future serves until `until` is cancelled.
pub(crate) async fn open(
    address: std::net::SocketAddr,
    readiness: Readiness,
    until: CancellationToken,
) -> Result<impl Future<Output = ()> + Send + 'static, HostError> {
    let listener =
        TcpListener::bind(address).await.map_err(|source| HostError::Listen { address, source })?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(readiness);
    Ok(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(until.cancelled_owned());
        if let Err(error) = server.await {
            tracing::error!(%error, "admin face ended");
        }
    })
}

/// What only a look can tell, readiness and subscriptions, is looked up for each scrape.
async fn metrics(State(readiness): State<Readiness>) -> impl IntoResponse {
    let ready = readiness.conditions().await.iter().all(|(_, state)| state.is_ok());
    telemetry::metrics::set_ready(ready);
    if let Some(store) = &readiness.store {
        for consumer in store.bus.health().consumers {
            let subscribed = consumer.alive && consumer.consuming;
            telemetry::metrics::set_consumer_subscribed(consumer.queue, subscribed);
        }
    }
    (
        [("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")],
        telemetry::metrics::encode(),
    )
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, String) {
    let conditions = readiness.conditions().await;
    let ready = conditions.iter().all(|(_, state)| state.is_ok());
    let mut text = format!("{} {}\n", readiness.role, if ready { "ready" } else { "not ready" });
    for (name, state) in &conditions {
        match state {
            Ok(()) => text.push_str(&format!("ok   {name}\n")),
            Err(trouble) => text.push_str(&format!("fail {name}: {trouble}\n")),
        }
    }
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}
