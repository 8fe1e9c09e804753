//! The beat of work that a role takes up by itself: rows say what is to be done and when, a turn does what is due and tells
//! how long there is nothing to do.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often work is looked for that nobody announced: another replica's, or what was there before a restart.
pub const POLL: Duration = Duration::from_secs(1);

/// Takes turn after turn until `shutdown`; a turn in hand is finished. `wake` ends a rest; a turn that failed, which is
/// logged as work of this `kind`, is taken again after [`POLL`].
pub async fn turns<E, F>(
    kind: &'static str,
    wake: &Notify,
    shutdown: &CancellationToken,
    turn: impl Fn() -> F,
) where
    F: Future<Output = Result<Duration, E>>,
    E: Error + 'static,
{
    while !shutdown.is_cancelled() {
        let rest = match turn().await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::warn!(kind, error = &error as &dyn Error, "work waits");
                POLL
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = wake.notified(), if !rest.is_zero() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// How long to rest where the next row is due at `next`: never longer than [`POLL`].
pub fn rest_until(next: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    next.map_or(POLL, |at| (at - now).to_std().unwrap_or_default().min(POLL))
}

/// When to try again what failed `attempts` times before: doubling from 0.2 s to 30 s.
pub fn try_again_at(now: DateTime<Utc>, attempts: u32) -> DateTime<Utc> {
    let milliseconds = 200_i64.saturating_mul(1 << attempts.min(8)).min(30_000);
    now + TimeDelta::milliseconds(milliseconds)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_rest_ends_with_the_next_row_and_a_failure_is_tried_later_and_later() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(rest_until(None, now), POLL);
        assert_eq!(rest_until(Some(now + TimeDelta::milliseconds(300)), now), Duration::from_millis(300));
        assert_eq!(rest_until(Some(now + TimeDelta::days(3)), now), POLL);
        assert_eq!(rest_until(Some(now - TimeDelta::days(3)), now), Duration::ZERO);
        let pauses: Vec<i64> =
            [0, 1, 7, 8, 99].map(|n| (try_again_at(now, n) - now).num_milliseconds()).into();
        assert_eq!(pauses, [200, 400, 25_600, 30_000, 30_000]);
    }

    #[tokio::test]
    async fn a_turn_that_fails_is_taken_again_a_wake_ends_a_rest_and_shutdown_ends_all() {
        let (wake, shutdown, taken) = (Notify::new(), CancellationToken::new(), AtomicU32::new(0));
        let begun = tokio::time::Instant::now();
        turns("TEST", &wake, &shutdown, || async {
            match taken.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Duration::ZERO),
                1 => Err(io::Error::other("away")),
                2 => {
                    assert!(begun.elapsed() >= POLL, "a failure rests");
                    wake.notify_one();
                    Ok(Duration::from_secs(60))
                }
                _ => {
                    assert!(begun.elapsed() < Duration::from_secs(60), "woken at once");
                    shutdown.cancel();
                    Ok(Duration::from_secs(60))
                }
            }
        })
        .await;
        assert_eq!(taken.into_inner(), 4);
        assert!(begun.elapsed() < Duration::from_secs(60), "shutdown ends a rest");
    }
}
