//! Operations (运行): what waits in each role, parked messages with replay and removal, when each institution was last
//! heard of. Ids and codes only.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use kernel::InstitutionRole;
use proto::operations::v1 as operations;
use proto::partner::v1 as partner;
use serde::Deserialize;
use uuid::Uuid;

use super::{Fields, Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::peers::OPERATED;
use crate::text;

/// A role that does not answer must not hold the page.
const LIMIT: Duration = Duration::from_secs(2);
/// Parked messages shown of a role at once.
const PARKED: i32 = 50;
/// An outbox row that waits longer is worth a look.
const OLD: TimeDelta = TimeDelta::minutes(1);
/// An institution that was not heard of for so long while something waits for it.
const SILENT: TimeDelta = TimeDelta::minutes(156);

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage {
    shell: Shell,
    refusal: Option<Refusal>,
    done: String,
    buses: Vec<Bus>,
    parked: Vec<Parked>,
    contacts: Vec<Contact>,
    contacts_away: String,
    seen_at: String,
    purpose: String,
}

struct Bus {
    role: &'static str,
    away: String,
    outbox: i64,
    oldest: String,
    old: bool,
    retrying: i64,
    parked: i64,
    parked_oldest: String,
    connected: bool,
}

/// The parked messages of one role.
struct Parked {
    role: &'static str,
    request_id: String,
    more: bool,
    rows: Vec<Message>,
}

struct Message {
    id: String,
    queue: String,
    kind: String,
    aggregate: String,
    version: i64,
    reason: String,
    parked: String,
    attempts: i32,
    chosen: bool,
}

struct Contact {
    id: String,
    role: &'static str,
    last: String,
    ago: String,
    silent: bool,
    open: i32,
    waiting: i32,
    oldest: String,
    credentials: i32,
    expires: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    replayed: String,
    #[serde(default)]
    dropped: String,
}

/// `GET /operations`
pub(crate) async fn page(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Query(told): Query<Told>,
) -> Result<Response, Trouble> {
    let number = |text: &str| text.parse::<u32>().ok();
    let done = match (number(&told.replayed), number(&told.dropped)) {
        (Some(count), _) => format!("已安排重新处理 {count} 条消息。"),
        (None, Some(count)) => format!("已删除 {count} 条消息。"),
        (None, None) => String::new(),
    };
    show(&desk, &person, done, None, &Fields::default()).await
}

async fn show(
    desk: &Desk,
    person: &Person,
    done: String,
    refusal: Option<Refusal>,
    typed: &Fields,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Operations)?;
    let now = desk.now();
    let actor = person.actor();
    let buses = join_all(OPERATED.into_iter().map(|role| bus(desk, &actor, role, now)));
    let contacts = async { desk.peers.contacts(&actor).list_contacts(partner::ListContactsRequest {}).await };
    let (buses, contacts) = tokio::join!(buses, contacts);
    let waiting = buses.iter().filter(|bus| bus.parked > 0).map(|bus| bus.role);
    let parked = join_all(waiting.map(|role| parked(desk, &actor, role, typed))).await;
    let (contacts, contacts_away) = match contacts {
        Ok(answer) => {
            let mut contacts = answer.into_inner().contacts;
            contacts.sort_by_key(|one| (one.role, one.institution_id.clone()));
            (contacts.iter().map(|one| contact(one, now)).collect(), String::new())
        }
        Err(status) => (Vec::new(), Refusal::of(&status).text),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, Refusal::http);
    let page = OperationsPage {
        shell: Shell::of(person, "运行", "operations"),
        refusal,
        done,
        buses,
        parked: parked.into_iter().flatten().collect(),
        contacts,
        contacts_away,
        seen_at: text::clock(now),
        purpose: typed.get("purpose").to_owned(),
    };
    Ok((status, html(&page)).into_response())
}

