//! A role's life: set up, serve, and end in order: stop taking, finish, drain, flush.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusConfig};
use kernel::calendar::{date_of, start_of_day};
use kernel::{Calendar, Clock, DayTable, SystemClock};
use rpc::identity::{KeyRing, Signer, Verifier};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{self, Readiness, Store};
use crate::error::HostError;
use crate::health::HealthBoard;
use crate::house;
use crate::pool;
use crate::role::{Host, Role};
use crate::settings::{Settings, host_keys};

/// What a role takes from outside its settings; tests give their own.
#[derive(Clone)]
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    /// Cancelled to end the role.
    pub shutdown: CancellationToken,
}

/// Runs a role as this process until SIGTERM or SIGINT.
pub async fn run(role: &'static Role, settings: Settings) -> Result<(), HostError> {
    let telemetry = start_telemetry(role, &settings)?;
    let shutdown = CancellationToken::new();
    let signals = tokio::spawn(cancel_on_signal(shutdown.clone()));
    let ended = run_until(role, settings, Surroundings { clock: Arc::new(SystemClock), shutdown }).await;
    signals.abort();
    match &ended {
        Ok(()) => tracing::info!(role = role.name, "ended"),
        Err(error) => tracing::error!(role = role.name, error = error.chain(), "ended with an error"),
    }
    telemetry.shutdown();
    ended
}

/// Runs a role inside a process that has its own logging and signals, until `surroundings.shutdown` is cancelled.
pub async fn run_until(
    role: &'static Role,
    settings: Settings,
    surroundings: Surroundings,
) -> Result<(), HostError> {
    for key in settings.unknown() {
        tracing::warn!(key, "no setting has this name; it has no effect");
    }
    let Surroundings { clock, shutdown } = surroundings;
    let grace = settings.get(&host_keys::GRACE)?;
    let host = build(role, settings, clock, shutdown.clone()).await?;

    let admin_until = CancellationToken::new();
    let admin =
        admin::open(host.settings.get(&host_keys::ADMIN_LISTEN)?, readiness(&host), admin_until.clone())
            .await?;
    let admin = tokio::spawn(admin);
    let tasks = TaskTracker::new();
    house::keep(&host, &tasks)?;
    let (pool, bus) = (host.pool.clone(), host.bus.clone());
    tracing::info!(role = role.name, "started");

    let ended = serve(role, host, &shutdown, grace).await;

    // Also when the role failed by itself: everything else has to stop taking now.
    shutdown.cancel();
    tasks.close();
    let drained = tokio::time::timeout(grace, async {
        bus.stop().await;
        tasks.wait().await;
        pool.close().await;
    })
    .await
    .map_err(|_| HostError::ShutdownTimeout);
    admin_until.cancel();
    if let Err(error) = admin.await {
        tracing::error!(%error, "admin face broke");
    }
    ended.and(drained)
}

/// Waits for the role to end, but after the signal no longer than `grace`.
async fn serve(
    role: &'static Role,
    host: Host,
    shutdown: &CancellationToken,
    grace: Duration,
) -> Result<(), HostError> {
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        ended = (role.serve)(host) => match ended {
            Ok(()) if !shutdown.is_cancelled() => Err(HostError::EndedEarly),
            other => other,
        },
        () = overdue => Err(HostError::ShutdownTimeout),
    }
}

