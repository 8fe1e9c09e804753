//! RequestSnapshot, GetSnapshots: what platforms outside told, and how old it is.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use host::Begun;
use kernel::{Clock, EnterpriseId, calendar::date_of};
use proto::whitelist::v1::{self as wire, source_service_server::SourceService};
use rpc::{Answer, Fault, audit::Entry, check::Checker};
use sqlx::PgConnection;
use tonic::{Request, Response, async_trait};

use super::{refusals::not_found, service::Face, wire as outgoing};
use crate::{
    domain::source::{Age, Known, Snapshot, SourceCode, SourceState, state},
    sources::{Sources, credit_consent},
    store::{StoreError, enterprises, snapshots, watches},
};

/// Penalties are counted over this time (indicator E2 of domain.md §4.4).
const PENALTY_MONTHS: u32 = 24;

#[async_trait]
impl SourceService for Face {
    async fn request_snapshot(
        &self,
        request: Request<wire::RequestSnapshotRequest>,
    ) -> Answer<wire::RequestSnapshotResponse> {
        Ok(ask(self, request).await?)
    }

    async fn get_snapshots(
        &self,
        request: Request<wire::GetSnapshotsRequest>,
    ) -> Answer<wire::GetSnapshotsResponse> {
        Ok(get(self, request).await?)
    }
}

async fn ask(
    face: &Face,
    request: Request<wire::RequestSnapshotRequest>,
) -> Result<Response<wire::RequestSnapshotResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let sources = check.codes("sources", &form.sources, SourceCode::ALL.len(), SourceCode::from_number);
    let (request_id, id, mut wanted) = check.all((request_id, id, sources))?;
    let again = form.again;
    if wanted.is_empty() {
        wanted = SourceCode::ALL.to_vec();
    }

    let mut change = match face.changes.begin(&request, request_id, "RequestSnapshot").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if !enterprises::exists(change.conn(), id).await? {
        return Err(not_found("enterprise_id"));
    }
    let latest = snapshots::latest_of_many(change.conn(), &[id]).await?;
    let stale_after = face.sources.pace.stale_after;
    let fresh = |source: &SourceCode| {
        latest.iter().any(|one| one.source == *source && !one.is_stale(now, stale_after))
    };
    // One that is not connected is not watched: nobody would ever look.
    wanted.retain(|source| face.sources.is_connected(*source) && (again || !fresh(source)));
    let wanted: Vec<_> = wanted.into_iter().map(|source| (id, source)).collect();
    watches::request(change.conn(), &wanted, now).await?;
    let statuses = statuses(change.conn(), id, &face.sources, face.clock.as_ref()).await?;
    let answer = wire::RequestSnapshotResponse { sources: statuses };
    let entry = Entry {
        action: "REQUEST_SNAPSHOT",
        object_kind: "enterprise",
        object_id: id.uuid(),
        purpose: super::SCREENING,
        result: if wanted.is_empty() { super::ALREADY } else { super::DONE },
    };
    let answer = change.commit(answer, &entry, &[]).await?;
    face.sources.wake();
    Ok(answer)
}

async fn get(
    face: &Face,
    request: Request<wire::GetSnapshotsRequest>,
) -> Result<Response<wire::GetSnapshotsResponse>, Fault> {
    let mut check = Checker::new();
    let id = check.id::<EnterpriseId>("enterprise_id", &request.get_ref().enterprise_id);
    let (id,) = check.all((id,))?;
    let mut conn = face.pool.acquire().await?;
    if !enterprises::exists(&mut conn, id).await? {
        return Err(not_found("enterprise_id"));
    }
    let sources = statuses(&mut conn, id, &face.sources, face.clock.as_ref()).await?;
    let connected = |status: &&wire::SourceStatus| status.state != SourceState::NotConnected.number();
    let fresh = |status: &wire::SourceStatus| status.state == SourceState::Fresh.number();
    let decidable = sources.iter().any(fresh) && sources.iter().filter(connected).all(fresh);
    Ok(Response::new(wire::GetSnapshotsResponse { sources, decidable }))
}

/// Every source, in the order of their numbers.
async fn statuses(
    conn: &mut PgConnection,
    id: EnterpriseId,
    sources: &Sources,
    clock: &dyn Clock,
) -> Result<Vec<wire::SourceStatus>, StoreError> {
    let watched: HashMap<_, _> =
        watches::list(conn, id).await?.into_iter().map(|watch| (watch.source, watch)).collect();
    let latest: HashMap<_, _> =
        snapshots::latest_of_many(conn, &[id]).await?.into_iter().map(|one| (one.source, one)).collect();
    let mut told = Vec::with_capacity(SourceCode::ALL.len());
    for code in SourceCode::ALL {
        // Asked each time: what a consent allowed when it was told needs one now too.
        let allowed = match code.needs() {
            None => true,
            Some(category) => credit_consent(conn, id, category, clock).await?.is_some(),
        };
        let now = clock.now();
        let watch = watched.get(&code);
        let snapshot = latest.get(&code).filter(|_| allowed);
        let stale_after = sources.pace.stale_after;
        let age = |one: &Snapshot| if one.is_stale(now, stale_after) { Age::Stale } else { Age::Fresh };
        let known = Known {
            connected: sources.is_connected(code),
            watched: watch.is_some(),
            allowed,
            latest: snapshot.map(age),
        };
        told.push(wire::SourceStatus {
            source: code.number(),
            state: state(known).number(),
            latest: snapshot.map(|one| shown(one, now, age(one) == Age::Stale)),
            last_outcome: watch
                .and_then(|watch| watch.last)
                .map(|(outcome, _)| outcome.code().to_owned())
                .unwrap_or_default(),
            last_at: watch.and_then(|watch| watch.last).map(|(_, at)| outgoing::timestamp(at)),
            pending_since: watch.and_then(|watch| watch.pending_since).map(outgoing::timestamp),
            next_at: watch.map(|watch| outgoing::timestamp(watch.due_at)),
            failures: watch.map_or(0, |watch| watch.failures),
        });
    }
    Ok(told)
}

/// Codes and counts: the documents themselves are not shown.
fn shown(one: &Snapshot, now: DateTime<Utc>, stale: bool) -> wire::Snapshot {
    let today = date_of(now);
    let findings = &one.findings;
    wire::Snapshot {
        snapshot_id: one.id.to_string(),
        fetched_at: Some(outgoing::timestamp(one.fetched_at)),
        age_seconds: (now - one.fetched_at).num_seconds(),
        stale,
        as_of: findings.as_of.to_string(),
        sha256: one.sha256.to_vec(),
        parser_version: one.parser_version,
        exclusions: findings.exclusions_on(today).iter().map(ToString::to_string).collect(),
        credit_grade: findings.grade.graded().map(|grade| grade.chinese().to_owned()).unwrap_or_default(),
        penalties_24_months: count(findings.penalties_within(today, PENALTY_MONTHS)),
        pledge_events: count(findings.pledges.len()),
        consent_id: one.consent_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn count(many: usize) -> i32 {
    i32::try_from(many).unwrap_or(i32::MAX)
}
