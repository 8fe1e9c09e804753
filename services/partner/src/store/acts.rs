//! What institutions do to their assignments. Acts that arrive together share a transaction: state, reply, outbox,
//! replay and audit rows of all of them are one commit; each has its own outcome.

use std::time::Duration;

use bus::{Outbox, Outgoing, Pace};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use host::Batcher;
use kernel::{InstitutionId, LegId, ReplyId, RequestId};
use rpc::Caller;
use rpc::replay::{self, BodyHash};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use writes::Writes;

use super::assignments::Changed;
use super::error::unreachable;
use super::plan::Plan;
use super::{BEGIN, Known, StoreError, answers, assignments, events, replies};
use crate::domain::{Assignment, Command, Refusal, Reply};

/// Transactions at a time, and acts in one.
const WORKERS: usize = 2;
const MOST: usize = 256;
/// So many in the time of one turn are worth waiting for.
const WORTH: u32 = 8;
/// What is asked of all institutions of a case at once is often answered at once.
const LINGER: Duration = Duration::from_micros(500);
/// Deadlocks and conflicts are tried again this often, each act alone.
const TRIES: usize = 3;

/// One act of an institution on one of its assignments.
pub struct Act {
    pub caller: Caller,
    pub institution_id: InstitutionId,
    pub assignment_id: LegId,
    pub command: Command,
    pub now: DateTime<Utc>,
    /// Refuse if the assignment has changed since this was read.
    pub etag: Option<String>,
    /// Refuse if this instant is over: what is offered has to be good for some time yet. A repeat is answered all the same.
    pub valid_until: Option<ValidUntil>,
    /// The `ASSIGNMENT_ISSUED` event need not be delivered any more.
    pub acknowledges: bool,
    pub request: Option<Request>,
    /// Published if the act changes anything; its version is filled in then.
    pub message: Publication,
    pub reply: Option<Reply>,
    /// The field in which `reply` came, to be named where it is not of the assignment's role.
    pub field: &'static str,
    /// Written in the same transaction, also when the act changes nothing: reading is on record too.
    pub audit: rpc::audit::Entry,
    pub trace_id: Option<String>,
}

/// The end of what is offered, and the field that says so.
#[derive(Debug, Clone, Copy)]
pub struct ValidUntil {
    pub at: DateTime<Utc>,
    pub field: &'static str,
}

/// What an act publishes. Whom it concerns depends on the assignment's role, which is known when the row is locked.
pub struct Publication {
    /// As `intake` takes it, for legs of banks and evaluators.
    pub message: Outgoing,
    /// The type by which `insurance` takes it, for legs of insurers and guarantors.
    pub cover_kind: &'static str,
}

/// By what a repeat of the call is known, and how its answer is encoded for it.
pub struct Request {
    pub id: RequestId,
    pub method: &'static str,
    pub body_hash: BodyHash,
    pub respond: fn(&Assignment, Option<ReplyId>) -> Vec<u8>,
}

