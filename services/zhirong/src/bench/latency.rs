//! Latencies and their percentiles.

use std::time::Duration;

#[derive(Debug, Default, Clone)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that `percent` of all are not above, in milliseconds; None without any.
    pub(super) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).map(|latency| latency.as_secs_f64() * 1_000.0)
    }

    /// "P50 12.3 ms, P99 45.6 ms".
    pub(super) fn text(&self) -> String {
        match (self.percentile(50), self.percentile(99)) {
            (Some(median), Some(tail)) => format!("P50 {median:.1} ms, P99 {tail:.1} ms"),
            _ => "none".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut latencies = Latencies::default();
        (1..=100).for_each(|ms| latencies.add(Duration::from_millis(ms)));
        assert_eq!(latencies.percentile(50), Some(50.0));
        assert_eq!(latencies.percentile(99), Some(99.0));
        assert_eq!(Latencies::default().percentile(50), None);
    }
}
