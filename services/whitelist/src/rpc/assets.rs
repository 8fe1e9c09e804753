//! RegisterAsset, ListAssets.

use host::Begun;
use kernel::{AssetId, EnterpriseId, IpNumber, IpType, calendar::date_of};
use proto::whitelist::v1 as wire;
use rpc::{
    Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use tonic::{Request, Response};

use super::{
    detail,
    enterprises::or_refuse,
    refusals::{not_found, of_dates},
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::asset::{AssetDates, Detail, IpAsset, TITLE_MAX},
    reasons,
    store::{
        StoreError,
        assets::{self, EventSource},
        enterprises,
    },
};

/// Assets on a page unless the caller says otherwise, and at most.
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

pub(super) async fn register(
    face: &Face,
    request: Request<wire::RegisterAssetRequest>,
) -> Result<Response<wire::RegisterAssetResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let enterprise_id = check.id("enterprise_id", &form.enterprise_id);
    let kind = check.code("type", form.r#type, IpType::from_number);
    let number = kind.and_then(|kind| {
        let number = IpNumber::parse(kind, &form.number).ok();
        or_refuse(&mut check, "number", number, &reasons::IP_NUMBER_INVALID)
    });
    let title = check.text("title", &form.title, TITLE_MAX);
    let today = date_of(face.clock.now());
    let dates = dates(&mut check, &form.filing_date, &form.grant_date, today);
    let detail = match &form.detail {
        None => Some(Detail::default()),
        Some(given) => check.within("detail", |check| detail::read(check, given, kind, today)),
    };
    let owners = detail::owners(&mut check, &form.owners);
    let events = detail::events(&mut check, "legal_events", &form.legal_events, today);
    let fields = (request_id, enterprise_id, kind, number, title, dates, detail, owners, events);
    let (request_id, enterprise_id, kind, number, title, dates, detail, owners, mut events) =
        check.all(fields)?;
    events.sort_by_key(|event| event.on);

    let mut change = match face.changes.begin(&request, request_id, "RegisterAsset").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let id = AssetId::new(change.now(), &mut rand::rng());
    let asset = IpAsset {
        id,
        enterprise_id,
        kind,
        number,
        title,
        dates,
        owners,
        detail,
        events,
        version: 1,
        amended_at: None,
    };
    let now = change.now();
    assets::insert(change.conn(), &asset, now).await.map_err(not_inserted)?;
    if !asset.events.is_empty() {
        let told: Vec<_> = asset.events.iter().map(|event| (id, event.clone())).collect();
        assets::add_events(change.conn(), &told, EventSource::Desk, now).await?;
    }
    let answer = wire::RegisterAssetResponse { asset: Some(outgoing::asset(&asset, today)) };
    let entry = Entry {
        action: "REGISTER_ASSET",
        object_kind: "ip_asset",
        object_id: id.uuid(),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    change.commit(answer, &entry, &[]).await
}

pub(super) fn dates(
    check: &mut Checker,
    filing_date: &str,
    grant_date: &str,
    today: chrono::NaiveDate,
) -> Option<AssetDates> {
    let filed = check.optional_date("filing_date", filing_date);
    let granted = check.optional_date("grant_date", grant_date);
    match AssetDates::new(filed?, granted?, today) {
        Ok(dates) => Some(dates),
        Err(error) => {
            let (field, reason) = of_dates(error);
            check.refuse(field, reason);
            None
        }
    }
}

fn not_inserted(error: StoreError) -> Fault {
    if error.violates(assets::NUMBER_KEY) {
        Fault::new(&reasons::ASSET_EXISTS).field("number")
    } else if error.violates(assets::ENTERPRISE_KEY) {
        not_found("enterprise_id")
    } else {
        error.into()
    }
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListAssetsRequest>,
) -> Result<Response<wire::ListAssetsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let enterprise_id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<AssetId>(&form.page_token);
    let (enterprise_id, size, after) = check.all((enterprise_id, size, after))?;

    let mut conn = face.pool.acquire().await?;
    // One more than the page tells whether there is a next one.
    let mut found = assets::list(&mut conn, enterprise_id, after, i64::from(size) + 1).await?;
    if found.is_empty() && !enterprises::exists(&mut conn, enterprise_id).await? {
        return Err(not_found("enterprise_id"));
    }
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|asset| page_token(&asset.id));
    let today = date_of(face.clock.now());
    let assets = found.iter().map(|asset| outgoing::asset(asset, today)).collect();
    Ok(Response::new(wire::ListAssetsResponse { assets, next_page_token: next.unwrap_or_default() }))
}