async fn build(
    role: &'static Role,
    settings: Settings,
    clock: Arc<dyn Clock>,
    shutdown: CancellationToken,
) -> Result<Host, HostError> {
    let key = settings.get(&host_keys::SIGNING_KEY_FILE)?;
    let signer =
        Signer::read(role.name, &key, Arc::clone(&clock)).map_err(|e| HostError::Identity(e.into()))?;
    let ring = KeyRing::read(&settings.get(&host_keys::VERIFY_KEYS_FILE)?);
    let ring = ring.map_err(|e| HostError::Identity(e.into()))?;
    let verifier = Verifier::new(role.name, ring, Arc::clone(&clock));
    let embedded = Calendar::with_embedded().map_err(|e| HostError::Calendar(e.into()))?;
    let calendar = match settings.find(&host_keys::CALENDAR_FILE)? {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(|source| HostError::File { path, source })?;
            embedded.and_tables(DayTable::parse_all(&text).map_err(|e| HostError::Calendar(e.into()))?)
        }
        None => embedded,
    };
    tell_when_it_ends(&calendar, clock.now());
    let pool = pool::open(role, &settings).await?;
    let bus = start_bus(role, &settings, &pool, &clock, &shutdown)?;
    Ok(Host {
        role,
        settings: Arc::new(settings),
        pool,
        bus,
        clock,
        calendar: Arc::new(calendar),
        signer: Arc::new(signer),
        verifier: Arc::new(verifier),
        shutdown,
        health: HealthBoard::default(),
    })
}

/// The first year without a table, as a metric: somebody has to add it in time.
fn tell_when_it_ends(calendar: &Calendar, now: chrono::DateTime<chrono::Utc>) {
    let missing = calendar.missing_within(date_of(now), u16::MAX);
    let ends = missing.and_then(|year| chrono::NaiveDate::from_ymd_opt(year, 1, 1)).map(start_of_day);
    // No year is missing as far as anybody looks.
    let far = now + chrono::TimeDelta::days(i64::from(u16::MAX));
    telemetry::metrics::set_calendar_ends(ends.unwrap_or(far).timestamp());
}

fn start_bus(
    role: &'static Role,
    settings: &Settings,
    pool: &sqlx::PgPool,
    clock: &Arc<dyn Clock>,
    shutdown: &CancellationToken,
) -> Result<Bus, HostError> {
    if !role.has_store {
        // Nothing to publish and nothing to consume: a bus that has already been told to stop.
        let stopped = CancellationToken::new();
        stopped.cancel();
        let config = BusConfig { role: role.name, ..BusConfig::default() };
        return Ok(Bus::start(config, pool.clone(), Arc::clone(clock), stopped));
    }
    let config = BusConfig {
        amqp_url: settings.get(&host_keys::AMQP_URL)?.expose().clone(),
        role: role.name,
        unhurried: role.unhurried,
        batch: settings.get(&host_keys::BUS_BATCH)?,
        prefetch: settings.get(&host_keys::BUS_PREFETCH)?,
        pipeline: settings.get(&host_keys::BUS_PIPELINE)?,
        inbox_keep_days: settings.get(&host_keys::INBOX_DAYS)?,
        drain_limit: settings.get(&host_keys::GRACE)?,
        ..BusConfig::default()
    };
    Ok(Bus::start(config, pool.clone(), Arc::clone(clock), shutdown.clone()))
}

fn readiness(host: &Host) -> Readiness {
    let store = host.role.has_store.then(|| Store {
        pool: host.pool.clone(),
        bus: host.bus.clone(),
        schema: (host.role.migrator)().iter().map(|migration| migration.version).max().unwrap_or_default(),
    });
    Readiness { role: host.role.name, store, health: host.health.clone(), shutdown: host.shutdown.clone() }
}

async fn cancel_on_signal(shutdown: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; the process can only be killed");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("asked to end: finishing work in hand");
    shutdown.cancel();
}

fn start_telemetry(role: &Role, settings: &Settings) -> Result<telemetry::Telemetry, HostError> {
    telemetry::init(telemetry::Config {
        role: role.name,
        otlp_endpoint: settings.find(&host_keys::OTLP_ENDPOINT)?,
        sample_ratio: settings.get(&host_keys::TRACE_RATIO)?.0,
        log_format: settings.get(&host_keys::LOG_FORMAT)?,
    })
    .map_err(|e| HostError::Telemetry(e.into()))
}
