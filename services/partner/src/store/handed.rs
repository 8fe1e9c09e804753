//! Events on their way from the transaction that wrote them to the long poll that they are leased to. Whatever of them does
//! not arrive is given back, so that others need not wait for the end of the lease.

use std::time::Duration;

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId};
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::events::{self, Delivery};
use super::{LongPolls, StoreError};

/// After which pauses that is tried again where nobody knows whether the transaction was committed. A connection may break
/// while the database goes on.
const IN_DOUBT: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How often, and after which pause, it is tried again while the database is away. After that the leases run out.
const TRIES: usize = 60;
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Given back by one statement.
const MOST: usize = 256;

/// Leased to one long poll of an institution; given back when this is dropped before it is taken.
#[derive(Debug)]
pub struct Handed {
    institution: InstitutionId,
    deliveries: Vec<Delivery>,
    until: DateTime<Utc>,
    is_committed: bool,
    back: GiveBack,
}

/// The way back.
#[derive(Debug, Clone)]
pub struct GiveBack(mpsc::UnboundedSender<Left>);

/// What did not arrive.
#[derive(Debug)]
struct Left {
    institution: InstitutionId,
    events: Vec<EventId>,
    until: DateTime<Utc>,
    /// Pauses that are left.
    again: &'static [Duration],
}

impl Handed {
    pub fn new(
        institution: InstitutionId,
        deliveries: Vec<Delivery>,
        until: DateTime<Utc>,
        back: GiveBack,
    ) -> Self {
        Self { institution, deliveries, until, is_committed: false, back }
    }

    /// The transaction that wrote them is committed.
    #[must_use]
    pub fn committed(mut self) -> Self {
        self.is_committed = true;
        self
    }

    /// They have arrived.
    pub fn take(mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if self.deliveries.is_empty() {
            return;
        }
        let left = Left {
            institution: self.institution,
            events: self.deliveries.iter().map(|delivery| delivery.event_id).collect(),
            until: self.until,
            again: if self.is_committed { &[] } else { &IN_DOUBT },
        };
        // At the end nobody listens any more: the leases run out.
        let _ = self.back.0.send(left);
    }
}

impl GiveBack {
    /// Starts what gives back. It ends when nothing can be handed over any more.
    pub fn start(pool: PgPool, polls: LongPolls) -> Self {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let again = sender.downgrade();
        tokio::spawn(async move {
            let mut left = Vec::new();
            while receiver.recv_many(&mut left, MOST).await > 0 {
                let back = persistently(&pool, &left).await;
                polls.wake(left.iter().map(|one| one.institution), Duration::ZERO);
                for one in left.drain(..) {
                    let found = one.events.iter().any(|event| back.contains(event));
                    let (false, [pause, again_after @ ..], Some(sender)) =
                        (found, one.again, again.upgrade())
                    else {
                        continue;
                    };
                    tokio::spawn(async move {
                        tokio::time::sleep(*pause).await;
                        let _ = sender.send(Left { again: again_after, ..one });
                    });
                }
            }
        });
        Self(sender)
    }
}

/// Which were still leased as they had been handed over.
async fn persistently(pool: &PgPool, left: &[Left]) -> Vec<EventId> {
    let named: Vec<_> =
        left.iter().flat_map(|one| one.events.iter().map(|event| (*event, one.until))).collect();
    for _ in 0..TRIES {
        match give_back(pool, &named).await {
            Ok(back) => return back,
            Err(error) => tracing::warn!(%error, events = named.len(), "events are not given back yet"),
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
    Vec::new()
}

/// Lets others have those of the events that are still under the lease that ends at this instant; tells which.
pub async fn give_back(
    pool: &PgPool,
    named: &[(EventId, DateTime<Utc>)],
) -> Result<Vec<EventId>, StoreError> {
    let mut conn = pool.acquire().await?;
    events::give_back(&mut conn, named).await
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A way back, and what tells how many events came back by it since it was last asked.
    pub(in crate::store) fn way_back() -> (GiveBack, impl FnMut() -> usize) {
        let (sender, mut receiver) = mpsc::unbounded_channel::<Left>();
        let came =
            move || std::iter::from_fn(|| receiver.try_recv().ok()).map(|left| left.events.len()).sum();
        (GiveBack(sender), came)
    }
}
