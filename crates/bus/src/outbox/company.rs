//! When the relay looks at rows that may wait: not with every look at the outbox, but a while after it may have had the
//! first of them. Until then looks leave their types out, so that they are not read again and again.

use std::future::pending;
use std::time::{Duration, Instant};

/// The wait of unhurried rows.
#[derive(Debug)]
pub(super) struct Company {
    unhurried: &'static [&'static str],
    linger: Duration,
    /// From when on looks leave nothing out. `None`: nobody said that a row came since the last such look.
    due: Option<Instant>,
    parted: bool,
}

impl Company {
    /// What lies in the outbox already has waited.
    pub(super) fn new(unhurried: &'static [&'static str], linger: Duration, now: Instant) -> Self {
        Self { unhurried, linger, due: Some(now), parted: false }
    }

    /// Rows may have come just now.
    pub(super) fn came(&mut self, now: Instant) {
        if !self.unhurried.is_empty() {
            self.due.get_or_insert(now + self.linger);
        }
    }

    /// Nobody said that rows came: what is there is another process's, and it is not known since when.
    pub(super) fn polled(&mut self, now: Instant) {
        self.due.get_or_insert(now);
    }

    /// The types that a look leaves out.
    pub(super) fn left_out(&self, now: Instant) -> &'static [&'static str] {
        if self.due.is_some_and(|due| due <= now) { &[] } else { self.unhurried }
    }

    /// A look came back. If it left nothing out and found as much as it may take, then more waits: until that is sent, all
    /// types are looked at in the order of their rows.
    pub(super) fn looked(&mut self, left_out: &[&str], full: bool, now: Instant) {
        if left_out.is_empty() {
            self.due = full.then_some(now);
        }
    }

    /// The end: whether rows may wait, which leave now or not before the next start. Said once, so that the end comes.
    pub(super) fn parting(&mut self) -> bool {
        !std::mem::replace(&mut self.parted, true) && self.due.is_some() && !self.unhurried.is_empty()
    }

    /// Waits until nothing is left out any more.
    pub(super) async fn ripe(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due.into()).await,
            None => pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[&str] = &["a", "b"];
    const LINGER: Duration = Duration::from_millis(50);

    #[test]
    fn unhurried_rows_are_looked_at_once_the_first_may_have_waited_long_enough() {
        let begun = Instant::now();
        let at = |milliseconds| begun + Duration::from_millis(milliseconds);
        let mut company = Company::new(KINDS, LINGER, begun);
        assert!(company.left_out(at(0)).is_empty(), "what was there at the start has waited");
        company.looked(&[], false, at(0));
        assert_eq!(company.left_out(at(1_000)), KINDS, "nothing came");
        company.came(at(1_000));
        company.came(at(1_049));
        // A look for hurried rows, and one because nobody woke the relay, change nothing of the wait.
        company.looked(KINDS, true, at(1_049));
        company.polled(at(1_049));
        assert_eq!(company.left_out(at(1_049)), KINDS);
        assert!(company.left_out(at(1_050)).is_empty());
        company.looked(&[], true, at(1_060));
        assert!(company.left_out(at(1_060)).is_empty(), "more waits");
        company.looked(&[], false, at(1_061));
        assert_eq!(company.left_out(at(1_061)), KINDS);
        company.polled(at(1_300));
        assert!(company.left_out(at(1_300)).is_empty(), "of another process");
    }

    #[test]
    fn at_the_end_nothing_waits_any_longer_and_without_unhurried_types_nothing_ever_does() {
        let begun = Instant::now();
        let mut company = Company::new(KINDS, LINGER, begun);
        company.looked(&[], false, begun);
        company.came(begun);
        assert!(company.parting());
        company.came(begun);
        assert!(!company.parting(), "once");
        let mut company = Company::new(KINDS, LINGER, begun);
        company.looked(&[], false, begun);
        assert!(!company.parting(), "nothing came");
        let mut company = Company::new(&[], LINGER, begun);
        company.came(begun);
        assert!(company.left_out(begun).is_empty());
        assert!(!company.parting());
    }
}
