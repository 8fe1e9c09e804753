//! Who waits for new rows in which institution's feed, within this process. Polling stands behind it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::InstitutionId;
use tokio::sync::Notify;

#[derive(Debug, Clone, Default)]
pub struct Wakeups {
    waiting: Arc<Mutex<HashMap<InstitutionId, Arc<Notify>>>>,
}

impl Wakeups {
    /// What is notified when the feed of `institution` may have grown.
    pub fn of(&self, institution: InstitutionId) -> Arc<Notify> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(waiting.entry(institution).or_default())
    }

    /// Wakes everyone who waits for one of `institutions`.
    pub fn wake(&self, institutions: impl IntoIterator<Item = InstitutionId>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for institution in institutions {
            let Some(notify) = waiting.get(&institution) else { continue };
            notify.notify_waiters();
            // The map's own handle is the only one left: nobody waits any more.
            if Arc::strong_count(notify) == 1 {
                waiting.remove(&institution);
            }
        }
    }
}
