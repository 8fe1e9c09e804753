//! ScreeningService: rulebooks, runs, results, exclusions on record.

use host::Begun;
use kernel::{EnterpriseId, calendar::date_of};
use proto::whitelist::v1 as wire;
use rpc::{Fault, audit::Entry as Act, check::Checker};
use tonic::{Request, Response};

use super::{enterprises::or_refuse, listing::Listing, refusals::not_found, screening_wire as outgoing};
use crate::{
    domain::{
        entry::{State, Task},
        ids::{ExclusionId, RunId},
        screening::{CardError, RUN_SCOPE_MAX, Rulebook, Run, RunState, Scorecard},
        standing::Exclusion,
    },
    reasons,
    store::{
        enterprises, entries, entries_tasks,
        screening_books::{self, BookKind},
        screening_exclusions, screening_results, screening_runs,
    },
    work::runs,
};

/// Longest text of a rulebook, in bytes.
const TEXT_MAX: usize = 65_536;
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1_000;
/// Longest list of what is wrong, in characters: metadata travels in headers.
const FAULTS_MAX: usize = 1_000;

fn act(action: &'static str, object_kind: &'static str, object_id: uuid::Uuid) -> Act {
    Act { action, object_kind, object_id, purpose: super::PURPOSE, result: super::DONE }
}

pub(super) async fn record_rulebook(
    face: &Listing,
    request: Request<wire::RecordRulebookRequest>,
) -> Result<Response<wire::RecordRulebookResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let kind = check.code("kind", form.kind, outgoing::book_kind);
    let active_from = check.date("active_from", &form.active_from);
    if form.text.trim().is_empty() {
        check.refuse("text", &rpc::reasons::FIELD_REQUIRED);
    } else if form.text.len() > TEXT_MAX {
        check.refuse("text", &rpc::reasons::FIELD_TOO_LONG);
    }
    let (request_id, kind, active_from) = check.all((request_id, kind, active_from))?;
    let faults = match kind {
        BookKind::Scorecard => Scorecard::parse(&form.text).err(),
        // A park that one of them lacks would make all its firms HX15, or keep others from being registered at all.
        BookKind::Exclusions => match Rulebook::parse(&form.text) {
            Err(faults) => Some(faults),
            Ok(rules) => face.parks.differs_from(&rules.parks).map(|parks| vec![CardError::Parks(parks)]),
        },
    };
    if let Some(faults) = faults {
        return Err(Fault::new(&reasons::RULEBOOK_INVALID).metadata("faults", told(&faults)).field("text"));
    }
    let mut change = match face.changes.begin(&request, request_id, "RecordRulebook").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if active_from < date_of(now) {
        return Err(Fault::new(&reasons::RULEBOOK_BACKDATED).field("active_from"));
    }
    let version =
        screening_books::insert(change.conn(), kind, active_from, &request.get_ref().text, now).await?;
    let object = uuid::Uuid::from_u64_pair(0, u64::from(version.unsigned_abs()));
    let answer = wire::RecordRulebookResponse { version };
    change.commit(answer, &act("RECORD_RULEBOOK", "rulebook", object), &[]).await
}

/// Everything that is wrong, in one line of ASCII.
fn told(faults: &[CardError]) -> String {
    let text = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let plain = |sign: char| if sign.is_ascii() && !sign.is_ascii_control() { sign } else { '?' };
    text.chars().map(plain).take(FAULTS_MAX).collect()
}

pub(super) async fn list_rulebooks(
    face: &Listing,
    request: Request<wire::ListRulebooksRequest>,
) -> Result<Response<wire::ListRulebooksResponse>, Fault> {
    let mut check = Checker::new();
    let kind = check.code("kind", request.get_ref().kind, outgoing::book_kind);
    let (kind,) = check.all((kind,))?;
    let books = screening_books::list(&mut *face.pool.acquire().await?, kind).await?;
    let rulebooks = books.into_iter().map(|book| outgoing::rulebook(kind, book)).collect();
    Ok(Response::new(wire::ListRulebooksResponse { rulebooks }))
}

pub(super) async fn start(
    face: &Listing,
    request: Request<wire::StartRunRequest>,
) -> Result<Response<wire::Run>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let as_of = check.optional_date("as_of", &form.as_of);
    let scope = check.ids::<EnterpriseId>("enterprise_ids", &form.enterprise_ids, 0..=RUN_SCOPE_MAX);
    let (request_id, as_of, scope) = check.all((request_id, as_of, scope))?;
    let mut change = match face.changes.begin(&request, request_id, "StartRun").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let as_of = as_of.unwrap_or_else(|| date_of(now));
    if as_of > date_of(now) {
        return Err(Fault::new(&reasons::DATE_IN_FUTURE).field("as_of"));
    }
    let books = screening_books::active(change.conn(), as_of).await?;
    let books = books.ok_or_else(|| not_found("as_of"))?;
    let id = RunId::new(now, &mut rand::rng());
    let scope = (!scope.is_empty()).then_some(scope);
    let run = Run::start(id, as_of, (books.scorecard_version, books.rules_version), scope, now);
    screening_runs::insert(change.conn(), &run).await?;
    let answer =
        change.commit(outgoing::run(&run), &act("START_RUN", "screening_run", id.uuid()), &[]).await?;
    face.alarm.wake();
    Ok(answer)
}

async fn find_run(face: &Listing, id: &str) -> Result<Run, Fault> {
    let mut check = Checker::new();
    let id = check.id::<RunId>("run_id", id);
    let (id,) = check.all((id,))?;
    let run = screening_runs::find(&mut *face.pool.acquire().await?, id).await?;
    run.ok_or_else(|| not_found("run_id"))
}

