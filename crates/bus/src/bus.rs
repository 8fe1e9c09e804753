//! The bus of one role: starts the tasks, hands out what the role needs of them, stops them.

use std::sync::{Arc, Mutex, PoisonError};

use kernel::Clock;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::BusConfig;
use crate::consumer::{self, Handler};
use crate::health::{BusHealth, Pulse, Pulses};
use crate::link::Link;
use crate::measure::Measure;
use crate::outbox::{Outbox, Relay};
use crate::topology::Queue;

/// One role's relay and consumers. Clones are the same bus.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
}

struct Shared {
    config: Arc<BusConfig>,
    pool: PgPool,
    clock: Arc<dyn Clock>,
    outbox: Outbox,
    pulses: Pulses,
    /// Publishing has a connection of its own.
    consuming: Arc<Link>,
    publishing: Arc<Link>,
    shutdown: CancellationToken,
    tasks: Mutex<JoinSet<()>>,
}

impl Bus {
    /// Starts relay and supervision. Never fails because broker or database are away: they are tried for ever.
    /// Must be called inside a tokio runtime. Message ids are judged by `clock`; waiting is real time.
    pub fn start(
        config: BusConfig,
        pool: PgPool,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> Self {
        let link = |purpose: &str| {
            Link::new(&config.amqp_url, config.heartbeat, format!("zhirong {} {purpose}", config.role))
        };
        let (consuming, publishing) = (link("consume"), link("publish"));
        let config = Arc::new(config);
        let outbox = Outbox::default();
        let pulses = Pulses::new();
        let shutdown = shutdown.child_token();
        let mut tasks = JoinSet::new();
        let relay = Relay {
            config: Arc::clone(&config),
            pool: pool.clone(),
            outbox: outbox.clone(),
            link: Arc::clone(&publishing),
            pulse: Arc::clone(&pulses.relay),
            shutdown: shutdown.clone(),
        };
        tasks.spawn(relay.run());
        let measure = Measure {
            config: Arc::clone(&config),
            pool: pool.clone(),
            clock: Arc::clone(&clock),
            shutdown: shutdown.clone(),
        };
        tasks.spawn(measure.run());
        let shared = Shared {
            config,
            pool,
            clock,
            outbox,
            pulses,
            consuming,
            publishing,
            shutdown,
            tasks: Mutex::new(tasks),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Wakes the relay; keep a clone wherever something is enqueued.
    pub fn outbox(&self) -> Outbox {
        self.shared.outbox.clone()
    }

    /// Consumes `queue` with `handler` until shutdown. Takes up what was held back before, too.
    pub fn consume<H: Handler>(&self, queue: &'static Queue, handler: H) {
        let shared = &self.shared;
        let pulses = [Pulse::new(), Pulse::new(), Pulse::new()];
        let parts = consumer::Parts {
            queue,
            config: Arc::clone(&shared.config),
            pool: shared.pool.clone(),
            clock: Arc::clone(&shared.clock),
            outbox: shared.outbox.clone(),
            link: Arc::clone(&shared.consuming),
            shutdown: shared.shutdown.clone(),
        };
        shared.pulses.add(queue.name, pulses.to_vec());
        let mut tasks = shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        consumer::spawn(&mut tasks, parts, handler, pulses);
    }

    /// Whether every part lives and is connected.
    pub fn health(&self) -> BusHealth {
        self.shared.pulses.look()
    }

    /// Ends all tasks after the work they have in hand, at most after the drain limit.
    pub async fn stop(self) {
        let shared = &self.shared;
        shared.shutdown.cancel();
        let mut tasks = std::mem::take(&mut *shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let drained = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(shared.config.drain_limit, drained).await.is_err() {
            tracing::warn!(role = shared.config.role, "work in hand was cut off; it will be done again");
            tasks.shutdown().await;
        }
        shared.consuming.close().await;
        shared.publishing.close().await;
    }
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bus").field("role", &self.shared.config.role).finish_non_exhaustive()
    }
}
