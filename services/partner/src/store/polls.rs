//! The long polls that wait in this process. What comes for an institution that waits is handed to it from memory, leased by
//! the transaction that wrote it; whatever else comes makes it look at its feed. Polling stands behind both.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use kernel::InstitutionId;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::Handed;

/// A transaction that is about to hand something over ends within this; who cannot wait that long leaves.
const HANDING: Duration = Duration::from_secs(1);

/// Who waits, by institution. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct LongPolls {
    lines: Arc<Mutex<HashMap<InstitutionId, Line>>>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    numbered: u64,
    /// From when on the feed is to be looked at, because something came that was not handed over.
    look_at: Option<Instant>,
    looked_at: Option<Instant>,
    /// Notified when one of these changes.
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    most: usize,
    lease: TimeDelta,
    hand: oneshot::Sender<Handed>,
}

impl LongPolls {
    /// Somebody looks at the feed now: finds all that was committed before.
    pub fn looking(&self, institution: InstitutionId) {
        let mut lines = self.lines();
        let line = lines.entry(institution).or_default();
        line.look_at = None;
        line.looked_at = Some(Instant::now());
    }

    /// Whether nobody has looked within `age`, or something has come that is to be looked for.
    pub fn is_look_due(&self, institution: InstitutionId, age: Duration) -> bool {
        let now = Instant::now();
        self.lines().get(&institution).is_none_or(|line| {
            line.look_at.is_some_and(|at| at <= now) || line.looked_at.is_none_or(|at| now - at > age)
        })
    }

    /// Waits for up to `most` events, each leased for `lease`.
    pub fn wait(&self, institution: InstitutionId, most: usize, lease: TimeDelta) -> Ticket {
        let (hand, handed) = oneshot::channel();
        let mut lines = self.lines();
        let line = lines.entry(institution).or_default();
        line.numbered += 1;
        let number = line.numbered;
        line.waiting.push_back(Waiting { number, most, lease, hand });
        let changed = Arc::clone(&line.changed);
        drop(lines);
        Ticket { polls: self.clone(), institution, number, handed, changed, looks: false }
    }

    /// Takes out the one of the institution's that has waited longest.
    pub fn reserve(&self, institution: InstitutionId) -> Option<Reserved> {
        let mut lines = self.lines();
        let line = lines.get_mut(&institution)?;
        while let Some(waiting) = line.waiting.pop_front() {
            if !waiting.hand.is_closed() {
                return Some(Reserved { polls: self.clone(), institution, waiting: Some(waiting) });
            }
        }
        None
    }

    /// Lets these institutions look at their feeds, from `after` on.
    pub fn wake(&self, institutions: impl IntoIterator<Item = InstitutionId>, after: Duration) {
        let at = Instant::now() + after;
        let mut lines = self.lines();
        for institution in institutions {
            let line = lines.entry(institution).or_default();
            line.look_at = Some(line.look_at.map_or(at, |before| before.min(at)));
            line.changed.notify_waiters();
        }
    }

    /// Whether it is for this one to look: of all that wait only one is to.
    fn take_look(&self, institution: InstitutionId) -> bool {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(&institution) else { return false };
        line.look_at.take_if(|at| *at <= Instant::now()).is_some()
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<InstitutionId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was in its line.
    fn remove(&self, institution: InstitutionId, number: u64) -> bool {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(&institution) else { return false };
        let before = line.waiting.len();
        line.waiting.retain(|waiting| waiting.number != number);
        line.waiting.len() < before
    }
}

/// A place in the line of an institution; given up when it is dropped.
#[derive(Debug)]
pub struct Ticket {
    polls: LongPolls,
    institution: InstitutionId,
    number: u64,
    handed: oneshot::Receiver<Handed>,
    changed: Arc<Notify>,
    /// It has taken it upon itself to look at the feed.
    looks: bool,
}

impl Ticket {
    /// What is handed over; nothing when the feed is to be looked at.
    pub async fn next(&mut self) -> Option<Handed> {
        loop {
            // Registered before looking, so that nothing falls between the look and the wait.
            let changed = self.changed.notified();
            let look_at = self.polls.lines().get(&self.institution).and_then(|line| line.look_at);
            if look_at.is_some_and(|at| at <= Instant::now()) && self.polls.take_look(self.institution) {
                self.looks = true;
                return None;
            }
            let look_due = async {
                match look_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                handed = &mut self.handed => return handed.ok(),
                () = changed => {}
                () = look_due => {}
            }
        }
    }

