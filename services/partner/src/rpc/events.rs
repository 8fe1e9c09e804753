//! `EventService`, for institutions: a feed of their own, pulled with leases.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use kernel::{Clock, EventId};
use proto::partner::v1::event_service_server::EventService;
use proto::partner::v1::{AcknowledgeRequest, AcknowledgeResponse, PullEventsRequest, PullEventsResponse};
use rand::Rng as _;
use rpc::check::Checker;
use rpc::{Answer, Fault};
use telemetry::context;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response};

use super::acting::Institution;
use super::checks;
use super::door::Door;
use crate::domain::Command;
use crate::messaging;
use crate::store::{Acknowledgements, Act, Acts, Delivery, LongPolls, Pull, Pulls};
use crate::wire;

/// What a long poll may ask for: the longest wait, and how long the call may take in all.
pub(super) const MAX_WAIT_SECONDS: u16 = 60;

const MAX_EVENTS: i32 = 500;
const DEFAULT_EVENTS: i32 = 100;
const DEFAULT_LEASE_SECONDS: i32 = 60;
const MAX_NAMES: usize = 1000;
/// What others have written (another process took the message) is looked for when the last look is older than this.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// And this often while somebody waits.
const POLL_MILLIS: std::ops::Range<u64> = 400..800;

pub(super) struct Events {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) acts: Arc<Acts>,
    pub(super) acknowledgements: Acknowledgements,
    pub(super) pulls: Pulls,
    pub(super) polls: LongPolls,
    pub(super) door: Door,
    pub(super) shutdown: CancellationToken,
}

/// A checked `PullEvents`.
struct Wish {
    most: usize,
    wait: Duration,
    lease: TimeDelta,
}

#[tonic::async_trait]
impl EventService for Events {
    async fn pull_events(&self, request: Request<PullEventsRequest>) -> Answer<PullEventsResponse> {
        let institution = Institution::of(&request)?;
        let wish = wish(request.get_ref())?;
        let poll = self.poll(&institution, &wish);
        let deliveries = self.door.while_open(&request, poll).await?;
        deliveries.iter().for_each(trace);
        let events = deliveries.into_iter().map(wire::event).collect();
        Ok(Response::new(PullEventsResponse { events }))
    }

    async fn acknowledge(&self, request: Request<AcknowledgeRequest>) -> Answer<AcknowledgeResponse> {
        let institution = Institution::of(&request)?;
        let named = named(&request.get_ref().names)?;
        let now = self.clock.now();
        let receive = |assignment| Act {
            acknowledges: true,
            ..institution.act(
                assignment,
                Command::Receive,
                "ACKNOWLEDGE_ASSIGNMENT",
                now,
                messaging::received(assignment, institution.id, now),
            )
        };
        let unknown = self
            .acknowledgements
            .acknowledge(&self.acts, institution.id, &named, receive)
            .await
            .map_err(Fault::from)?;
        let unknown = named.into_iter().filter(|id| unknown.contains(id)).map(wire::event_name).collect();
        Ok(Response::new(AcknowledgeResponse { unknown }))
    }
}

impl Events {
    /// Waits until there is something, the wait is over, or the server is to stop.
    async fn poll(&self, institution: &Institution, wish: &Wish) -> Result<Vec<Delivery>, Fault> {
        let end = Instant::now() + wish.wait;
        // Who asks again at once has hardly missed anything that it will not be told of.
        let mut look = wish.wait.is_zero() || self.polls.is_look_due(institution.id, LOOK_AGAIN);
        loop {
            if look {
                self.polls.looking(institution.id);
                let deliveries = self.look(institution, wish).await?;
                if !deliveries.is_empty() || Instant::now() >= end || self.shutdown.is_cancelled() {
                    return Ok(deliveries);
                }
            }
            let mut ticket = self.polls.wait(institution.id, wish.most, wish.lease);
            let pause = Duration::from_millis(rand::rng().random_range(POLL_MILLIS));
            tokio::select! {
                next = ticket.next() => if let Some(handed) = next { return Ok(handed.take()) },
                () = tokio::time::sleep_until(end.min(Instant::now() + pause)) => {}
                () = self.shutdown.cancelled() => {}
            }
            match ticket.give_up().await {
                Some(handed) => return Ok(handed.take()),
                // One last look would only delay the end.
                None if self.shutdown.is_cancelled() => return Ok(Vec::new()),
                None => look = true,
            }
        }
    }

    async fn look(&self, institution: &Institution, wish: &Wish) -> Result<Vec<Delivery>, Fault> {
        let now = self.clock.now();
        let most = i64::try_from(wish.most).unwrap_or(i64::MAX);
        let pull = Pull { institution_id: institution.id, most, now, lease_until: now + wish.lease };
        let looked = self.pulls.pull(pull).await;
        if looked.as_ref().map_or(true, |deliveries| deliveries.len() >= wish.most) {
            // More may wait: whoever asks next looks again.
            self.polls.wake([institution.id], Duration::ZERO);
        }
        Ok(looked?)
    }
}

/// Shows the delivery in the case's journey, linked to the institution's call.
fn trace(delivery: &Delivery) {
    let Some(trace) = delivery.trace.as_deref().filter(|trace| context::is_recorded(trace)) else { return };
    let span = tracing::info_span!(
        "event.deliver",
        otel.name = format!("deliver {}", delivery.kind.code()),
        assignment_id = %delivery.assignment_id,
        attempt = delivery.attempt,
    );
    context::child_of(&span, trace);
    if let Some(called) = context::current_traceparent() {
        context::link(&span, &called);
    }
    span.in_scope(|| tracing::debug!("event handed out"));
}

fn wish(request: &PullEventsRequest) -> Result<Wish, Fault> {
    let or = |value: i32, default: i32| if value == 0 { default } else { value };
    let mut check = Checker::new();
    let most = check.number("max_events", or(request.max_events, DEFAULT_EVENTS), 1..=MAX_EVENTS);
    let wait = check.number("wait_seconds", request.wait_seconds, 0..=i32::from(MAX_WAIT_SECONDS));
    let lease = check.number("lease_seconds", or(request.lease_seconds, DEFAULT_LEASE_SECONDS), 5..=600);
    let (most, wait, lease) = check.all((most, wait, lease))?;
    Ok(Wish {
        most: usize::try_from(most).unwrap_or_default(),
        wait: Duration::from_secs(wait.unsigned_abs().into()),
        lease: TimeDelta::seconds(lease.into()),
    })
}

/// The same name twice is no mistake, acknowledging twice is none either.
fn named(names: &[String]) -> Result<Vec<EventId>, Fault> {
    let mut check = Checker::new();
    let counted = check.count("names", names.len(), 0..=MAX_NAMES);
    let named: Vec<EventId> = match counted {
        None => Vec::new(),
        Some(_) => names
            .iter()
            .enumerate()
            .filter_map(|(place, name)| checks::event(&mut check, place, name))
            .collect(),
    };
    check.finish()?;
    Ok(named)
}
