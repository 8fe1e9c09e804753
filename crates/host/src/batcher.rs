//! Lets work that arrives together share a transaction. An idle batcher takes a single item at once; what arrives while all
//! its workers are busy, or while it may not begin again ([`bus::Pace`]), makes up the next batch.

use std::future::Future;
use std::sync::Arc;

use bus::Pace;

use tokio::sync::{Semaphore, mpsc, oneshot};

/// Items that may wait before callers are held back.
const BACKLOG: usize = 4096;

type Waiting<T, R> = (T, oneshot::Sender<R>);

/// The worker that should have answered is gone: it died with its batch, or the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was to be done together was not done")]
pub struct Ended;

/// Hands items of `T` to workers in batches and gives each its own answer. Ends when it is dropped.
pub struct Batcher<T, R> {
    sender: mpsc::Sender<Waiting<T, R>>,
}

impl<T: Send + 'static, R: Send + 'static> Batcher<T, R> {
    /// `work` answers every item of a batch, in order. At most `workers` batches of at most `most` items at a time; `pace` is
    /// told how many pieces each answer counts for.
    pub fn start<F, Fut>(
        workers: usize,
        most: usize,
        (pace, pieces): (Pace, fn(&R) -> usize),
        work: F,
    ) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        let (sender, mut receiver) = mpsc::channel::<Waiting<T, R>>(BACKLOG);
        let permits = Arc::new(Semaphore::new(workers));
        let work = Arc::new(work);
        tokio::spawn(async move {
            while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                let mut waiting = Vec::new();
                if receiver.recv_many(&mut waiting, most).await == 0 {
                    break;
                }
                pace.turn().await;
                while waiting.len() < most
                    && let Ok(item) = receiver.try_recv()
                {
                    waiting.push(item);
                }
                let (items, callers): (Vec<T>, Vec<_>) = waiting.into_iter().unzip();
                let (work, pace) = (Arc::clone(&work), pace.clone());
                tokio::spawn(async move {
                    let answers = work(items).await;
                    pace.took(answers.iter().map(pieces).sum());
                    for (caller, answer) in callers.into_iter().zip(answers) {
                        // Who has gone away does not want the answer.
                        let _ = caller.send(answer);
                    }
                    drop(permit);
                });
            }
        });
        Self { sender }
    }

    /// Waits for the item's own answer. The work goes on even if the caller does not wait for it.
    ///
    /// # Errors
    /// [`Ended`]: whether the work was done is not known.
    pub async fn submit(&self, item: T) -> Result<R, Ended> {
        let (sender, receiver) = oneshot::channel();
        self.sender.send((item, sender)).await.map_err(|_| Ended)?;
        receiver.await.map_err(|_| Ended)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_arrives_while_the_worker_is_busy_shares_the_next_batch_and_each_gets_its_own_answer() {
        let gate = Arc::new(Notify::new());
        let held = Arc::clone(&gate);
        let batcher = Batcher::start(1, 8, (Pace::new(1_000), |_| 1), move |items: Vec<usize>| {
            let held = Arc::clone(&held);
            async move {
                held.notified().await;
                let size = items.len();
                items.into_iter().map(|item| (item, size)).collect()
            }
        });
        let first = batcher.submit(0);
        let rest = join_all((1..=10).map(|item| batcher.submit(item)));
        let (first, rest, ()) = tokio::join!(biased; first, rest, async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                gate.notify_one();
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            }
        });
        let answers: Vec<(usize, usize)> =
            std::iter::once(first).chain(rest).map(|answer| answer.unwrap()).collect();
        assert!(answers.iter().enumerate().all(|(place, (item, _))| place == *item));
        assert!(answers.iter().any(|(_, size)| *size > 1), "nothing was batched: {answers:?}");
    }

    #[tokio::test]
    async fn a_batch_that_dies_leaves_the_next_one_alive() {
        let batcher = Batcher::start(1, 1, (Pace::new(1_000), |()| 1), |items: Vec<bool>| async move {
            assert!(items[0], "dies on purpose");
            vec![()]
        });
        assert!(matches!(batcher.submit(false).await, Err(Ended)));
        assert!(batcher.submit(true).await.is_ok());
    }
}
