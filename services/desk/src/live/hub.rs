//! Looks at each watched case, at most once in a while, and tells its watchers when something has changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc::Actor;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::look::{Update, look};
use crate::peers::{Directory, Peers};

/// Failures in a row make the pauses longer, up to this many times as long.
const SLOWEST: u32 = 10;

type Told = Option<Arc<Update>>;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    peers: Peers,
    directory: Directory,
    every: Duration,
    shutdown: CancellationToken,
    watched: Mutex<HashMap<String, Watched>>,
    next: AtomicU64,
}

/// A case that somebody watches. The channel keeps the last update only, so a slow browser costs nothing.
struct Watched {
    sender: watch::Sender<Told>,
    /// In whose names the case may be read: those who watch it now.
    watchers: Vec<(u64, Actor)>,
}

/// Held as long as somebody watches.
pub(crate) struct Subscription {
    hub: Hub,
    case: String,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut watched = self.hub.watched();
        if let Some(entry) = watched.get_mut(&self.case) {
            entry.watchers.retain(|(id, _)| *id != self.id);
        }
    }
}

impl Hub {
    pub(crate) fn new(
        peers: Peers,
        directory: Directory,
        every: Duration,
        shutdown: CancellationToken,
    ) -> Self {
        let inner =
            Inner { peers, directory, every, shutdown, watched: Mutex::default(), next: AtomicU64::new(0) };
        Self { inner: Arc::new(inner) }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<String, Watched>> {
        self.inner.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a case in the name of `actor`. The first watcher starts the looks, the last one ends them.
    pub(crate) fn watch(&self, case: &str, actor: Actor) -> (Subscription, watch::Receiver<Told>) {
        let id = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let mut watched = self.watched();
        let mut begin = false;
        let entry = watched.entry(case.to_owned()).or_insert_with(|| {
            begin = true;
            Watched { sender: watch::Sender::new(None), watchers: Vec::new() }
        });
        entry.watchers.push((id, actor));
        let receiver = entry.sender.subscribe();
        if begin {
            let looks = self.clone().run(case.to_owned(), entry.sender.clone());
            tokio::spawn(self.inner.shutdown.clone().run_until_cancelled_owned(looks));
        }
        (Subscription { hub: self.clone(), case: case.to_owned(), id }, receiver)
    }

    /// Who watches; with nobody left the case is forgotten, under the same lock under which watchers come.
    fn anybody(&self, case: &str) -> Option<Actor> {
        let mut watched = self.watched();
        let actor = watched.get(case).and_then(|entry| entry.watchers.last()).map(|(_, actor)| actor.clone());
        if actor.is_none() {
            watched.remove(case);
        }
        actor
    }

    async fn run(self, case: String, sender: watch::Sender<Told>) {
        let mut failures: u32 = 0;
        while let Some(actor) = self.anybody(&case) {
            match look(&self.inner.peers, &self.inner.directory, &actor, &case).await {
                Ok(looked) => {
                    failures = 0;
                    sender.send_if_modified(|told| {
                        let differs = told.as_deref() != Some(&looked.update);
                        if differs {
                            *told = Some(Arc::new(looked.update));
                        }
                        differs
                    });
                }
                Err(status) => {
                    failures = failures.saturating_add(1);
                    tracing::debug!(code = ?status.code(), "a watched case could not be read");
                }
            }
            tokio::time::sleep(self.inner.every * (failures + 1).min(SLOWEST)).await;
        }
    }
}
