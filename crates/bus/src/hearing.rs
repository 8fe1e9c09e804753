//! Whether a queue's messages reach this process, and since when: time must not run out over what waits with the broker.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::TimeDelta;

use crate::{Bus, Queue};

/// Since when a queue has been consumed, as far as anybody has looked.
#[derive(Clone)]
pub struct Hearing {
    bus: Bus,
    queue: &'static Queue,
    since: Arc<Mutex<Option<Instant>>>,
}

impl Hearing {
    pub fn of(bus: &Bus, queue: &'static Queue) -> Self {
        Self { bus: bus.clone(), queue, since: Arc::default() }
    }

    /// True when the queue has been consumed without a break for this long. A break is noticed only by a look: look often.
    pub fn for_long(&self, time: TimeDelta) -> bool {
        let health = self.bus.health();
        let hears = health.connected
            && health
                .consumers
                .iter()
                .any(|consumer| consumer.queue == self.queue.name && consumer.consuming);
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if !hears {
            *since = None;
            return false;
        }
        let begun = *since.get_or_insert_with(Instant::now);
        time.to_std().is_ok_and(|time| begun.elapsed() >= time)
    }
}
