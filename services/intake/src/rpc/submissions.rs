//! Whole applications that arrive together share a transaction: their cases, timelines, deadlines, messages, audit and
//! replay rows are one commit, with their legs and dossiers where they could be planned before (`at_once.rs`), and each has
//! its own answer. Nothing waits for company.

use std::collections::HashMap;

use bus::{Outbox, Pace};
use chrono::{DateTime, Utc};
use host::{Batcher, Ended};
use kernel::RequestId;
use rpc::{
    Caller, Fault, audit,
    replay::{self, Asked, BodyHash, Found},
};
use sqlx::PgPool;
use writes::Writes;

use super::at_once::{AtOnce, Plan};
use crate::{
    journal::Journal,
    messaging::known::{KnownCase, KnownCases},
    store::{Changes, StoreError, cases::Record},
    work::Alarm,
};

/// Transactions at a time, and submissions in one.
const WORKERS: usize = 2;
const MOST: usize = 64;
/// So many in the time of one turn are worth waiting for.
const WORTH: u32 = 2;
/// Requests that were carried out elsewhere are tried again this often, each submission alone.
const TRIES: usize = 3;

/// One call of `SubmitApplication`.
pub(crate) struct Submission {
    pub caller: Caller,
    pub request_id: RequestId,
    pub method: &'static str,
    pub body_hash: BodyHash,
    pub now: DateTime<Utc>,
    /// What is to be written, or why not: a repeat gets its first answer all the same.
    pub work: Result<Work, Fault>,
}

/// A submission that may be carried out.
pub(crate) struct Work {
    pub record: Record,
    pub journal: Journal,
    pub entry: audit::Entry,
    pub trace_id: Option<String>,
    /// Encoded.
    pub answer: Vec<u8>,
    /// What planning makes of it, where that is known before it is stored.
    pub plan: Option<Plan>,
}

/// What became of one.
enum Outcome {
    Answer(Vec<u8>),
    Reused,
    /// Its own `work` says why.
    Refused,
}

/// What there is to do after a commit.
#[derive(Debug, Clone, Copy, Default)]
struct Next {
    /// Some are stored without a plan.
    planning: bool,
    /// Deadlines of some come soon.
    timers: bool,
}

impl Next {
    fn and(self, other: Self) -> Self {
        Self { planning: self.planning || other.planning, timers: self.timers || other.timers }
    }
}

enum Trouble {
    Store(StoreError),
    /// One of the requests was carried out in another transaction at the same time.
    Raced,
}

impl<E: Into<StoreError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// Carries submissions out.
#[derive(Clone)]
pub(crate) struct Submissions {
    batcher: std::sync::Arc<Batcher<Submission, Result<Vec<u8>, Fault>>>,
}

impl Submissions {
    pub(crate) fn start(
        pool: PgPool,
        outbox: Outbox,
        alarm: Alarm,
        at_once: AtOnce,
        known: KnownCases,
    ) -> Self {
        let batcher = Batcher::start(WORKERS, MOST, (Pace::new(WORTH), |_| 1), move |mut batch| {
            let (pool, outbox, alarm, at_once, known) =
                (pool.clone(), outbox.clone(), alarm.clone(), at_once.clone(), known.clone());
            async move {
                at_once.plan(&mut batch).await;
                let (answers, next) = all(&pool, &known, batch).await;
                outbox.wake();
                if next.planning {
                    alarm.planning();
                }
                if next.timers {
                    alarm.timers();
                }
                answers
            }
        });
        Self { batcher: std::sync::Arc::new(batcher) }
    }

    /// The encoded answer. Once this has begun the submission goes on even if the caller does not wait for it.
    pub(crate) async fn carry_out(&self, submission: Submission) -> Result<Vec<u8>, Fault> {
        self.batcher
            .submit(submission)
            .await
            .unwrap_or_else(|Ended| Err(Fault::new(&rpc::reasons::SHUTTING_DOWN)))
    }
}

async fn all(
    pool: &PgPool,
    known: &KnownCases,
    batch: Vec<Submission>,
) -> (Vec<Result<Vec<u8>, Fault>>, Next) {
    if batch.len() > 1 {
        match together(pool, known, &batch, Requests::New).await {
            Ok((outcomes, next)) => {
                let answers = batch.into_iter().zip(outcomes).map(|(one, outcome)| answer(one, outcome));
                return (answers.collect(), next);
            }
            // One of them spoils the transaction, or the database is away: each gets its own, and its own error.
            Err(_) => tracing::debug!(submissions = batch.len(), "a batch of submissions is taken apart"),
        }
    }
    let each = futures::future::join_all(batch.into_iter().map(|one| alone(pool, known, one))).await;
    let next = each.iter().fold(Next::default(), |all, (_, next)| all.and(*next));
    (each.into_iter().map(|(answer, _)| answer).collect(), next)
}

async fn alone(pool: &PgPool, known: &KnownCases, submission: Submission) -> (Result<Vec<u8>, Fault>, Next) {
    let mut batch = [submission];
    let mut requests = Requests::New;
    let mut tries = 1;
    let (outcome, next) = loop {
        match together(pool, known, &batch, requests).await {
            Ok((mut outcomes, next)) => break (outcomes.pop(), next),
            // Carried out before, or elsewhere in the meantime: its answer is there to be found.
            Err(Trouble::Raced) if tries < TRIES => {
                requests = Requests::MayBeRepeats;
                tries += 1;
            }
            Err(Trouble::Raced) => return (Err(Fault::new(&rpc::reasons::TRY_AGAIN)), Next::default()),
            // What others answered must not keep a submission from being stored.
            Err(Trouble::Store(error)) if is_refused(&error) && batch.iter_mut().any(Submission::unplan) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a submission is stored without its plan"
                );
            }
            // The commit itself may have come through.
            Err(Trouble::Store(error)) => return (Err(error.into()), Next { planning: true, timers: true }),
        }
    };
    let [submission] = batch;
    let answer = match outcome {
        Some(outcome) => answer(submission, outcome),
        None => Err(Fault::new(&rpc::reasons::INTERNAL)),
    };
    (answer, next)
}

