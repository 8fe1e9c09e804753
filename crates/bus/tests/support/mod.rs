//! What the tests stand on: engines, a ground each, a handler that records, a proxy that fails on demand.

mod ground;
mod proxy;
mod recorder;
mod wire;

pub(crate) use ground::{Ground, engines, quick};
pub(crate) use proxy::{Proxy, Towards};
pub(crate) use recorder::{Gatherer, Recorder, Verdict};
pub(crate) use wire::{ack_of_unknown_delivery, blocked, new_id, properties, unblocked};

use std::time::{Duration, Instant};

/// Generous: two busy cores. A condition that holds is seen within milliseconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Looks again and again until `look` gives something; the test fails after [`LIMIT`], naming what was waited for.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "not within {LIMIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
