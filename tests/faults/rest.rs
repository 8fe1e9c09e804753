//! Waits until nothing moves any more: what was held up by an outage arrives, last deadlines pass.

use std::time::{Duration, Instant};

use crate::checks::ask;
use crate::ground::Ground;
use crate::invariants::ALL;

/// Held messages are tried again with pauses that grow; this is well beyond the longest.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(500);

/// Until all invariants hold, or patience ends; what is still open then is found by the checks themselves.
pub(crate) async fn wait(ground: &Ground) -> Vec<String> {
    let begun = Instant::now();
    let mut conn = ground.books.acquire().await.unwrap();
    while begun.elapsed() < PATIENCE {
        let mut calm = true;
        for invariant in ALL {
            calm = calm && ask(&mut conn, invariant).await.is_empty();
        }
        if calm {
            println!("{} at rest after {:.1} s", ground.clock(), begun.elapsed().as_secs_f64());
            return Vec::new();
        }
        tokio::time::sleep(LOOK).await;
    }
    vec![format!("not at rest after {PATIENCE:?}")]
}