/// What became of an act.
#[derive(Debug)]
pub enum Outcome {
    /// Carried out, or already so; with the reply by which it was said, now or before.
    Done(Assignment, Option<ReplyId>),
    /// The first answer to the same request.
    Repeat(Vec<u8>),
    /// The same request id came with another body.
    Reused,
    /// There is none, or it is another's.
    NotFound,
    /// Not the version that the caller has read.
    Changed,
    /// What was offered is over already, as this field says.
    OfferPassed(&'static str),
    /// An institution of this role does not say what came in this field.
    NotForRole(&'static str),
    Refused(Refusal),
}

/// Carries acts out.
pub struct Acts {
    batcher: Batcher<Act, Result<Outcome, StoreError>>,
}

impl Acts {
    pub fn start(pool: PgPool, outbox: Outbox, known: Known) -> Self {
        let pace = Pace::new(WORTH).lingering(LINGER);
        Self {
            batcher: Batcher::start(WORKERS, MOST, (pace, |_| 1), move |batch| {
                let (pool, outbox, known) = (pool.clone(), outbox.clone(), known.clone());
                async move {
                    let answers = all(&pool, &known, batch).await;
                    outbox.wake();
                    answers
                }
            }),
        }
    }

    /// Carries one act out. Once this has begun the act goes on even if the caller does not wait for it.
    pub async fn carry_out(&self, act: Act) -> Result<Outcome, StoreError> {
        self.batcher.submit(act).await?
    }

    /// Carries out several of one caller, in no particular order.
    pub async fn carry_out_all(&self, acts: Vec<Act>) -> Result<Vec<Outcome>, StoreError> {
        join_all(acts.into_iter().map(|act| self.carry_out(act))).await.into_iter().collect()
    }
}

async fn all(pool: &PgPool, known: &Known, batch: Vec<Act>) -> Vec<Result<Outcome, StoreError>> {
    if batch.len() > 1 {
        match together(pool, known, &batch).await {
            Ok(outcomes) => return outcomes.into_iter().map(Ok).collect(),
            Err(error) if error.is_away() => return unreachable(&batch, &error),
            // Repeats, or an assignment that has changed: now that is seen, of all of them at once.
            Err(error) if error.is_conflict() => {
                if let Ok(outcomes) = locked(pool, known, &batch).await {
                    return outcomes.into_iter().map(Ok).collect();
                }
            }
            // One of them spoils the transaction: each gets its own, and its own error.
            Err(error) => tracing::debug!(acts = batch.len(), %error, "a batch of acts is taken apart"),
        }
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    for act in batch {
        outcomes.push(alone(pool, known, act).await);
    }
    outcomes
}

async fn alone(pool: &PgPool, known: &Known, act: Act) -> Result<Outcome, StoreError> {
    let batch = [act];
    let mut tries = 1;
    loop {
        let done = match tries {
            1 => together(pool, known, &batch).await,
            _ => locked(pool, known, &batch).await,
        };
        match done {
            Ok(mut outcomes) => return outcomes.pop().ok_or(StoreError::Ending),
            // The assignment has changed, or the same request was carried out before: now that is seen.
            Err(error) if tries < TRIES && error.is_conflict() => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Decides, upon what is known or was read, and writes by one statement that is a transaction by itself. Nobody is made to
/// wait: where an assignment has changed since, or a request was carried out before, nothing is written
/// ([`StoreError::Raced`]).
async fn together(pool: &PgPool, known: &Known, batch: &[Act]) -> Result<Vec<Outcome>, StoreError> {
    let ids = ids_of(batch);
    let mut conn = pool.acquire().await?;
    let written = match by_heart(known, &ids, batch) {
        Some(plan) => write(&mut conn, plan).await.inspect_err(|error| {
            if error.is_conflict() {
                known.doubt(&ids);
            }
        })?,
        None => {
            let plan = by_reading(&mut conn, &ids, batch).await?;
            write(&mut conn, plan).await?
        }
    };
    Ok(written.committed(known))
}

/// Only what is written is compared with what is so by now: so each assignment must change, and each request keep an answer.
fn by_heart<'a>(known: &Known, ids: &[LegId], batch: &'a [Act]) -> Option<Plan<'a>> {
    let standing = known.assignments(ids).into_iter().collect::<Option<Vec<_>>>()?;
    let plan = Plan::of(standing, batch, batch.iter().map(|_| None).collect());
    (plan.keeps_every_answer() && plan.changed.len() == ids.len()).then_some(plan)
}

async fn by_reading<'a>(
    conn: &mut PgConnection,
    ids: &[LegId],
    batch: &'a [Act],
) -> Result<Plan<'a>, StoreError> {
    let standing = assignments::read(conn, &uuids(ids)).await?;
    let plan = Plan::of(standing.clone(), batch, batch.iter().map(|_| None).collect());
    // What keeps no answer would not notice that it is a repeat.
    if plan.keeps_every_answer() {
        return Ok(plan);
    }
    Ok(Plan::of(standing, batch, answers::find(conn, batch).await?))
}

/// The same under the locks of the assignments, earlier answers looked for.
async fn locked(pool: &PgPool, known: &Known, batch: &[Act]) -> Result<Vec<Outcome>, StoreError> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let standing = assignments::lock(&mut transaction, &uuids(&ids_of(batch))).await?;
    let earlier = answers::find(&mut transaction, batch).await?;
    let written = write(&mut transaction, Plan::of(standing, batch, earlier)).await?;
    transaction.commit().await?;
    Ok(written.committed(known))
}

/// Sorted, each once.
fn ids_of(batch: &[Act]) -> Vec<LegId> {
    let mut ids: Vec<LegId> = batch.iter().map(|act| act.assignment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn uuids(ids: &[LegId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

/// What was written, and is so once it is committed.
struct Written {
    outcomes: Vec<Outcome>,
    changed: Vec<Changed>,
}

impl Written {
    fn committed(self, known: &Known) -> Vec<Outcome> {
        known.committed(self.changed.into_iter().map(|(assignment, _)| assignment));
        self.outcomes
    }
}

async fn write(conn: &mut PgConnection, plan: Plan<'_>) -> Result<Written, StoreError> {
    let mut writes = Writes::new();
    assignments::update_state(&mut writes, &plan.changed);
    replies::insert(&mut writes, &plan.replies);
    events::acknowledge_issued(&mut writes, &plan.acknowledged);
    bus::enqueue_together_with(&mut writes, &plan.messages);
    answers::keep(&mut writes, &plan.answered);
    answers::record(&mut writes, &plan.done);
    let written = writes.execute(conn).await;
    drop(plan.spans);
    match written {
        Ok(()) => Ok(Written { outcomes: plan.outcomes, changed: plan.changed }),
        Err(error) if writes::is_other_number(&error) || replay::is_claimed(&error) => Err(StoreError::Raced),
        Err(error) => Err(error.into()),
    }
}
