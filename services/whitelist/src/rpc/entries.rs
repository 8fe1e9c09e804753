//! EntryService: nominations and what persons do with entries.

use std::collections::{BTreeMap, HashMap};

use host::Begun;
use kernel::{Due, EnterpriseId};
use proto::whitelist::v1::{self as wire, get_entry_request::Key};
use rpc::{Fault, audit::Entry as Act, check::Checker};
use tonic::{Request, Response};

use super::{listing::Listing, refusals::not_found, screening_wire as outgoing};
use crate::{
    domain::{
        entry::{Entry, Judgement, State},
        entry_decide::{Command, Refusal},
        hearing::Hearing,
        ids::{EntryId, RunId},
        screening::{Exclusions, Points},
    },
    reasons,
    store::{
        enterprises,
        entries::{self, Happened},
        entries_tasks, list_versions, watches,
    },
    work::{
        journal::{self, Moved},
        judge::Look,
    },
};

/// Most entries of one call.
const MANY: usize = 1_000;
const NOTE_MAX: usize = 200;
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1_000;

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::State { state, command } => {
                Self::new(&reasons::ENTRY_STATE).metadata("state", state).metadata("command", command)
            }
            Refusal::TooEarly => Self::new(&reasons::ENTRY_TOO_EARLY),
            Refusal::NotEligible => Self::new(&reasons::ENTRY_NOT_ELIGIBLE),
            Refusal::NoConsent => Self::new(&reasons::ENTRY_WITHOUT_CONSENT),
        }
    }
}

pub(super) async fn nominate(
    face: &Listing,
    request: Request<wire::NominateRequest>,
) -> Result<Response<wire::NominateResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let ids = check.ids::<EnterpriseId>("enterprise_ids", &form.enterprise_ids, 1..=MANY);
    let (request_id, ids) = check.all((request_id, ids))?;
    let mut change = match face.changes.begin(&request, request_id, "Nominate").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let mut known = Vec::with_capacity(ids.len());
    for id in &ids {
        if enterprises::exists(change.conn(), *id).await? {
            known.push(*id);
        }
    }
    let day = kernel::calendar::date_of(now);
    let parents: HashMap<_, _> =
        list_versions::parents(change.conn(), &known, day).await?.into_iter().collect();
    let earlier: HashMap<_, _> = entries::list_latest(change.conn(), &known)
        .await?
        .into_iter()
        .map(|entry| (entry.enterprise_id, entry))
        .collect();
    let nominated = |id: &EnterpriseId| {
        let new = Entry::nominated(EntryId::new(now, &mut rand::rng()), *id, parents.get(id).copied(), now);
        earlier.get(id).into_iter().fold(new, Entry::after_an_earlier)
    };
    let new: Vec<Entry> = known.iter().map(nominated).collect();
    let inserted = entries::insert(change.conn(), &new).await?;
    let fresh: Vec<&Entry> = new.iter().filter(|entry| inserted.contains(&entry.id)).collect();
    let (actor, caller) = (change.caller().audit_name(), change.caller().clone());
    let happened: Vec<Happened> = fresh
        .iter()
        .map(|entry| Happened {
            entry_id: entry.id,
            version: entry.version,
            kind: "NOMINATED",
            actor: actor.clone(),
            note: String::new(),
            run_id: None,
            at: now,
        })
        .collect();
    entries::record(change.conn(), &happened).await?;
    let policy = &face.policy;
    let tasks: Vec<_> =
        fresh.iter().map(|entry| (entry.id, entry.tasks(now, policy.watch, &policy.terms))).collect();
    entries_tasks::replace(change.conn(), &tasks, now).await?;
    let ids_of_fresh: Vec<EnterpriseId> = fresh.iter().map(|entry| entry.enterprise_id).collect();
    face.sources.follow(change.conn(), &ids_of_fresh, now).await?;
    let acts: Vec<Act> = fresh.iter().map(|entry| act("NOMINATE", entry.id, super::DONE)).collect();
    rpc::audit::record_all(change.conn(), &caller, now, &acts).await?;
    let live: BTreeMap<EnterpriseId, Entry> = entries::find_live(change.conn(), &known)
        .await?
        .into_iter()
        .map(|entry| (entry.enterprise_id, entry))
        .collect();
    let answer = wire::NominateResponse {
        entries: ids.iter().filter_map(|id| live.get(id)).map(outgoing::entry).collect(),
        unknown_enterprise_ids: ids
            .iter()
            .filter(|id| !known.contains(id))
            .map(ToString::to_string)
            .collect(),
    };
    let whole = act("NOMINATE_ALL", EntryId::from_uuid(request_id.uuid()), super::DONE);
    let answer = change.commit(answer, &whole, &[]).await?;
    face.alarm.wake();
    face.sources.wake();
    Ok(answer)
}

fn act(action: &'static str, entry: EntryId, result: &'static str) -> Act {
    Act { action, object_kind: "entry", object_id: entry.uuid(), purpose: super::PURPOSE, result }
}

