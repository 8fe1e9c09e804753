//! Waits until nothing moves any more: what was held up by an outage arrives, last deadlines pass.

use std::time::{Duration, Instant};

use crate::checks::{ask, invariants};
use crate::ground::Ground;
use crate::witness;

/// Held messages are tried again with pauses that grow; this is well beyond the longest.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(500);
/// An institution that comes back after a pause may still say something: so many looks in a row must find nothing open.
const CALM_LOOKS: u32 = 10;

/// Until all invariants hold, or patience ends; what is still open then is found by the checks themselves.
pub(crate) async fn wait(ground: &Ground) -> Vec<String> {
    let begun = Instant::now();
    let mut conn = ground.books.acquire().await.unwrap();
    let mut calm_looks = 0;
    while begun.elapsed() < PATIENCE {
        witness::open(&mut conn).await;
        let mut calm = true;
        for invariant in invariants() {
            calm = calm && ask(&mut conn, invariant).await.is_empty();
        }
        calm_looks = if calm { calm_looks + 1 } else { 0 };
        if calm_looks == CALM_LOOKS {
            println!("{} at rest after {:.1} s", ground.clock(), begun.elapsed().as_secs_f64());
            return Vec::new();
        }
        tokio::time::sleep(LOOK).await;
    }
    vec![format!("not at rest after {PATIENCE:?}")]
}

/// Until institutions have caught up with what they are told, as far as patience goes: after an outage they come back with
/// pauses that have grown.
pub(crate) async fn caught_up(ground: &Ground) {
    const WAITING: &str = "SELECT count(*) FROM partner.feed";
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE / 2 {
        let waiting: i64 = sqlx::query_scalar(WAITING).fetch_one(&ground.books).await.unwrap();
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}
