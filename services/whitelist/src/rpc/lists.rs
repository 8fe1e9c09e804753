//! ListService: publishing, reading, who has taken note.

use std::collections::{HashMap, hash_map::Entry as Slot};

use host::Begun;
use kernel::{EnterpriseId, InstitutionRole};
use proto::whitelist::v1 as wire;
use rpc::{Fault, audit::Entry as Act, check::Checker};
use sqlx::PgConnection;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{listing::Listing, refusals::not_found, screening_wire as outgoing, wire::timestamp};
use crate::{
    domain::{lists::ListKind, screening::Scorecard},
    reasons,
    store::{
        list_deliveries,
        list_versions::{self, Page, Version, Wanted},
        screening_books,
    },
    work::publish,
};

const PAGE: i32 = 200;
const PAGE_MAX: i32 = 1_000;

/// What a reader may see of an item (domain.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Staff,
    /// Grade and reasons.
    Bank,
    /// The grade.
    Grade,
}

fn sight(role: InstitutionRole) -> Option<Sight> {
    match role {
        InstitutionRole::Bank => Some(Sight::Bank),
        InstitutionRole::Insurer | InstitutionRole::Guarantor | InstitutionRole::ReGuarantor => {
            Some(Sight::Grade)
        }
        InstitutionRole::Evaluator
        | InstitutionRole::IpFund
        | InstitutionRole::Investor
        | InstitutionRole::Exchange
        | InstitutionRole::IpAgency => None,
    }
}

pub(super) async fn publish(
    face: &Listing,
    request: Request<wire::PublishListRequest>,
) -> Result<Response<wire::ListVersion>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let kind = check.code("kind", form.kind, ListKind::from_number);
    let (request_id, kind) = check.all((request_id, kind))?;
    let mut change = match face.changes.begin(&request, request_id, "PublishList").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let version = publish::publish(change.conn(), kind, now).await?;
    let version = version.ok_or_else(|| Fault::new(&reasons::LIST_UNCHANGED))?;
    let act = Act {
        action: "PUBLISH_LIST",
        object_kind: "list",
        object_id: Uuid::from_u64_pair(0, kind.number().unsigned_abs().into()),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    // Banks are told by the worker, which knows who they are.
    let answer = change.commit(outgoing::list_version(&version), &act, &[]).await?;
    face.published.wake();
    Ok(answer)
}

pub(super) async fn versions(
    face: &Listing,
    request: Request<wire::ListVersionsRequest>,
) -> Result<Response<wire::ListVersionsResponse>, Fault> {
    let mut check = Checker::new();
    let kind = check.code("kind", request.get_ref().kind, ListKind::from_number);
    let (kind,) = check.all((kind,))?;
    let versions = list_versions::list(&mut *face.pool.acquire().await?, kind).await?;
    let versions = versions.iter().map(outgoing::list_version).collect();
    Ok(Response::new(wire::ListVersionsResponse { versions }))
}

pub(super) async fn items(
    face: &Listing,
    request: Request<wire::GetListItemsRequest>,
) -> Result<Response<wire::GetListItemsResponse>, Fault> {
    let mut conn = face.pool.acquire().await?;
    Ok(Response::new(read(&mut conn, request.get_ref(), Sight::Staff, Checker::new()).await?))
}

/// Each reading is put on record: who read which list.
pub(super) async fn for_institution(
    face: &Listing,
    request: Request<wire::GetListForInstitutionRequest>,
) -> Result<Response<wire::GetListItemsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let role = check.code("role", form.role, InstitutionRole::from_number);
    let Some(wanted) = check.present("wanted", form.wanted.as_ref()) else {
        check.finish()?;
        return Err(Fault::new(&rpc::reasons::INTERNAL));
    };
    let Some(role) = role else {
        check.finish()?;
        return Err(Fault::new(&rpc::reasons::INTERNAL));
    };
    let sight = sight(role).ok_or_else(|| Fault::new(&rpc::reasons::PERMISSION_DENIED))?;
    let caller = rpc::caller(&request)?.clone();
    let mut tx = face.pool.begin().await?;
    let answer = read(&mut tx, wanted, sight, check).await?;
    let act = Act {
        action: "READ_LIST",
        object_kind: "list",
        object_id: Uuid::from_u64_pair(0, wanted.kind.unsigned_abs().into()),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    rpc::audit::record(&mut tx, &caller, face.clock.now(), &act).await?;
    tx.commit().await?;
    Ok(Response::new(answer))
}

