//! Decides a batch of acts in memory, one after the other, upon assignments that are known, read or locked. No SQL here.

use std::collections::{BTreeSet, HashMap};

use bus::Outgoing;
use kernel::{LegId, RequestId};
use telemetry::context;
use tracing::Span;
use uuid::Uuid;

use super::acts::{Act, Outcome};
use super::answers::{Earlier, Taken};
use super::assignments::Changed;
use crate::domain::{Assignment, Change, Reply};

/// A batch that is decided: what to write, and what to say.
pub(super) struct Plan<'a> {
    /// With the version that each was known or read in, which is compared when it is written.
    pub(super) changed: Vec<Changed>,
    pub(super) replies: Vec<Reply>,
    pub(super) messages: Vec<Outgoing>,
    /// Assignments whose `ASSIGNMENT_ISSUED` is acknowledged, sorted.
    pub(super) acknowledged: Vec<Uuid>,
    /// Acts that were carried out, or were so already.
    pub(super) done: Vec<&'a Act>,
    /// Those of them whose answer is kept, with it.
    pub(super) answered: Vec<(&'a Act, Vec<u8>)>,
    /// One for each act, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// How many of the acts came with a request id.
    asked: usize,
    /// What is done, in the traces of the cases; they end with the transaction.
    pub(super) spans: Vec<Span>,
}

#[derive(Default)]
struct Deciding<'a> {
    standing: HashMap<LegId, Assignment>,
    changed: BTreeSet<LegId>,
    acknowledged: BTreeSet<Uuid>,
    replies: Vec<Reply>,
    messages: Vec<Outgoing>,
    done: Vec<&'a Act>,
    answered: Vec<(&'a Act, Vec<u8>)>,
    spans: Vec<Span>,
    /// Requests of this batch that have been carried out, so that a twin in the same batch is known.
    taken: HashMap<(String, RequestId), Taken>,
}

impl<'a> Plan<'a> {
    /// `earlier` has, for each act, what was answered to the same request before.
    pub(super) fn of(standing: Vec<Assignment>, batch: &'a [Act], earlier: Vec<Option<Earlier>>) -> Self {
        let read: HashMap<LegId, i64> =
            standing.iter().map(|assignment| (assignment.id, assignment.version)).collect();
        let mut deciding = Deciding {
            standing: standing.into_iter().map(|assignment| (assignment.id, assignment)).collect(),
            ..Deciding::default()
        };
        let outcomes =
            batch.iter().zip(earlier).map(|(act, earlier)| deciding.outcome(act, earlier)).collect();
        let mut standing = deciding.standing;
        let asked = batch.iter().filter(|act| act.request.is_some()).count();
        Self {
            asked,
            changed: deciding
                .changed
                .iter()
                .filter_map(|id| Some((standing.remove(id)?, read.get(id).copied()?)))
                .collect(),
            replies: deciding.replies,
            messages: deciding.messages,
            acknowledged: deciding.acknowledged.into_iter().collect(),
            done: deciding.done,
            answered: deciding.answered,
            outcomes,
            spans: deciding.spans,
        }
    }
}

impl Plan<'_> {
    /// Whether each act that came with a request id was carried out, so that an answer is kept for it.
    pub(super) fn keeps_every_answer(&self) -> bool {
        self.answered.len() == self.asked
    }
}

impl<'a> Deciding<'a> {
    fn outcome(&mut self, act: &'a Act, earlier: Option<Earlier>) -> Outcome {
        let key = act.request.as_ref().map(|request| (act.caller.audit_name(), request.id));
        if let (Some(request), Some(key)) = (&act.request, &key) {
            let twin = || {
                let first = self.taken.get(key)?;
                Some(Earlier::of_twin(first, request.method, &request.body_hash))
            };
            match earlier.or_else(twin) {
                Some(Earlier::Answer(first)) => return Outcome::Repeat(first),
                Some(Earlier::Another) => return Outcome::Reused,
                None => {}
            }
        }
        let outcome = self.decide(act);
        if let Outcome::Done(assignment, reply) = &outcome {
            self.done.push(act);
            if let (Some(request), Some(key)) = (&act.request, key) {
                let response = (request.respond)(assignment, *reply);
                self.answered.push((act, response.clone()));
                self.taken
                    .insert(key, Taken { method: request.method, body_hash: request.body_hash, response });
            }
        }
        outcome
    }

    fn decide(&mut self, act: &Act) -> Outcome {
        let own = |assignment: &&mut Assignment| {
            assignment.institution_id == act.institution_id && assignment.terms.is_some()
        };
        let Some(assignment) = self.standing.get_mut(&act.assignment_id).filter(own) else {
            return Outcome::NotFound;
        };
        let Some(terms) = &assignment.terms else { return Outcome::NotFound };
        if act.reply.as_ref().is_some_and(|reply| !reply.kind.is_of(terms.role)) {
            return Outcome::NotForRole(act.field);
        }
        let kind = if terms.is_cover() { act.message.cover_kind } else { act.message.message.kind };
        if act.etag.as_ref().is_some_and(|etag| *etag != assignment.etag()) {
            return Outcome::Changed;
        }
        if let Some(until) = act.valid_until.filter(|until| until.at <= act.now) {
            return Outcome::OfferPassed(until.field);
        }
        let change = match assignment.decide(act.command, act.now) {
            Ok(change) => change,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        if act.acknowledges {
            self.acknowledged.insert(act.assignment_id.uuid());
        }
        let said = match &change {
            Some(_) => act.reply.as_ref().map(|reply| reply.id),
            None => act.command.said_before(assignment.state),
        };
        if let Some(change) = change {
            *assignment = assignment.clone().apply(&change);
            self.changed.insert(assignment.id);
            let trace = assignment.terms.as_ref().and_then(|terms| terms.trace.as_deref());
            let (span, traceparent) = span(act, trace);
            self.spans.push(span);
            let aggregate_version = assignment.version;
            let message = act.message.message.clone();
            self.messages.push(Outgoing { kind, aggregate_version, traceparent, ..message });
            if let Some(reply) = &act.reply {
                let late = matches!(change, Change::Answered { late: true, .. });
                self.replies.push(Reply { late, ..reply.clone() });
            }
        }
        Outcome::Done(assignment.clone(), said)
    }
}

/// The act as a part of the case's journey, linked to the institution's call; and what its message continues.
fn span(act: &Act, trace: Option<&str>) -> (Span, Option<String>) {
    let called = act.message.message.traceparent.clone();
    let Some(trace) = trace else { return (Span::none(), called) };
    if !context::is_recorded(trace) {
        return (Span::none(), Some(trace.to_owned()));
    }
    let span = tracing::info_span!(
        "assignment.act",
        otel.name = act.audit.action,
        assignment_id = %act.assignment_id,
    );
    context::child_of(&span, trace);
    if let Some(called) = &called {
        context::link(&span, called);
    }
    let traceparent = context::traceparent_of(&span).unwrap_or_else(|| trace.to_owned());
    (span, Some(traceparent))
}