async fn bus(desk: &Desk, actor: &rpc::Actor, role: &'static str, now: DateTime<Utc>) -> Bus {
    let mut bus = Bus {
        role,
        away: String::new(),
        outbox: 0,
        oldest: String::new(),
        old: false,
        retrying: 0,
        parked: 0,
        parked_oldest: String::new(),
        connected: false,
    };
    let Some(mut client) = desk.peers.operations(role, actor, LIMIT) else { return bus };
    match client.get_bus(operations::GetBusRequest {}).await {
        Ok(answer) => {
            let view = answer.into_inner();
            let oldest = view.outbox_oldest_at.as_ref().and_then(text::instant);
            bus.outbox = view.outbox_rows;
            bus.oldest = text::ago(view.outbox_oldest_at.as_ref(), now);
            bus.old = oldest.is_some_and(|at| now - at > OLD);
            bus.retrying = view.retrying;
            bus.parked = view.parked;
            bus.parked_oldest = text::ago(view.parked_oldest_at.as_ref(), now);
            bus.connected = view.connected;
        }
        Err(status) => bus.away = Refusal::of(&status).reason,
    }
    if bus.away.is_empty() && !bus.connected && bus.oldest.is_empty() {
        bus.away = "UNAVAILABLE".to_owned();
    }
    bus
}

async fn parked(desk: &Desk, actor: &rpc::Actor, role: &'static str, typed: &Fields) -> Option<Parked> {
    let mut client = desk.peers.operations(role, actor, LIMIT)?;
    let request = operations::ListParkedRequest { page_size: PARKED, page_token: String::new() };
    let answer = client.list_parked(request).await.ok()?.into_inner();
    let ticked = typed.all("held");
    let rows = answer.messages.into_iter().map(|message| Message {
        chosen: ticked.contains(&message.held_id),
        id: message.held_id,
        queue: message.queue,
        kind: if message.r#type.is_empty() { "无法读取".to_owned() } else { message.r#type },
        aggregate: message.aggregate_id,
        version: message.aggregate_version,
        reason: message.reason,
        parked: text::short(message.parked_at.as_ref()),
        attempts: message.attempts,
    });
    Some(Parked {
        role,
        request_id: Uuid::new_v4().to_string(),
        more: !answer.next_page_token.is_empty(),
        rows: rows.collect(),
    })
}

fn contact(contact: &partner::Contact, now: DateTime<Utc>) -> Contact {
    let last = contact.last_contact_at.as_ref().and_then(text::instant);
    let waits = contact.waiting_events > 0 || contact.open_assignments > 0;
    Contact {
        id: contact.institution_id.clone(),
        role: InstitutionRole::from_number(contact.role).map_or("机构", InstitutionRole::chinese),
        last: text::short(contact.last_contact_at.as_ref()),
        ago: if last.is_none() {
            "从未".to_owned()
        } else {
            text::ago(contact.last_contact_at.as_ref(), now)
        },
        silent: waits && last.is_none_or(|at| now - at > SILENT),
        open: contact.open_assignments,
        waiting: contact.waiting_events,
        oldest: text::ago(contact.oldest_waiting_at.as_ref(), now),
        credentials: contact.credentials,
        expires: text::date(contact.credential_expires_at.as_ref()),
    }
}

/// `POST /operations/{role}`: replay or drop what was ticked, for a purpose.
pub(crate) async fn act(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(role): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Operations)?;
    person.sent(fields.get("csrf"))?;
    let held_ids = fields.all("held");
    if held_ids.is_empty() {
        let refusal = Refusal::field("held", "请先勾选要处置的消息。");
        return show(&desk, &person, String::new(), Some(refusal), &fields).await;
    }
    let actor = person.actor();
    let mut client = desk.peers.operations(&role, &actor, LIMIT * 5).ok_or(Trouble::NotFound)?;
    let request_id = fields.get("request_id").to_owned();
    let purpose = fields.get("purpose").to_owned();
    let outcome = match fields.get("act") {
        "replay" => {
            let request = operations::ReplayParkedRequest { request_id, held_ids, purpose };
            client.replay_parked(request).await.map(|done| format!("replayed={}", done.into_inner().replayed))
        }
        "drop" => {
            let request = operations::DropParkedRequest { request_id, held_ids, purpose };
            client.drop_parked(request).await.map(|done| format!("dropped={}", done.into_inner().dropped))
        }
        _ => return Err(Trouble::Unreadable),
    };
    match outcome {
        Ok(done) => Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/operations?{done}"))]).into_response()),
        Err(status) => show(&desk, &person, String::new(), Some(Refusal::of(&status)), &fields).await,
    }
}
