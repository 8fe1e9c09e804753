//! Whether replies reach this process, and since when: a window must not end over answers that wait with the broker.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bus::Bus;
use chrono::TimeDelta;

use crate::messaging::REPLIES;

/// Since when replies have been consumed, as far as anybody has looked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hearing(Arc<Mutex<Option<Instant>>>);

impl Hearing {
    /// True when replies have been consumed without a break for this long.
    pub(super) fn for_long(&self, bus: &Bus, time: TimeDelta) -> bool {
        let health = bus.health();
        let hears = health.connected
            && health.consumers.iter().any(|consumer| consumer.queue == REPLIES.name && consumer.consuming);
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !hears {
            *since = None;
            return false;
        }
        let begun = *since.get_or_insert_with(Instant::now);
        time.to_std().is_ok_and(|time| begun.elapsed() >= time)
    }
}
