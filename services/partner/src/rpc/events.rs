//! `EventService`, for institutions: a feed of their own, pulled with leases.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::try_join;
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
use crate::store::{Acknowledgements, Act, Acts, Delivery, Pull, Pulls, Wakeups};
use crate::wire;

/// What a long poll may ask for: the longest wait, and how long the call may take in all.
pub(super) const MAX_WAIT_SECONDS: u16 = 60;

const MAX_EVENTS: i32 = 500;
const DEFAULT_EVENTS: i32 = 100;
const DEFAULT_LEASE_SECONDS: i32 = 60;
const MAX_NAMES: usize = 1000;
/// A wake-up may be missed (another process took the message): the feed is looked at this often anyway.
const POLL_MILLIS: std::ops::Range<u64> = 400..800;

pub(super) struct Events {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) acts: Arc<Acts>,
    pub(super) acknowledgements: Acknowledgements,
    pub(super) pulls: Pulls,
    pub(super) wakeups: Wakeups,
    pub(super) door: Door,
    pub(super) shutdown: CancellationToken,
}

/// A checked `PullEvents`.
struct Wish {
    most: i64,
    wait: Duration,
    lease: TimeDelta,
}

#[tonic::async_trait]
impl EventService for Events {
    async fn pull_events(&self, request: Request<PullEventsRequest>) -> Answer<PullEventsResponse> {
        let institution = Institution::of(&request)?;
        let wish = wish(request.get_ref())?;
        let named = named("acknowledge", &request.get_ref().acknowledge)?;
        // What was leased and is ended now is not handed out meanwhile: neither has to wait for the other.
        let work = try_join(self.end(&institution, &named), self.poll(&institution, &wish));
        let (unknown, deliveries) = self.door.while_open(&request, work).await?;
        deliveries.iter().for_each(trace);
        let events = deliveries.into_iter().map(wire::event).collect();
        Ok(Response::new(PullEventsResponse { events, unknown }))
    }

    async fn acknowledge(&self, request: Request<AcknowledgeRequest>) -> Answer<AcknowledgeResponse> {
        let institution = Institution::of(&request)?;
        let named = named("names", &request.get_ref().names)?;
        let unknown = self.end(&institution, &named).await?;
        Ok(Response::new(AcknowledgeResponse { unknown }))
    }
}

impl Events {
    /// Ends the delivery of events. Returns the names that are not the institution's, or nobody's.
    async fn end(&self, institution: &Institution, named: &[EventId]) -> Result<Vec<String>, Fault> {
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
        let unknown = self.acknowledgements.acknowledge(&self.acts, institution.id, named, receive).await?;
        Ok(named.iter().filter(|id| unknown.contains(id)).copied().map(wire::event_name).collect())
    }

    /// Looks until there is something, the wait is over, or the server is to stop.
    async fn poll(&self, institution: &Institution, wish: &Wish) -> Result<Vec<Delivery>, Fault> {
        let end = Instant::now() + wish.wait;
        let wakeup = self.wakeups.of(institution.id);
        loop {
            // Registered before looking, so that nothing falls between the look and the wait.
            let mut woken = pin!(wakeup.notified());
            woken.as_mut().enable();
            let now = self.clock.now();
            let pull =
                Pull { institution_id: institution.id, most: wish.most, now, lease_until: now + wish.lease };
            let deliveries = self.pulls.pull(pull).await?;
            let over = Instant::now() >= end || self.shutdown.is_cancelled();
            if over || !deliveries.is_empty() {
                return Ok(deliveries);
            }
            let pause = Duration::from_millis(rand::rng().random_range(POLL_MILLIS));
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(end.min(Instant::now() + pause)) => {}
                // One last look would only delay the end.
                () = self.shutdown.cancelled() => return Ok(Vec::new()),
            }
        }
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
        most: i64::from(most),
        wait: Duration::from_secs(wait.unsigned_abs().into()),
        lease: TimeDelta::seconds(lease.into()),
    })
}

/// The same name twice is no mistake, acknowledging twice is none either.
fn named(field: &str, names: &[String]) -> Result<Vec<EventId>, Fault> {
    let mut check = Checker::new();
    let counted = check.count(field, names.len(), 0..=MAX_NAMES);
    let named: Vec<EventId> = match counted {
        None => Vec::new(),
        Some(_) => names
            .iter()
            .enumerate()
            .filter_map(|(place, name)| checks::event(&mut check, field, place, name))
            .collect(),
    };
    check.finish()?;
    Ok(named)
}