pub(super) async fn open_publicity(
    face: &Listing,
    request: Request<wire::OpenPublicityRequest>,
) -> Result<Response<wire::OpenPublicityResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let ids = check.ids::<EntryId>("entry_ids", &form.entry_ids, 1..=MANY);
    let (request_id, ids) = check.all((request_id, ids))?;
    let mut change = match face.changes.begin(&request, request_id, "OpenPublicity").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let ends_at = match face.calendar.deadline(now, face.policy.publicity) {
        Due::At(at) => Some(at),
        Due::Pending { .. } => None,
    };
    let locked = entries::lock(change.conn(), &ids).await?;
    if let Some(place) = ids.iter().position(|id| locked.iter().all(|entry| entry.id != *id)) {
        return Err(not_found(&format!("entry_ids[{place}]")));
    }
    let mut all: BTreeMap<EntryId, Entry> = locked.iter().map(|entry| (entry.id, entry.clone())).collect();
    let mut moved = Vec::with_capacity(locked.len());
    for entry in locked {
        let command = Command::OpenPublicity { ends_at };
        moved.extend(Moved::by(entry, &[command], now, "", &face.policy.terms)?);
    }
    let caller = change.caller().clone();
    let messages = journal::keep(change.conn(), &moved, &caller, now, &face.policy).await?;
    all.extend(moved.into_iter().map(|one| (one.entry.id, one.entry)));
    let entries = ids.iter().filter_map(|id| all.get(id)).map(outgoing::entry).collect();
    let whole = act("OPEN_PUBLICITY", EntryId::from_uuid(request_id.uuid()), super::DONE);
    let answer = change.commit(wire::OpenPublicityResponse { entries }, &whole, &messages).await?;
    face.alarm.wake();
    Ok(answer)
}

/// A command for one entry; `command` is given what a screening says at this moment.
pub(super) async fn command(
    face: &Listing,
    request: Request<wire::EntryCommandRequest>,
    method: &'static str,
    command: impl Fn(Judgement) -> Command,
) -> Result<Response<wire::Entry>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<EntryId>("entry_id", &form.entry_id);
    let note = check.note("note", &form.note, NOTE_MAX);
    let (request_id, id, note) = check.all((request_id, id, note))?;
    let mut change = match face.changes.begin(&request, request_id, method).await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let entry = entries::lock(change.conn(), &[id]).await?.pop().ok_or_else(|| not_found("entry_id"))?;
    let mut kept = entry.clone();
    // Only a renewal looks.
    let judged = matches!(command(unseen()), Command::Renew(_));
    let (look, decided) = if judged {
        let look = Look::at(change.conn(), &[(entry.enterprise_id, None)], &face.ears, now).await?;
        let judgement = look.judgement(entry.enterprise_id).ok_or_else(|| not_found("entry_id"))?;
        (Some(look), command(judgement))
    } else {
        (None, command(unseen()))
    };
    let moved = Moved::by(entry, &[decided], now, &note, &face.policy.terms)?;
    let caller = change.caller().clone();
    let moved: Vec<Moved> = moved.into_iter().collect();
    if let (Some(look), false) = (look, moved.is_empty()) {
        look.keep(change.conn()).await?;
    }
    let messages = journal::keep(change.conn(), &moved, &caller, now, &face.policy).await?;
    let result = if moved.is_empty() { super::ALREADY } else { super::DONE };
    if let Some(one) = moved.into_iter().next() {
        kept = one.entry;
        if let State::Screening { fresh_from: Some(_), .. } = kept.state {
            // What they told before is said to be no longer so: they are asked now.
            watches::request(change.conn(), &face.sources.each(&[kept.enterprise_id]), now).await?;
        }
    }
    let answer = change.commit(outgoing::entry(&kept), &act("COMMAND_ENTRY", id, result), &messages).await?;
    face.alarm.wake();
    face.sources.wake();
    Ok(answer)
}

/// Stands where no judgement is asked for.
fn unseen() -> Judgement {
    Judgement {
        run: RunId::from_uuid(uuid::Uuid::nil()),
        total: Points(0),
        grade: kernel::Grade::D,
        passes: false,
        hits: Exclusions::NONE,
        rejects: false,
        pending: Exclusions::NONE,
        hearing: Hearing::default(),
        barred: Exclusions::NONE,
        consented: false,
    }
}

pub(super) async fn get(
    face: &Listing,
    request: Request<wire::GetEntryRequest>,
) -> Result<Response<wire::Entry>, Fault> {
    let mut check = Checker::new();
    let found = match &request.get_ref().key {
        None => return Err(Fault::new(&rpc::reasons::FIELD_REQUIRED).field("key")),
        Some(Key::EntryId(id)) => {
            let id = check.id("entry_id", id);
            let (id,) = check.all((id,))?;
            entries::find(&mut *face.pool.acquire().await?, id).await?
        }
        Some(Key::EnterpriseId(id)) => {
            let id = check.id("enterprise_id", id);
            let (id,) = check.all((id,))?;
            entries::find_latest(&mut *face.pool.acquire().await?, id).await?
        }
    };
    let found = found.ok_or_else(|| Fault::new(&rpc::reasons::NOT_FOUND))?;
    Ok(Response::new(outgoing::entry(&found)))
}

pub(super) async fn list(
    face: &Listing,
    request: Request<wire::ListEntriesRequest>,
) -> Result<Response<wire::ListEntriesResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let state = if form.state == 0 {
        Some(None)
    } else {
        check.code("state", form.state, outgoing::state_code).map(Some)
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<uuid::Uuid>(&form.page_token);
    let (state, size, after) = check.all((state, size, after))?;
    let after = after.map(EntryId::from_uuid);
    let page = entries::page(&mut *face.pool.acquire().await?, state, after, i64::from(size)).await?;
    let full = page.len() >= usize::try_from(size).unwrap_or_default();
    let next = page.last().filter(|_| full).map(|entry| rpc::check::page_token(&entry.id.uuid()));
    let entries = page.iter().map(outgoing::entry).collect();
    Ok(Response::new(wire::ListEntriesResponse { entries, next_page_token: next.unwrap_or_default() }))
}
