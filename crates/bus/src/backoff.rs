//! Pauses between attempts: doubling, bounded, jittered, without an end.

use std::time::Duration;

use rand::Rng;

/// One thing's pauses. It grows while attempts fail and starts again once one has succeeded.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, failures: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause: between half and all of the doubled one, so that replicas do not knock together.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = grown(self.first, self.max, self.failures);
        self.failures = self.failures.saturating_add(1);
        whole.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// `first` doubled `failures` times, at most `max`.
pub(crate) fn grown(first: Duration, max: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(20)).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_never_end() {
        let max = Duration::from_secs(5);
        let mut backoff = Backoff::new(Duration::from_millis(100), max);
        for attempt in 0..100u32 {
            let whole = grown(Duration::from_millis(100), max, attempt);
            let pause = backoff.next();
            assert!(pause <= whole && pause >= whole / 2, "attempt {attempt}: {pause:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