/// The database is there and will never take what was to be written: values or rules (SQLSTATE classes 22 and 23).
fn is_refused(error: &StoreError) -> bool {
    match error {
        StoreError::Database(sqlx::Error::Encode(_)) => true,
        StoreError::Database(sqlx::Error::Database(refusal)) => {
            refusal.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        StoreError::Database(_) => false,
        StoreError::Number(_) | StoreError::Corrupt { .. } => true,
    }
}

fn answer(submission: Submission, outcome: Outcome) -> Result<Vec<u8>, Fault> {
    match (outcome, submission.work) {
        (Outcome::Answer(answer), _) => Ok(answer),
        (Outcome::Reused, _) => Err(Fault::new(&rpc::reasons::REQUEST_ID_REUSED).field("request_id")),
        (Outcome::Refused, Err(fault)) => Err(fault),
        (Outcome::Refused, Ok(_)) => Err(Fault::new(&rpc::reasons::INTERNAL)),
    }
}

impl Submission {
    /// Leaves the plan away; false where there is none.
    fn unplan(&mut self) -> bool {
        self.work.as_mut().is_ok_and(|work| work.plan.take().is_some())
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            caller: &self.caller,
            request_id: self.request_id,
            method: self.method,
            body_hash: &self.body_hash,
        }
    }
}

/// What is expected of the requests of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requests {
    /// Nobody looks for earlier answers first: a repeat shows itself when its own is kept, and nothing is written then.
    New,
    /// Earlier answers are looked for.
    MayBeRepeats,
}

/// One statement, which is a transaction by itself.
async fn together(
    pool: &PgPool,
    known: &KnownCases,
    batch: &[Submission],
    requests: Requests,
) -> Result<(Vec<Outcome>, Next), Trouble> {
    let mut conn = pool.acquire().await?;
    let asked: Vec<Asked<'_>> = batch.iter().map(Submission::asked).collect();
    // What is refused keeps no answer, and would not notice that it is a repeat.
    let found = if requests == Requests::MayBeRepeats || batch.iter().any(|one| one.work.is_err()) {
        replay::find_all(&mut conn, &asked).await?
    } else {
        vec![Found::Nothing; batch.len()]
    };
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut fresh: Vec<(&Submission, &Work)> = Vec::new();
    // Requests of this batch, so that a twin in it is known.
    let mut taken: HashMap<(String, RequestId), (&BodyHash, &[u8])> = HashMap::new();
    for (one, found) in batch.iter().zip(found) {
        let key = (one.caller.audit_name(), one.request_id);
        outcomes.push(match (found, taken.get(&key), &one.work) {
            (Found::Answer(first), ..) => Outcome::Answer(first),
            (Found::Reused, ..) => Outcome::Reused,
            (Found::Nothing, Some((hash, first)), _) if **hash == one.body_hash => {
                Outcome::Answer(first.to_vec())
            }
            (Found::Nothing, Some(_), _) => Outcome::Reused,
            (Found::Nothing, None, Err(_)) => Outcome::Refused,
            (Found::Nothing, None, Ok(work)) => {
                taken.insert(key, (&one.body_hash, &work.answer));
                fresh.push((one, work));
                Outcome::Answer(work.answer.clone())
            }
        });
    }
    if fresh.is_empty() {
        return Ok((outcomes, Next::default()));
    }
    let mut writes = Writes::new();
    let mut changes = Changes::default();
    let mut next = Next::default();
    let mut planned = Vec::new();
    for (_, work) in &fresh {
        let record = work.record.clone();
        match work.plan.as_ref().filter(|plan| plan.holds()) {
            Some(plan) => {
                next.timers |= plan.is_due_soon;
                planned.push(KnownCase {
                    case: plan.case.clone(),
                    touched: 0,
                    legs: plan.changes.new_legs.clone(),
                });
                let record = Record { case: plan.case.clone(), ..record };
                changes.note_new_case(record, [&work.journal.changes, &plan.changes]);
            }
            None => {
                next.planning = true;
                changes.note_new_case(record, [&work.journal.changes]);
            }
        }
    }
    let acts: Vec<audit::Act<'_>> = fresh
        .iter()
        .map(|(one, work)| audit::Act {
            caller: &one.caller,
            at: one.now,
            entry: work.entry,
            trace_id: work.trace_id.as_deref(),
        })
        .collect();
    audit::record_acts(&mut writes, &acts);
    let answers: Vec<_> =
        fresh.iter().map(|(one, work)| (one.asked(), work.answer.clone(), one.now)).collect();
    replay::claim_all(&mut writes, &answers);
    changes.gather(&mut writes, &mut conn).await?;
    match writes.execute(&mut conn).await {
        Err(error) if replay::is_claimed(&error) => Err(Trouble::Raced),
        Err(error) => Err(error.into()),
        Ok(()) => {
            known.committed(planned);
            Ok((outcomes, next))
        }
    }
}