    /// Gives the place up, to look at the feed or to end; what is being handed over at this moment is taken along instead.
    pub async fn give_up(mut self) -> Option<Handed> {
        let limit = Instant::now() + HANDING;
        loop {
            let changed = Arc::clone(&self.changed);
            let changed = changed.notified();
            if self.polls.remove(self.institution, self.number) {
                self.looks = false;
                return None;
            }
            tokio::select! {
                handed = &mut self.handed => return handed.ok(),
                () = changed => {}
                () = sleep(limit.saturating_duration_since(Instant::now())) => {
                    // Nothing can come any more; what came at this moment is taken along.
                    self.handed.close();
                    let handed = self.handed.try_recv().ok();
                    self.looks &= handed.is_some();
                    return handed;
                }
            }
        }
    }
}

/// A look that was taken and does not come is left to others.
impl Drop for Ticket {
    fn drop(&mut self) {
        self.polls.remove(self.institution, self.number);
        if self.looks {
            self.polls.wake([self.institution], Duration::ZERO);
        }
    }
}

/// One that waits and is to be handed something once that is committed; goes back to its place when this is dropped.
#[derive(Debug)]
pub struct Reserved {
    polls: LongPolls,
    institution: InstitutionId,
    waiting: Option<Waiting>,
}

impl Reserved {
    pub fn institution(&self) -> InstitutionId {
        self.institution
    }

    /// Events that it takes.
    pub fn most(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.most)
    }

    pub fn lease(&self) -> TimeDelta {
        self.waiting.as_ref().map_or(TimeDelta::zero(), |waiting| waiting.lease)
    }

