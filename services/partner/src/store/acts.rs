//! What institutions do to their assignments. Acts that arrive together share a transaction: state, reply, outbox,
//! replay and audit rows of all of them are one commit; each has its own outcome.

use bus::{Outbox, Outgoing};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use host::Batcher;
use kernel::{InstitutionId, LegId, ReplyId, RequestId};
use rpc::Caller;
use rpc::replay::BodyHash;
use sqlx::PgPool;
use uuid::Uuid;

use super::error::unreachable;
use super::plan::Plan;
use super::{BEGIN, StoreError, assignments, beside, events, replies};
use crate::domain::{Assignment, Command, Refusal, Reply};

/// Transactions at a time, and acts in one.
const WORKERS: usize = 2;
const MOST: usize = 64;
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
    pub fn start(pool: PgPool, outbox: Outbox) -> Self {
        Self {
            batcher: Batcher::start(WORKERS, MOST, move |batch| {
                let (pool, outbox) = (pool.clone(), outbox.clone());
                async move {
                    let answers = all(&pool, batch).await;
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

async fn all(pool: &PgPool, batch: Vec<Act>) -> Vec<Result<Outcome, StoreError>> {
    if batch.len() > 1 {
        match together(pool, &batch).await {
            Ok(outcomes) => return outcomes.into_iter().map(Ok).collect(),
            Err(error) if error.is_away() => return unreachable(&batch, &error),
            // One of them spoils the transaction: each gets its own, and its own error.
            Err(error) => tracing::debug!(acts = batch.len(), %error, "a batch of acts is taken apart"),
        }
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    for act in batch {
        outcomes.push(alone(pool, act).await);
    }
    outcomes
}

async fn alone(pool: &PgPool, act: Act) -> Result<Outcome, StoreError> {
    let batch = [act];
    let mut tries = 1;
    loop {
        match together(pool, &batch).await {
            Ok(mut outcomes) => return outcomes.pop().ok_or(StoreError::Ending),
            // The same request was carried out elsewhere in the meantime: now its answer is there to be found.
            Err(error) if tries < TRIES && error.is_conflict() => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn together(pool: &PgPool, batch: &[Act]) -> Result<Vec<Outcome>, StoreError> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let mut ids: Vec<Uuid> = batch.iter().map(|act| act.assignment_id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let standing = assignments::lock(&mut transaction, &ids).await?;
    let earlier = beside::find_answers(&mut transaction, batch).await?;
    let plan = Plan::of(standing, batch, earlier);
    assignments::update(&mut transaction, &plan.changed.iter().collect::<Vec<_>>()).await?;
    replies::insert(&mut transaction, &plan.replies).await?;
    let now = batch.iter().map(|act| act.now).max().unwrap_or_default();
    events::acknowledge_issued(&mut transaction, &plan.acknowledged, now).await?;
    if !plan.messages.is_empty() {
        bus::enqueue_together(&mut transaction, &plan.messages).await?;
    }
    beside::keep_answers(&mut transaction, &plan.answered).await?;
    beside::record(&mut transaction, &plan.done).await?;
    transaction.commit().await?;
    drop(plan.spans);
    Ok(plan.outcomes)
}
