//! A handler that writes an effect for each message, unless the test says otherwise.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::{Handler, HandlerError, Message, Outcome, Way};
use sqlx::PgConnection;
use tokio::sync::Semaphore;
use writes::Writes;

/// What the test wants of one message.
pub(crate) enum Verdict {
    Effect,
    Say(Outcome),
    Fail,
    Panic,
}

type Judge = Box<dyn Fn(&Message) -> Verdict + Send + Sync>;

/// What has been seen, shared with the test.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) prepared: AtomicUsize,
    pub(crate) applied: AtomicUsize,
    pub(crate) commits: AtomicUsize,
    pub(crate) largest_batch: AtomicUsize,
}

pub(crate) struct Inner {
    judge: Judge,
    /// Each `prepare` takes a permit for good: a test that gives none makes the handler slow.
    gate: Option<Arc<Semaphore>>,
    committed: Box<dyn Fn() + Send + Sync>,
    pub(crate) counts: Counts,
}

#[derive(Clone)]
pub(crate) struct Recorder(Arc<Inner>);

impl Deref for Recorder {
    type Target = Counts;
    fn deref(&self) -> &Counts {
        &self.0.counts
    }
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self::judging(|_| Verdict::Effect)
    }

    pub(crate) fn judging(judge: impl Fn(&Message) -> Verdict + Send + Sync + 'static) -> Self {
        Self::with(Box::new(judge), None, Box::new(|| ()))
    }

    pub(crate) fn gated(gate: Arc<Semaphore>) -> Self {
        Self::with(Box::new(|_| Verdict::Effect), Some(gate), Box::new(|| ()))
    }

    pub(crate) fn then(committed: impl Fn() + Send + Sync + 'static) -> Self {
        Self::with(Box::new(|_| Verdict::Effect), None, Box::new(committed))
    }

    fn with(judge: Judge, gate: Option<Arc<Semaphore>>, committed: Box<dyn Fn() + Send + Sync>) -> Self {
        Self(Arc::new(Inner { judge, gate, committed, counts: Counts::default() }))
    }

    pub(crate) fn applied(&self) -> usize {
        self.counts().applied.load(Ordering::SeqCst)
    }

    pub(crate) fn prepared(&self) -> usize {
        self.counts().prepared.load(Ordering::SeqCst)
    }

    fn counts(&self) -> &Counts {
        &self.0.counts
    }
}

impl Handler for Recorder {
    type Prepared = usize;

    async fn prepare(&self, batch: &[Message]) -> usize {
        self.counts().prepared.fetch_add(batch.len(), Ordering::SeqCst);
        if let Some(gate) = &self.0.gate {
            gate.acquire().await.unwrap().forget();
        }
        batch.len()
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        prepared: &mut usize,
    ) -> Result<Vec<Outcome>, HandlerError> {
        assert_eq!(*prepared, batch.len(), "what was prepared is what is applied");
        self.counts().applied.fetch_add(batch.len(), Ordering::SeqCst);
        self.counts().largest_batch.fetch_max(batch.len(), Ordering::SeqCst);
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut effects: Vec<&Message> = Vec::new();
        for message in batch {
            outcomes.push(match (self.0.judge)(message) {
                Verdict::Effect => {
                    effects.push(message);
                    Outcome::Done
                }
                Verdict::Say(outcome) => outcome,
                Verdict::Fail => return Err(HandlerError::failed("test-failure", "as the test wants it")),
                Verdict::Panic => panic!("as the test wants it"),
            });
        }
        sqlx::query(
            "INSERT INTO effect (message_id, aggregate_id, version)
             SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])",
        )
        .bind(effects.iter().map(|m| m.id.uuid()).collect::<Vec<_>>())
        .bind(effects.iter().map(|m| m.aggregate_id).collect::<Vec<_>>())
        .bind(effects.iter().map(|m| m.aggregate_version).collect::<Vec<_>>())
        .execute(conn)
        .await?;
        Ok(outcomes)
    }

    fn committed(&self, _prepared: usize) {
        self.counts().commits.fetch_add(1, Ordering::SeqCst);
        (self.0.committed)();
    }
}

/// As [`Recorder`], but leaves its effects to be written with what remembers the messages.
pub(crate) struct Gatherer {
    pub(crate) recorder: Recorder,
    /// Whether it can do without a transaction.
    pub(crate) alone: bool,
}

impl Handler for Gatherer {
    type Prepared = usize;

    const GATHERS: bool = true;

    async fn prepare(&self, batch: &[Message]) -> usize {
        self.recorder.prepare(batch).await
    }

    async fn gather(
        &self,
        _conn: &mut PgConnection,
        batch: &[Message],
        prepared: &mut usize,
        writes: &mut Writes,
        way: Way,
    ) -> Result<Vec<Outcome>, HandlerError> {
        assert_eq!(*prepared, batch.len(), "what was prepared is what is gathered");
        if way == Way::Alone && !self.alone {
            return Err(HandlerError::NeedsTransaction);
        }
        self.recorder.counts().applied.fetch_add(batch.len(), Ordering::SeqCst);
        let mut outcomes = Vec::with_capacity(batch.len());
        for message in batch {
            outcomes.push(match (self.recorder.0.judge)(message) {
                Verdict::Effect => Outcome::Done,
                Verdict::Say(outcome) => outcome,
                Verdict::Fail => return Err(HandlerError::failed("test-failure", "as the test wants it")),
                Verdict::Panic => panic!("as the test wants it"),
            });
        }
        writes
            .add(
                "INSERT INTO effect (message_id, aggregate_id, version)
                 SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])",
            )
            .bind(batch.iter().map(|m| m.id.uuid()).collect::<Vec<_>>())
            .bind(batch.iter().map(|m| m.aggregate_id).collect::<Vec<_>>())
            .bind(batch.iter().map(|m| m.aggregate_version).collect::<Vec<_>>());
        Ok(outcomes)
    }

    fn committed(&self, prepared: usize) {
        self.recorder.committed(prepared);
    }
}