async fn read(
    conn: &mut PgConnection,
    form: &wire::GetListItemsRequest,
    sight: Sight,
    mut check: Checker,
) -> Result<wire::GetListItemsResponse, Fault> {
    let kind = check.code("kind", form.kind, ListKind::from_number);
    let version = check.number("version", form.version, 0..=i64::MAX);
    let since = check.number("since_version", form.since_version, 0..=i64::MAX);
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    // A token names the version too: pages of one reading are of one version, whatever is published meanwhile.
    let token = check.page_token::<(i64, EnterpriseId)>(&form.page_token);
    let (kind, asked, since, size, token) = check.all((kind, version, since, size, token))?;
    let wanted = token.map_or(asked, |(version, _)| version);
    let version = match wanted {
        0 => list_versions::latest(conn, kind).await?,
        wanted => list_versions::find(conn, kind, wanted).await?,
    };
    let version = version.ok_or_else(|| not_found("version"))?;
    let wanted = Wanted {
        kind,
        version: version.version,
        since: (since > 0).then_some(since),
        after: token.map(|(_, after)| after),
        limit: i64::from(size),
    };
    let page = list_versions::page(conn, wanted).await?;
    let cards = if sight == Sight::Grade { HashMap::new() } else { cards(conn, &page).await? };
    Ok(answer(&version, &page, &cards, sight))
}

/// The scorecards that the reasons on this page are of.
async fn cards(conn: &mut PgConnection, page: &Page) -> Result<HashMap<i32, Scorecard>, Fault> {
    let mut cards = HashMap::new();
    for version in page.items.iter().filter_map(|(_, _, item)| item.card) {
        if let Slot::Vacant(slot) = cards.entry(version) {
            slot.insert(screening_books::get_card(conn, version).await?);
        }
    }
    Ok(cards)
}

fn answer(
    version: &Version,
    page: &Page,
    cards: &HashMap<i32, Scorecard>,
    sight: Sight,
) -> wire::GetListItemsResponse {
    let items = page.items.iter().map(|(id, change, item)| {
        let mut told = outgoing::item(*change, item, item.card.and_then(|card| cards.get(&card)));
        if sight == Sight::Staff {
            told.entry_id = item.entry_id.map(|id| id.to_string()).unwrap_or_default();
            told.parent_entry_id = item.parent.map(|id| id.to_string()).unwrap_or_default();
            told.enterprise_id = id.to_string();
        }
        told
    });
    wire::GetListItemsResponse {
        items: items.collect(),
        next_page_token: page
            .next
            .map(|next| rpc::check::page_token(&(version.version, next)))
            .unwrap_or_default(),
        version: Some(outgoing::list_version(version)),
    }
}

pub(super) async fn acknowledgements(
    face: &Listing,
    request: Request<wire::ListAcknowledgementsRequest>,
) -> Result<Response<wire::ListAcknowledgementsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let kind = check.code("kind", form.kind, ListKind::from_number);
    let (kind,) = check.all((kind,))?;
    let now = face.clock.now();
    let mut conn = face.pool.acquire().await?;
    let found = if form.late_only {
        list_deliveries::list_late(&mut conn, kind, now).await?
    } else {
        list_deliveries::list(&mut conn, kind).await?
    };
    let told = |one: list_deliveries::Delivery| wire::ListAcknowledgement {
        institution_id: one.institution_id.to_string(),
        kind: kind.number(),
        version: one.version,
        told_at: Some(timestamp(one.told_at)),
        due_at: one.due_at.map(timestamp),
        acknowledged_at: one.acknowledged_at.map(timestamp),
        late: one.acknowledged_at.is_none() && one.due_at.is_some_and(|due| due < now),
    };
    let acknowledgements = found.into_iter().map(told).collect();
    Ok(Response::new(wire::ListAcknowledgementsResponse { acknowledgements }))
}
