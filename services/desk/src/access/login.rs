//! The door: log-in, log-out, and the change of a password.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use rpc::{Actor, Caller, audit};
use serde::Deserialize;
use uuid::Uuid;

use super::cookie::Cookie;
use super::csrf::came_from_our_page;
use super::guard::{Person, actor};
use super::session::Token;
use crate::app::Desk;
use crate::assets::{self, Assets};
use crate::domain::{Account, LoginName, QUIET, Subject, check_new, locked_for};
use crate::pages::{Fields, Shell, Trouble, html};
use crate::store::{accounts, failures, sessions};
use crate::text;

const WRONG: &str = "账号或密码不正确，请核对后重新登录。忘记密码请联系系统管理员重置。";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    assets: &'a Assets,
    login: &'a str,
    next: &'a str,
    error: &'a str,
    csrf: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

/// `GET /login`
pub(crate) async fn page(State(desk): State<Arc<Desk>>, Query(wanted): Query<Wanted>) -> Response {
    door(&desk, StatusCode::OK, "", &wanted.next, "")
}

/// The form, with a new cookie that its token belongs to.
fn door(desk: &Desk, status: StatusCode, login: &str, next: &str, error: &str) -> Response {
    let token = Token::random();
    let page =
        LoginPage { assets: assets::paths(), login, next: ours(next), error, csrf: token.form_token() };
    let cookie = Cookie::Door.set(&token.text(), desk.secure);
    let cookies = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
    (status, cookies, html(&page)).into_response()
}

/// A path of the desk itself, or the first page: nobody is sent elsewhere after a log-in.
fn ours(next: &str) -> &str {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n'])
        && !next.starts_with("/login");
    if plain { next } else { "/" }
}