    /// What nobody is there to take any more is dropped, and thereby given back.
    pub fn hand(mut self, handed: Handed) {
        if let Some(waiting) = self.waiting.take() {
            let _ = waiting.hand.send(handed);
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        let mut lines = self.polls.lines();
        let line = lines.entry(self.institution).or_default();
        line.waiting.push_front(waiting);
        line.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::{EventId, LegId};
    use uuid::Uuid;

    use super::*;
    use crate::domain::FeedKind;
    use crate::store::handed::testing::way_back;
    use crate::store::{Delivery, GiveBack};

    const SOON: Duration = Duration::from_secs(5);

    fn bank() -> InstitutionId {
        InstitutionId::from_uuid(Uuid::from_u128(7))
    }

    fn an_event(back: &GiveBack) -> Handed {
        let event = Delivery {
            event_id: EventId::from_uuid(Uuid::from_u128(1)),
            assignment_id: LegId::from_uuid(Uuid::from_u128(2)),
            kind: FeedKind::AssignmentIssued,
            created_at: DateTime::UNIX_EPOCH,
            attempt: 1,
            reply_id: None,
            reason: None,
            trace: None,
        };
        Handed::new(bank(), vec![event], DateTime::UNIX_EPOCH, back.clone())
    }

    fn waits(polls: &LongPolls) -> Ticket {
        polls.wait(bank(), 10, TimeDelta::seconds(60))
    }

    #[tokio::test]
    async fn who_waited_longest_is_handed_what_comes() {
        let polls = LongPolls::default();
        let (back, _) = way_back();
        let (mut first, mut second) = (waits(&polls), waits(&polls));
        let reserved = polls.reserve(bank()).unwrap();
        assert_eq!((reserved.most(), reserved.lease()), (10, TimeDelta::seconds(60)));
        reserved.hand(an_event(&back));
        assert_eq!(first.next().await.unwrap().take().len(), 1);
        drop(first);
        polls.reserve(bank()).unwrap().hand(an_event(&back));
        assert_eq!(second.next().await.unwrap().take().len(), 1);
        assert!(polls.reserve(bank()).is_none());
    }

    #[tokio::test]
    async fn who_left_is_passed_over_and_who_leaves_in_between_gives_it_back() {
        let polls = LongPolls::default();
        let (back, mut came_back) = way_back();
        drop(waits(&polls));
        assert!(waits(&polls).give_up().await.is_none());
        assert!(polls.reserve(bank()).is_none());
        let ticket = waits(&polls);
        let reserved = polls.reserve(bank()).unwrap();
        drop(ticket);
        reserved.hand(an_event(&back));
        assert_eq!(came_back(), 1);
        // It lies there already, and nobody looks.
        let ticket = waits(&polls);
        polls.reserve(bank()).unwrap().hand(an_event(&back));
        assert_eq!(came_back(), 0);
        drop(ticket);
        assert_eq!(came_back(), 1);
    }

    #[tokio::test]
    async fn a_transaction_that_fails_leaves_its_place_to_who_waits() {
        let polls = LongPolls::default();
        let (back, _) = way_back();
        let (mut first, _second) = (waits(&polls), waits(&polls));
        drop(polls.reserve(bank()).unwrap());
        polls.reserve(bank()).unwrap().hand(an_event(&back));
        assert_eq!(first.next().await.unwrap().take().len(), 1);
    }

    #[tokio::test]
    async fn who_gives_up_takes_along_what_is_being_handed_over() {
        let polls = LongPolls::default();
        let (back, _) = way_back();
        let (ticket, reserved) = (waits(&polls), polls.reserve(bank()).unwrap());
        let (handed, ()) = tokio::join!(biased; ticket.give_up(), async { reserved.hand(an_event(&back)) });
        assert_eq!(handed.unwrap().take().len(), 1);
        let (ticket, reserved) = (waits(&polls), polls.reserve(bank()).unwrap());
        let (handed, ()) = tokio::join!(biased; ticket.give_up(), async { drop(reserved) });
        assert!(handed.is_none());
        assert!(polls.reserve(bank()).is_none(), "it has gone");
    }

    #[tokio::test]
    async fn what_is_not_handed_over_is_looked_for_in_its_time() {
        let polls = LongPolls::default();
        let (back, _) = way_back();
        assert!(polls.is_look_due(bank(), SOON), "nobody has ever looked");
        polls.looking(bank());
        assert!(!polls.is_look_due(bank(), SOON));
        let mut ticket = waits(&polls);
        let begun = Instant::now();
        let unhurried = Duration::from_millis(50);
        let (handed, ()) = tokio::join!(biased; ticket.next(), async {
            polls.wake([bank()], SOON);
            polls.wake([bank()], unhurried);
            polls.wake([bank()], SOON);
        });
        assert!(handed.is_none());
        assert!(begun.elapsed() >= unhurried && begun.elapsed() < SOON);
        assert!(!polls.is_look_due(bank(), SOON), "one looks, not all who wait");
        drop(ticket);
        assert!(polls.is_look_due(bank(), SOON), "and if it does not, another");
        polls.looking(bank());
        let (mut ticket, reserved) = (waits(&polls), polls.reserve(bank()).unwrap());
        polls.wake([bank()], Duration::ZERO);
        assert!(ticket.next().await.is_none());
        reserved.hand(an_event(&back));
        assert!(ticket.give_up().await.is_some());
        assert!(polls.is_look_due(bank(), SOON), "it was handed something instead");
        polls.looking(bank());
        assert!(polls.is_look_due(bank(), Duration::ZERO), "too long ago");
    }
}
