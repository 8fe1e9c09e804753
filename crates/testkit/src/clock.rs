//! A clock that a test moves.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use kernel::Clock;

/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct GivenClock {
    mode: Arc<Mutex<Mode>>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Stands still until it is moved.
    Stopped(DateTime<Utc>),
    /// Runs with the machine's clock, ahead of it by so much.
    Running(TimeDelta),
}

impl GivenClock {
    /// Shows `instant` until it is moved.
    #[must_use]
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self { mode: Arc::new(Mutex::new(Mode::Stopped(instant))) }
    }

    /// Runs with the machine's clock until it is moved; then ahead of it.
    #[must_use]
    pub fn running() -> Self {
        Self { mode: Arc::new(Mutex::new(Mode::Running(TimeDelta::zero()))) }
    }

    /// Moves forward (or back, where `by` is negative).
    pub fn advance(&self, by: TimeDelta) {
        self.change(|mode| match mode {
            Mode::Stopped(at) => Mode::Stopped(at + by),
            Mode::Running(ahead) => Mode::Running(ahead + by),
        });
    }

    /// Stops at `instant`.
    pub fn set(&self, instant: DateTime<Utc>) {
        self.change(|_| Mode::Stopped(instant));
    }

    fn change(&self, by: impl FnOnce(Mode) -> Mode) {
        let mut mode = self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        *mode = by(*mode);
    }
}

impl Clock for GivenClock {
    fn now(&self) -> DateTime<Utc> {
        let now = match *self.mode.lock().unwrap_or_else(PoisonError::into_inner) {
            Mode::Stopped(at) => at,
            Mode::Running(ahead) => Utc::now() + ahead,
        };
        now.trunc_subsecs(6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_shows_the_time_that_the_other_was_moved_to() {
        let noon = "2026-03-02T04:00:00Z".parse().unwrap();
        let clock = GivenClock::at(noon);
        let other = clock.clone();
        clock.advance(TimeDelta::days(3));
        assert_eq!(other.now(), noon + TimeDelta::days(3));
        other.set(noon);
        assert_eq!(clock.now(), noon);
    }

    #[test]
    fn a_running_clock_stays_ahead() {
        let clock = GivenClock::running();
        clock.advance(TimeDelta::days(5));
        assert!(clock.now() - Utc::now() > TimeDelta::hours(119));
    }
}
