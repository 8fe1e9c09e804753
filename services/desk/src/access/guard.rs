//! In front of every page but the door: who is there, and whether the form is ours.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use rpc::Actor;

use super::cookie::Cookie;
use super::csrf::came_from_our_page;
use super::session::Token;
use crate::app::Desk;
use crate::domain::{Account, Duty, Pages};
use crate::pages::Trouble;
use crate::store::sessions;

/// A session's use is written down at most so often.
const TOUCH: TimeDelta = TimeDelta::seconds(30);

/// Paths that pages ask by themselves: they keep no session alive.
const BY_ITSELF: [&str; 3] = ["/stream", "/board.json", "/events"];

/// The person at the screen.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: Account,
    pub(crate) token: Token,
}

impl Person {
    /// As other roles are told.
    pub(crate) fn actor(&self) -> Actor {
        actor(&self.account)
    }

    /// # Errors
    /// The page that says no.
    pub(crate) fn may_see(&self, pages: Pages) -> Result<(), Trouble> {
        if pages.open_to(&self.account.duties) { Ok(()) } else { Err(Trouble::Forbidden) }
    }

    /// Checks the token that a form carries.
    ///
    /// # Errors
    /// The page that asks to send it again.
    pub(crate) fn sent(&self, form_token: &str) -> Result<(), Trouble> {
        if self.token.admits(form_token) { Ok(()) } else { Err(Trouble::NotOurForm) }
    }
}

/// The account as an actor of tokens and audit rows.
pub(crate) fn actor(account: &Account) -> Actor {
    let duty = |duty: &Duty| rpc::Duty::from_code(duty.code());
    Actor::Staff { id: account.id.to_string(), duties: account.duties.iter().filter_map(duty).collect() }
}

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or(Trouble::Forbidden)
    }
}

/// Lets nobody pass without a session; sends people to the door, and back to where they wanted to go.
pub(crate) async fn require(State(desk): State<Arc<Desk>>, mut request: Request, next: Next) -> Response {
    if !came_from_our_page(request.method(), request.headers()) {
        return Trouble::NotOurForm.into_response();
    }
    let person = match find(&desk, request.headers(), request.uri().path()).await {
        Ok(Some(person)) => person,
        Ok(None) => return to_the_door(&request),
        Err(trouble) => return trouble.into_response(),
    };
    if person.account.must_change && !["/password", "/logout"].contains(&request.uri().path()) {
        return (StatusCode::SEE_OTHER, [(LOCATION, "/password")]).into_response();
    }
    request.extensions_mut().insert(person);
    next.run(request).await
}

async fn find(desk: &Desk, headers: &HeaderMap, path: &str) -> Result<Option<Person>, Trouble> {
    let Some(token) = Cookie::Session.read(headers, desk.secure).and_then(Token::read) else {
        return Ok(None);
    };
    let now = desk.now();
    let hash = token.hash();
    let mut conn = desk.store.acquire().await?;
    let found = sessions::find(&mut conn, &hash, now, now - desk.idle).await?;
    let Some((account, seen_at)) = found else { return Ok(None) };
    let by_itself = BY_ITSELF.iter().any(|ending| path.ends_with(ending));
    if now - seen_at >= TOUCH && !by_itself {
        sessions::touch(&mut conn, &hash, now).await?;
    }
    Ok(Some(Person { account, token }))
}

fn to_the_door(request: &Request) -> Response {
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html") || accept.contains("*/*"));
    let by_itself = BY_ITSELF.iter().any(|path| request.uri().path().ends_with(path));
    if by_itself || !wants_page && request.headers().contains_key(ACCEPT) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let next = match (request.method(), request.uri().path_and_query()) {
        (&Method::GET, Some(wanted)) if wanted.as_str() != "/" => {
            format!("/login?next={}", encoded(wanted.as_str()))
        }
        _ => "/login".to_owned(),
    };
    (StatusCode::SEE_OTHER, [(LOCATION, next)]).into_response()
}

/// Percent-encodes what has a meaning inside a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
