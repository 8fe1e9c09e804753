//! Where the present comes from: the edge of a process asks a `Clock`, everything inside is given the time.

use chrono::{DateTime, SubsecRound as _, Utc};

/// A source of the present instant; tests give their own.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, in whole microseconds: what is remembered of it and what the database keeps are the same.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}
