//! Whether relay and consumers are alive: what `/readyz` asks, and what the tasks themselves write down.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A task that has not shown itself for this long is taken for dead. Longer than any single wait inside a task.
const SILENCE: Duration = Duration::from_secs(90);

/// One look at a bus.
#[derive(Debug, Clone)]
pub struct BusHealth {
    /// Both connections that are in use are up.
    pub connected: bool,
    pub relay: RelayHealth,
    pub consumers: Vec<ConsumerHealth>,
}

impl BusHealth {
    /// Every task lives, whether or not broker and database can be reached at this moment.
    pub fn alive(&self) -> bool {
        self.relay.alive && self.consumers.iter().all(|c| c.alive)
    }

    /// Alive, connected, and every consumer has its queue.
    pub fn ready(&self) -> bool {
        self.alive() && self.connected && self.consumers.iter().all(|c| c.consuming)
    }
}

/// The relay, as seen from outside.
#[derive(Debug, Clone)]
pub struct RelayHealth {
    /// Its task runs and moves.
    pub alive: bool,
    /// It holds the lock and is the one that publishes for its role.
    pub leading: bool,
    /// The broker has blocked publishing (memory or disk alarm).
    pub blocked: bool,
}

/// One consumer, as seen from outside.
#[derive(Debug, Clone)]
pub struct ConsumerHealth {
    pub queue: &'static str,
    /// Its tasks run and move.
    pub alive: bool,
    /// It is subscribed to its queue.
    pub consuming: bool,
    /// It holds a batch in hand because the database cannot be reached.
    pub holding: bool,
}

const UP: u8 = 1;
const LEADING: u8 = 2;
const BLOCKED: u8 = 4;
const CONSUMING: u8 = 8;
const HOLDING: u8 = 16;
const STANDBY: u8 = 32;

/// What one task says about itself.
#[derive(Debug)]
pub(crate) struct Pulse {
    born: Instant,
    /// Milliseconds after `born`.
    last: AtomicU64,
    flags: AtomicU8,
    ended: AtomicBool,
}

impl Pulse {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            last: AtomicU64::new(0),
            flags: AtomicU8::new(0),
            ended: AtomicBool::new(false),
        })
    }

    pub(crate) fn beat(&self) {
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn set(&self, flag: u8, on: bool) {
        self.beat();
        if on {
            self.flags.fetch_or(flag, Ordering::Relaxed);
        } else {
            self.flags.fetch_and(!flag, Ordering::Relaxed);
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.load(Ordering::Relaxed) & flag != 0
    }

    pub(crate) fn connected(&self, on: bool) {
        self.set(UP, on);
    }

    pub(crate) fn leading(&self, on: bool) {
        self.set(LEADING, on);
    }

    /// Another process leads, so this one needs no connection for publishing.
    pub(crate) fn standby(&self, on: bool) {
        self.set(STANDBY, on);
    }

    pub(crate) fn blocked(&self, on: bool) {
        self.set(BLOCKED, on);
    }

    pub(crate) fn consuming(&self, on: bool) {
        self.set(CONSUMING | UP, on);
    }

    pub(crate) fn holding(&self, on: bool) {
        self.set(HOLDING, on);
    }

    fn alive(&self) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        !self.ended.load(Ordering::Relaxed) && self.born.elapsed().saturating_sub(last) < SILENCE
    }

    /// Marks the task as ended when its future is dropped, by whatever way.
    pub(crate) fn guard(self: &Arc<Self>) -> PulseGuard {
        PulseGuard(Arc::clone(self))
    }
}

/// Held by a task for as long as it lives.
pub(crate) struct PulseGuard(Arc<Pulse>);

impl Drop for PulseGuard {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
        self.0.flags.store(0, Ordering::Relaxed);
    }
}

/// A consumer's queue and the pulses of its tasks.
type Consumer = (&'static str, Vec<Arc<Pulse>>);

/// All pulses of one bus.
#[derive(Debug)]
pub(crate) struct Pulses {
    pub(crate) relay: Arc<Pulse>,
    consumers: Mutex<Vec<Consumer>>,
}

impl Pulses {
    pub(crate) fn new() -> Self {
        Self { relay: Pulse::new(), consumers: Mutex::default() }
    }

    fn consumers(&self) -> MutexGuard<'_, Vec<Consumer>> {
        self.consumers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a consumer with the pulses of its tasks; the first of them is the one that reads the queue.
    pub(crate) fn add(&self, queue: &'static str, pulses: Vec<Arc<Pulse>>) {
        self.consumers().push((queue, pulses));
    }

    pub(crate) fn look(&self) -> BusHealth {
        let consumers: Vec<ConsumerHealth> = self
            .consumers()
            .iter()
            .map(|(queue, pulses)| ConsumerHealth {
                queue,
                alive: pulses.iter().all(|p| p.alive()),
                consuming: pulses.first().is_some_and(|p| p.has(CONSUMING)),
                holding: pulses.iter().any(|p| p.has(HOLDING)),
            })
            .collect();
        let publishing = self.relay.has(STANDBY) || (self.relay.has(LEADING) && self.relay.has(UP));
        BusHealth {
            connected: publishing && consumers.iter().all(|c| c.consuming),
            relay: RelayHealth {
                alive: self.relay.alive(),
                leading: self.relay.has(LEADING),
                blocked: self.relay.has(BLOCKED),
            },
            consumers,
        }
    }
}