/// `POST /login`
pub(crate) async fn submit(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Trouble> {
    let door_token = Cookie::Door.read(&headers, desk.secure).and_then(Token::read);
    let admitted = door_token.is_some_and(|token| token.admits(fields.get("csrf")));
    if !admitted || !came_from_our_page(&Method::POST, &headers) {
        return Err(Trouble::NotOurForm);
    }
    let (typed, next) = (fields.get("login").trim(), fields.get("next"));
    let subjects = [
        Subject::Login(typed.to_lowercase().chars().take(64).collect()),
        Subject::Address(address(&desk, peer, &headers)),
    ];
    let now = desk.now();
    if let Some(until) = locked(&desk, &subjects, now).await? {
        let error = format!("登录失败次数过多，请在 {} 之后重试，或联系系统管理员。", text::clock(until));
        return Ok(door(&desk, StatusCode::TOO_MANY_REQUESTS, typed, next, &error));
    }
    match attempt(&desk, typed, fields.get("password")).await? {
        Some(account) => enter(&desk, &account, &subjects, &headers, ours(next), now).await,
        None => {
            refuse(&desk, typed, &subjects, now).await?;
            Ok(door(&desk, StatusCode::UNPROCESSABLE_ENTITY, typed, next, WRONG))
        }
    }
}

async fn attempt(desk: &Desk, typed: &str, password: &str) -> Result<Option<Account>, Trouble> {
    let mut account = None;
    let mut stored = None;
    if let Ok(login) = LoginName::parse(typed) {
        let mut conn = desk.store.acquire().await?;
        account = accounts::find(&mut conn, login.as_str()).await?.filter(|account| !account.disabled);
        if let Some(account) = &account {
            stored = accounts::password(&mut conn, account.id).await?;
        }
    }
    let good = desk.hasher.verify(password.to_owned(), stored).await?;
    Ok(account.filter(|_| good))
}

async fn locked(
    desk: &Desk,
    subjects: &[Subject],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Trouble> {
    let keys: Vec<String> = subjects.iter().map(Subject::key).collect();
    let mut conn = desk.store.acquire().await?;
    Ok(failures::locked_until(&mut conn, &keys, now).await?)
}

/// A new session; the one before, if there was one in this browser, ends.
async fn enter(
    desk: &Desk,
    account: &Account,
    subjects: &[Subject],
    headers: &HeaderMap,
    next: &str,
    now: DateTime<Utc>,
) -> Result<Response, Trouble> {
    let token = Token::random();
    let mut transaction = desk.store.begin().await?;
    if let Some(before) = Cookie::Session.read(headers, desk.secure).and_then(Token::read) {
        sessions::end(&mut transaction, &before.hash()).await?;
        desk.streams.end(&before.hash());
    }
    sessions::forget(&mut transaction, now, now - desk.idle).await?;
    failures::forget(&mut transaction, now - QUIET).await?;
    sessions::insert(&mut transaction, &token.hash(), account.id, now, now + desk.longest).await?;
    for subject in subjects.iter().filter(|subject| matches!(subject, Subject::Login(_))) {
        failures::clear(&mut transaction, &subject.key()).await?;
    }
    note(&mut transaction, actor(account), account.id, "LOG_IN", "DONE", now).await?;
    transaction.commit().await?;
    let cookies = [Cookie::Session.set(&token.text(), desk.secure), Cookie::Door.clear(desk.secure)];
    let cookies = AppendHeaders(cookies.into_iter().flatten().map(|cookie| (SET_COOKIE, cookie)));
    let next = if account.must_change { "/password" } else { next };
    Ok((StatusCode::SEE_OTHER, cookies, [(LOCATION, next)]).into_response())
}

async fn refuse(desk: &Desk, typed: &str, subjects: &[Subject], now: DateTime<Utc>) -> Result<(), Trouble> {
    let mut transaction = desk.store.begin().await?;
    for subject in subjects {
        let key = subject.key();
        let failed = failures::count(&mut transaction, &key, now, now - QUIET).await?;
        if let Some(span) = locked_for(subject, failed) {
            failures::lock(&mut transaction, &key, now + span).await?;
        }
    }
    let account = match LoginName::parse(typed) {
        Ok(login) => accounts::find(&mut transaction, login.as_str()).await?.map(|account| account.id),
        Err(_) => None,
    };
    let desk_itself = Actor::Role(crate::ROLE.name.to_owned());
    note(&mut transaction, desk_itself, account.unwrap_or_default(), "LOG_IN", "REFUSED", now).await?;
    Ok(transaction.commit().await?)
}

async fn note(
    conn: &mut sqlx::PgConnection,
    actor: Actor,
    account: Uuid,
    action: &'static str,
    result: &'static str,
    now: DateTime<Utc>,
) -> Result<(), Trouble> {
    let caller = Caller { issuer: crate::ROLE.name.to_owned(), actor };
    let entry =
        audit::Entry { action, object_kind: "account", object_id: account, purpose: "ACCESS", result };
    Ok(audit::record(conn, &caller, now, &entry).await?)
}

fn address(desk: &Desk, peer: SocketAddr, headers: &HeaderMap) -> String {
    let forwarded = || {
        let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        line.rsplit(',').next()?.trim().parse::<std::net::IpAddr>().ok()
    };
    let told = if desk.forwarded { forwarded() } else { None };
    told.unwrap_or_else(|| peer.ip()).to_string()
}

/// `POST /logout`
pub(crate) async fn leave(
    State(desk): State<Arc<Desk>>,
    person: Person,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.sent(fields.get("csrf"))?;
    let hash = person.token.hash();
    let mut transaction = desk.store.begin().await?;
    sessions::end(&mut transaction, &hash).await?;
    note(&mut transaction, person.actor(), person.account.id, "LOG_OUT", "DONE", desk.now()).await?;
    transaction.commit().await?;
    desk.streams.end(&hash);
    let cookie = Cookie::Session.clear(desk.secure);
    let cookies = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok((StatusCode::SEE_OTHER, cookies, [(LOCATION, "/login")]).into_response())
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    shell: Shell,
    must_change: bool,
    error: String,
}

/// `GET /password`
pub(crate) async fn password_page(person: Person) -> Response {
    password_form(&person, StatusCode::OK, String::new())
}

fn password_form(person: &Person, status: StatusCode, error: String) -> Response {
    let shell = Shell::of(person, "修改密码", "");
    let page = PasswordPage { shell, must_change: person.account.must_change, error };
    (status, html(&page)).into_response()
}

/// `POST /password`: every session of the account ends, and one begins with the new password.
pub(crate) async fn change_password(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    person: Person,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.sent(fields.get("csrf"))?;
    let account = &person.account;
    let (present, new) = (fields.get("present"), fields.get("new"));
    let stored = {
        let mut conn = desk.store.acquire().await?;
        accounts::password(&mut conn, account.id).await?
    };
    let refuse = |error: String| Ok(password_form(&person, StatusCode::UNPROCESSABLE_ENTITY, error));
    let subject = [Subject::Login(account.login.clone())];
    let now = desk.now();
    if locked(&desk, &subject, now).await?.is_some() {
        return refuse("当前密码输入错误次数过多，请稍后重试。".to_owned());
    }
    if !desk.hasher.verify(present.to_owned(), stored).await? {
        self::refuse(&desk, &account.login, &subject, now).await?;
        return refuse("当前密码不正确，请核对后重新输入。".to_owned());
    }
    if let Err(error) = check_new(&account.login, present, new, fields.get("repeated")) {
        return refuse(error.to_string());
    }
    let hash = desk.hasher.hash(new.to_owned()).await?;
    let mut transaction = desk.store.begin().await?;
    accounts::set_password(&mut transaction, account.id, &hash, false, now).await?;
    sessions::end_all_of(&mut transaction, account.id).await?;
    note(&mut transaction, person.actor(), account.id, "CHANGE_PASSWORD", "DONE", now).await?;
    transaction.commit().await?;
    let changed = Account { must_change: false, ..account.clone() };
    enter(&desk, &changed, &subject, &headers, "/", now).await
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn after_the_log_in_nobody_is_sent_elsewhere() {
        for (next, goes) in [
            ("/cases?state=7", "/cases?state=7"),
            ("", "/"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/login?next=/login", "/"),
        ] {
            assert_eq!(ours(next), goes, "{next}");
        }
    }
}
