//! When something may begin again. What is busy takes more at a time, since transactions and messages cost by their number:
//! where so much comes that it is worth it, a batch begins at most every so many milliseconds. What is not busy never waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a busy batch begins.
const EVERY: Duration = Duration::from_millis(10);
/// Over which time it is seen how much comes.
const MEMORY: Duration = Duration::from_millis(100);

/// Gives turns. Clones are the same.
#[derive(Debug, Clone)]
pub struct Pace {
    worth: f64,
    linger: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// Pieces in a second, fading.
    rate: f64,
    seen: Instant,
    begun: Option<Instant>,
}

impl Pace {
    /// It is worth waiting where so many pieces come in the time of one turn.
    #[must_use]
    pub fn new(worth: u32) -> Self {
        let state = State { rate: 0.0, seen: Instant::now(), begun: None };
        Self { worth: f64::from(worth), linger: Duration::ZERO, state: Arc::new(Mutex::new(state)) }
    }

    /// Every batch waits for so long: what is answered together comes within a moment, and not at the same instant.
    #[must_use]
    pub fn lingering(self, linger: Duration) -> Self {
        Self { linger, ..self }
    }

    /// Waits until the next batch may begin.
    pub async fn turn(&self) {
        let wait = self.state().turn(Instant::now(), self.worth).max(self.linger);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.state().begun = Some(Instant::now());
    }

    /// A batch had so many pieces.
    pub fn took(&self, pieces: usize) {
        self.state().took(Instant::now(), pieces);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, now: Instant, worth: f64) -> Duration {
        self.fade(now);
        let Some(begun) = self.begun.filter(|_| self.rate * EVERY.as_secs_f64() >= worth) else {
            return Duration::ZERO;
        };
        EVERY.saturating_sub(now.saturating_duration_since(begun))
    }

    fn took(&mut self, now: Instant, pieces: usize) {
        self.fade(now);
        self.rate += pieces as f64 / MEMORY.as_secs_f64();
    }

    fn fade(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.seen);
        self.rate *= (-age.as_secs_f64() / MEMORY.as_secs_f64()).exp();
        self.seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_busy_waits_for_company_and_who_is_not_never_does() {
        let begun = Instant::now();
        let at = |milliseconds: u64| begun + Duration::from_millis(milliseconds);
        let mut state = State { rate: 0.0, seen: begun, begun: Some(begun) };
        // Eight pieces every 10 ms are not worth it where sixteen are.
        for turn in 0..50 {
            assert_eq!(state.turn(at(10 * turn), 16.0), Duration::ZERO);
            state.begun = Some(at(10 * turn));
            state.took(at(10 * turn), 8);
        }
        // Thirty are, once that has been seen for a while.
        for turn in 50..100 {
            state.begun = Some(at(10 * turn));
            state.took(at(10 * turn), 30);
        }
        assert_eq!(state.turn(at(10 * 99 + 4), 16.0), Duration::from_millis(6));
        assert_eq!(state.turn(at(10 * 99 + 14), 16.0), Duration::ZERO, "not longer than a turn");
        assert_eq!(state.turn(at(10 * 99 + 500), 16.0), Duration::ZERO, "rest is seen too");
    }
}