pub(super) async fn get(
    face: &Listing,
    request: Request<wire::GetRunRequest>,
) -> Result<Response<wire::Run>, Fault> {
    Ok(Response::new(outgoing::run(&find_run(face, &request.get_ref().run_id).await?)))
}

pub(super) async fn results(
    face: &Listing,
    request: Request<wire::ListResultsRequest>,
) -> Result<Response<wire::ListResultsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<EnterpriseId>(&form.page_token);
    let (size, after) = check.all((size, after))?;
    let run = find_run(face, &form.run_id).await?;
    let mut conn = face.pool.acquire().await?;
    let page = screening_results::page(&mut conn, run.id, after, i64::from(size)).await?;
    let full = page.len() >= usize::try_from(size).unwrap_or_default();
    let next =
        page.last().filter(|_| full).map(|(subject, _)| rpc::check::page_token(&subject.enterprise_id));
    let results = page.iter().map(|(subject, screened)| outgoing::result(subject, screened)).collect();
    Ok(Response::new(wire::ListResultsResponse { results, next_page_token: next.unwrap_or_default() }))
}

pub(super) async fn explain(
    face: &Listing,
    request: Request<wire::ExplainResultRequest>,
) -> Result<Response<wire::Explanation>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let enterprise = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let (enterprise,) = check.all((enterprise,))?;
    let run = find_run(face, &form.run_id).await?;
    let mut conn = face.pool.acquire().await?;
    let found = screening_results::find(&mut conn, run.id, enterprise).await?;
    let (subject, screened) = found.ok_or_else(|| not_found("enterprise_id"))?;
    let books = screening_books::get(&mut conn, run.scorecard_version, run.rules_version).await?;
    Ok(Response::new(outgoing::explanation(&subject, &screened, &books)))
}

pub(super) async fn replay(
    face: &Listing,
    request: Request<wire::ReplayRunRequest>,
) -> Result<Response<wire::ReplayRunResponse>, Fault> {
    let run = find_run(face, &request.get_ref().run_id).await?;
    if run.state == RunState::Running {
        return Err(Fault::new(&reasons::RUN_NOT_DONE));
    }
    let replayed = runs::replay(&mut *face.pool.acquire().await?, &run).await?;
    let digest = replayed.digest.bytes().to_vec();
    let (identical, compared) = (replayed.identical, replayed.compared);
    Ok(Response::new(wire::ReplayRunResponse { identical, digest, compared }))
}

pub(super) async fn record_exclusion(
    face: &Listing,
    request: Request<wire::RecordExclusionRequest>,
) -> Result<Response<wire::RecordExclusionResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let enterprise = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let code = Exclusion::parse(&form.code);
    let code = or_refuse(&mut check, "code", code, &reasons::EXCLUSION_UNKNOWN);
    let evidence = check.sha256("evidence_sha256", &form.evidence_sha256);
    let (request_id, enterprise, code, evidence) = check.all((request_id, enterprise, code, evidence))?;
    let mut change = match face.changes.begin(&request, request_id, "RecordExclusion").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if !enterprises::exists(change.conn(), enterprise).await? {
        return Err(not_found("enterprise_id"));
    }
    let id = ExclusionId::new(now, &mut rand::rng());
    screening_exclusions::insert(change.conn(), id, enterprise, code, &evidence, now).await?;
    look_at(change.conn(), enterprise, now).await?;
    let answer = wire::RecordExclusionResponse { exclusion_id: id.to_string() };
    let answer = change.commit(answer, &act("RECORD_EXCLUSION", "exclusion", id.uuid()), &[]).await?;
    face.alarm.wake();
    Ok(answer)
}

pub(super) async fn cure_exclusion(
    face: &Listing,
    request: Request<wire::CureExclusionRequest>,
) -> Result<Response<wire::RecordExclusionResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<ExclusionId>("exclusion_id", &form.exclusion_id);
    let evidence = check.sha256("evidence_sha256", &form.evidence_sha256);
    let (request_id, id, evidence) = check.all((request_id, id, evidence))?;
    let mut change = match face.changes.begin(&request, request_id, "CureExclusion").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let found = screening_exclusions::lock(change.conn(), id).await?;
    let found = found.ok_or_else(|| not_found("exclusion_id"))?;
    let mut entry = act("CURE_EXCLUSION", "exclusion", id.uuid());
    if !found.is_cured {
        screening_exclusions::cure(change.conn(), id, &evidence, now).await?;
        look_at(change.conn(), found.enterprise_id, now).await?;
    } else {
        entry.result = super::ALREADY;
    }
    let answer = wire::RecordExclusionResponse { exclusion_id: id.to_string() };
    let answer = change.commit(answer, &entry, &[]).await?;
    face.alarm.wake();
    Ok(answer)
}

/// The enterprise's live entry is looked at now, not when it would be anyway. Under its lock: a look that has begun before
/// would else put the next one off again.
async fn look_at(
    conn: &mut sqlx::PgConnection,
    enterprise: EnterpriseId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), Fault> {
    let live = entries::find_live(conn, &[enterprise]).await?;
    let ids: Vec<_> = live.iter().map(|entry| entry.id).collect();
    for entry in entries::lock(conn, &ids).await? {
        let watched = matches!(
            entry.state,
            State::Scored | State::Publicity { .. } | State::Listed(_) | State::Suspended { .. }
        );
        if watched {
            entries_tasks::put(conn, &[(entry.id, Task::Watch, Some(now))], now).await?;
        }
    }
    Ok(())
}
