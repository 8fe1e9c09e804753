//! Server-sent events: one stream for each session, which a newer one replaces; and the same by asking, for browsers
//! that cannot keep a stream.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::hub::Subscription;
use super::look::look;
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::pages::Trouble;

/// Cases that one browser may watch.
const CASES: usize = 20;
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after this and the browser comes again, so that a session that has ended is seen to have ended.
const LIFE: Duration = Duration::from_secs(300);
const COME_AGAIN: Duration = Duration::from_secs(2);

/// The open stream of each session, by the hash of its token.
#[derive(Default)]
pub(crate) struct Streams {
    open: Mutex<HashMap<Vec<u8>, CancellationToken>>,
}

impl Streams {
    /// A new stream of this session: the one before ends.
    fn begin(&self, session: Vec<u8>) -> CancellationToken {
        let token = CancellationToken::new();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose streams have ended by themselves.
        open.retain(|_, token| !token.is_cancelled());
        if let Some(before) = open.insert(session, token.clone()) {
            before.cancel();
        }
        token
    }

    /// Ends the stream of a session that has ended.
    pub(crate) fn end(&self, session: &[u8]) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = open.remove(session) {
            token.cancel();
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// Ids of cases, separated by commas.
    #[serde(default)]
    cases: String,
}

/// `GET /stream?cases=…`
pub(crate) async fn stream(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let cases: Vec<String> = wanted.cases.split(',').filter_map(case_id).take(CASES).collect();
    open(&desk, &person, cases)
}

/// `GET /cases/{id}/events`
pub(crate) async fn events(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    open(&desk, &person, case_id(&id).into_iter().collect())
}

/// `GET /cases/{id}/board.json`
pub(crate) async fn board(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    let id = case_id(&id).ok_or(Trouble::NotFound)?;
    match look(&desk.peers, &desk.directory, &person.actor(), &id).await {
        Ok(looked) => Ok(Json(looked.update).into_response()),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(StatusCode::NOT_FOUND.into_response()),
        Err(_) => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
    }
}

/// One spelling for each case.
fn case_id(text: &str) -> Option<String> {
    Uuid::try_parse(text.trim()).ok().map(|id| id.to_string())
}

fn open(desk: &Desk, person: &Person, cases: Vec<String>) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    if cases.is_empty() {
        return Ok(StatusCode::BAD_REQUEST.into_response());
    }
    let replaced = desk.streams.begin(person.token.hash());
    let mut subscriptions = Vec::with_capacity(cases.len());
    let mut updates = Vec::with_capacity(cases.len());
    for case in &cases {
        let (subscription, receiver) = desk.hub.watch(case, person.actor());
        subscriptions.push(subscription);
        updates.push(WatchStream::new(receiver));
    }
    let updates = stream::select_all(updates).filter_map(async |told| {
        let update = told?;
        Event::default().event("case").json_data(&*update).ok()
    });
    let events = until_ended(updates, desk.shutdown.clone(), replaced, subscriptions);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

/// The updates until the process ends, the stream is replaced or has lived long enough; then a last word that says why.
fn until_ended(
    updates: impl Stream<Item = Event> + Send + 'static,
    shutdown: CancellationToken,
    replaced: CancellationToken,
    subscriptions: Vec<Subscription>,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let last = replaced.clone();
    // When the browser goes away everything here is dropped: the subscriptions, and the mark that the stream is open.
    let held = (subscriptions, replaced.clone().drop_guard());
    let ended = async move {
        tokio::select! {
            () = shutdown.cancelled_owned() => {}
            () = replaced.cancelled_owned() => {}
            () = tokio::time::sleep(LIFE) => {}
        }
    };
    let hello = stream::once(std::future::ready(Event::default().retry(COME_AGAIN).comment("open")));
    let farewell = stream::once(async move {
        let reason = if last.is_cancelled() { "replaced" } else { "again" };
        Event::default().event("end").data(reason)
    });
    hello.chain(updates.take_until(Box::pin(ended))).chain(farewell).map(move |event| {
        let _held = &held;
        Ok(event)
    })
}
