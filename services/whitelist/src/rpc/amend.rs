//! AmendEnterprise, AmendAsset, RecordLegalEvents: changes to what is on record, guarded by the version that was read.

use chrono::NaiveDate;
use host::Begun;
use kernel::{AssetId, EnterpriseId, EnterpriseSize, calendar::date_of};
use proto::whitelist::v1 as wire;
use rpc::{Fault, audit::Entry, check::Checker};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    assets::dates,
    detail,
    enterprises::{or_refuse, qualifications},
    profile,
    refusals::not_found,
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::{
        asset::{AssetDates, Detail, IpAsset, TITLE_MAX},
        enterprise::{Enterprise, NAME_MAX, Name},
        place::{Industry, Region},
        profile::{FORMER_NAMES_MAX, Profile},
    },
    reasons,
    store::{
        assets::{self, EventSource},
        enterprises,
    },
};

/// Most paths of one amendment.
const PATHS_MAX: usize = 40;

/// Paths of an enterprise outside of its profile.
const ENTERPRISE_PATHS: [&str; 7] =
    ["name", "size", "industry", "park", "region", "qualifications", "profile"];
const PROFILE_PATHS: [&str; 12] = [
    "profile.former_names",
    "profile.established_on",
    "profile.reg_capital_fen",
    "profile.legal_rep",
    "profile.contacts",
    "profile.staff",
    "profile.rd_staff",
    "profile.accounts",
    "profile.total_assets_fen",
    "profile.total_liabilities_fen",
    "profile.tax_grade",
    "profile.platform_link",
];
const ASSET_PATHS: [&str; 5] = ["title", "filing_date", "grant_date", "owners", "detail"];
const DETAIL_PATHS: [&str; 15] = [
    "detail.inventors_count",
    "detail.first_use_date",
    "detail.creation_date",
    "detail.renewed_to",
    "detail.annuity_paid_to",
    "detail.ipc_main",
    "detail.nice_class",
    "detail.product_link",
    "detail.revenue_share_bp",
    "detail.family_size",
    "detail.citations",
    "detail.litigation_proven",
    "detail.high_value",
    "detail.acquired_from",
    "detail.acquired_on",
];

/// What is to be changed, each path once and each one that exists.
struct Paths(Vec<String>);

impl Paths {
    fn read(check: &mut Checker, given: &[String], known: &[&[&str]]) -> Option<Self> {
        let paths = check.list(&"paths", given, 1..=PATHS_MAX, |check, field, path| {
            let known = known.iter().any(|list| list.contains(&path.as_str())).then(|| path.clone());
            or_refuse(check, &field, known, &reasons::PATH_UNKNOWN)
        });
        paths.map(Self)
    }

    fn has(&self, path: &str) -> bool {
        self.0.iter().any(|given| given == path)
    }

    /// Whether the path itself or the message that it belongs to is named.
    fn covers(&self, message: &str, path: &str) -> bool {
        self.has(message) || self.has(path)
    }

    fn within(&self, message: &str) -> bool {
        self.0.iter().any(|path| {
            path.strip_prefix(message).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// `Some(None)` where the path is not named.
fn named<T>(paths: &Paths, path: &str, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if paths.has(path) { read().map(Some) } else { Some(None) }
}

pub(super) async fn enterprise(
    face: &Face,
    request: Request<wire::AmendEnterpriseRequest>,
) -> Result<Response<wire::AmendEnterpriseResponse>, Fault> {
    let form = request.get_ref();
    let today = date_of(face.clock.now());
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let version = check.number("version", form.version, 1..=i32::MAX);
    let paths = Paths::read(&mut check, &form.paths, &[&ENTERPRISE_PATHS, &PROFILE_PATHS]);
    let given = paths.as_ref().and_then(|paths| EnterpriseChange::read(&mut check, form, paths, face, today));
    let (request_id, id, version, paths, given) = check.all((request_id, id, version, paths, given))?;

    let mut change = match face.changes.begin(&request, request_id, "AmendEnterprise").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if !enterprises::lock(change.conn(), id).await? {
        return Err(not_found("enterprise_id"));
    }
    let found = enterprises::find(change.conn(), id).await?.ok_or_else(|| not_found("enterprise_id"))?;
    same_version(found.version, version)?;
    let changed = given.onto(&found, &paths);
    let mut check = Checker::new();
    check.within("profile", |check| profile::consistent(check, &changed.profile, today));
    check.finish()?;
    let (kept, result) = match found.amended(changed, now) {
        None => (found, super::ALREADY),
        Some(next) => {
            enterprises::update_many(change.conn(), std::slice::from_ref(&next)).await?;
            (next, super::DONE)
        }
    };
    let answer = wire::AmendEnterpriseResponse { enterprise: Some(outgoing::enterprise(&kept)) };
    change.commit(answer, &entry("AMEND_ENTERPRISE", "enterprise", id.uuid(), result), &[]).await
}

/// The named values, read; what is not named is `None`.
struct EnterpriseChange {
    name: Option<Name>,
    size: Option<EnterpriseSize>,
    industry: Option<Industry>,
    park: Option<crate::domain::place::Park>,
    region: Option<Region>,
    qualifications: Option<Vec<crate::domain::enterprise::QualificationHeld>>,
    profile: Profile,
}

impl EnterpriseChange {
    fn read(
        check: &mut Checker,
        form: &wire::AmendEnterpriseRequest,
        paths: &Paths,
        face: &Face,
        today: NaiveDate,
    ) -> Option<Self> {
        let name = named(paths, "name", || {
            let name = check.text("name", &form.name, NAME_MAX)?;
            or_refuse(check, "name", Name::parse(&name), &rpc::reasons::FIELD_INVALID)
        });
        let size = named(paths, "size", || check.code("size", form.size, EnterpriseSize::from_number));
        let industry = named(paths, "industry", || {
            or_refuse(check, "industry", Industry::parse(&form.industry), &reasons::INDUSTRY_INVALID)
        });
        let park = named(paths, "park", || {
            or_refuse(check, "park", face.parks.find(&form.park), &reasons::PARK_UNKNOWN)
        });
        let region = named(paths, "region", || {
            or_refuse(check, "region", Region::parse(&form.region), &reasons::REGION_INVALID)
        });
        let qualifications = named(paths, "qualifications", || qualifications(check, &form.qualifications));
        let profile = match form.profile.as_ref().filter(|_| paths.within("profile")) {
            None => Some(Profile::default()),
            Some(given) => check.within("profile", |check| profile::read(check, given, today)),
        };
        Some(Self {
            name: name?,
            size: size?,
            industry: industry?,
            park: park?,
            region: region?,
            qualifications: qualifications?,
            profile: profile?,
        })
    }

    fn onto(self, found: &Enterprise, paths: &Paths) -> Enterprise {
        let mut next = found.clone();
        if let Some(name) = self.name.filter(|name| *name != found.name) {
            let former = &mut next.profile.former_names;
            if !former.contains(&found.name) {
                former.push(found.name.clone());
            }
            // The oldest of too many goes; every version of the enterprise stays readable.
            former.drain(..former.len().saturating_sub(FORMER_NAMES_MAX));
            next.name = name;
        }
        next.size = self.size.unwrap_or(next.size);
        next.industry = self.industry.unwrap_or(next.industry);
        next.park = self.park.unwrap_or(next.park);
        next.region = self.region.unwrap_or(next.region);
        next.qualifications = self.qualifications.unwrap_or(next.qualifications);
        let (given, kept) = (self.profile, &mut next.profile);
        for path in PROFILE_PATHS.iter().filter(|path| paths.covers("profile", path)) {
            match path.trim_start_matches("profile.") {
                "former_names" => kept.former_names.clone_from(&given.former_names),
                "established_on" => kept.established_on = given.established_on,
                "reg_capital_fen" => kept.reg_capital = given.reg_capital,
                "legal_rep" => kept.legal_rep.clone_from(&given.legal_rep),
                "contacts" => kept.contacts.clone_from(&given.contacts),
                "staff" => kept.staff = given.staff,
                "rd_staff" => kept.rd_staff = given.rd_staff,
                "accounts" => kept.accounts = given.accounts,
                "total_assets_fen" => kept.total_assets = given.total_assets,
                "total_liabilities_fen" => kept.total_liabilities = given.total_liabilities,
                "tax_grade" => kept.tax_grade = given.tax_grade,
                _ => kept.platform_link = given.platform_link,
            }
        }
        next
    }
}

pub(super) async fn asset(
    face: &Face,
    request: Request<wire::AmendAssetRequest>,
) -> Result<Response<wire::AmendAssetResponse>, Fault> {
    let form = request.get_ref();
    let today = date_of(face.clock.now());
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<AssetId>("asset_id", &form.asset_id);
    let version = check.number("version", form.version, 1..=i32::MAX);
    let paths = Paths::read(&mut check, &form.paths, &[&ASSET_PATHS, &DETAIL_PATHS]);
    let (request_id, id, version, paths) = check.all((request_id, id, version, paths))?;

    let mut change = match face.changes.begin(&request, request_id, "AmendAsset").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let found = assets::lock(change.conn(), id).await?.ok_or_else(|| not_found("asset_id"))?;
    same_version(found.version, version)?;
    // What fields a right may have depends on its kind, which only the record tells.
    let changed = changed_asset(&found, request.get_ref(), &paths, today)?;
    let (kept, result) = match found.amended(changed, now) {
        None => (found, super::ALREADY),
        Some(next) => {
            let update = assets::update_many(change.conn(), std::slice::from_ref(&next), now).await;
            update.map_err(|error| match error {
                // Another right of the enterprise has this number in this class.
                error if error.violates(assets::NUMBER_KEY) => {
                    Fault::new(&reasons::ASSET_EXISTS).field("detail.nice_class")
                }
                error => error.into(),
            })?;
            (next, super::DONE)
        }
    };
    let answer = wire::AmendAssetResponse { asset: Some(outgoing::asset(&kept, today)) };
    change.commit(answer, &entry("AMEND_ASSET", "ip_asset", id.uuid(), result), &[]).await
}

fn changed_asset(
    found: &IpAsset,
    form: &wire::AmendAssetRequest,
    paths: &Paths,
    today: NaiveDate,
) -> Result<IpAsset, Fault> {
    let mut check = Checker::new();
    let title = named(paths, "title", || check.text("title", &form.title, TITLE_MAX));
    let day = |kept: Option<NaiveDate>| kept.map(|day| day.to_string()).unwrap_or_default();
    let (filed, granted) = (day(found.dates.filed()), day(found.dates.granted()));
    let filed = if paths.has("filing_date") { &form.filing_date } else { &filed };
    let granted = if paths.has("grant_date") { &form.grant_date } else { &granted };
    let dates: Option<AssetDates> = dates(&mut check, filed, granted, today);
    let owners = named(paths, "owners", || detail::owners(&mut check, &form.owners));
    let given = match form.detail.as_ref().filter(|_| paths.within("detail")) {
        None => Some(Detail::default()),
        Some(given) => check.within("detail", |check| detail::read(check, given, Some(found.kind), today)),
    };
    let (title, dates, owners, given) = check.all((title, dates, owners, given))?;
    let mut next = found.clone();
    next.title = title.unwrap_or(next.title);
    next.dates = dates;
    next.owners = owners.unwrap_or(next.owners);
    let kept = &mut next.detail;
    for path in DETAIL_PATHS.iter().filter(|path| paths.covers("detail", path)) {
        match path.trim_start_matches("detail.") {
            "inventors_count" => kept.inventors = given.inventors,
            "first_use_date" => kept.first_use = given.first_use,
            "creation_date" => kept.created_on = given.created_on,
            "renewed_to" => kept.renewed_to = given.renewed_to,
            "annuity_paid_to" => kept.annuity_paid_to = given.annuity_paid_to,
            "ipc_main" => kept.ipc_main.clone_from(&given.ipc_main),
            "nice_class" => kept.nice_class = given.nice_class,
            "product_link" => kept.product_link.clone_from(&given.product_link),
            "revenue_share_bp" => kept.revenue_share = given.revenue_share,
            "family_size" => kept.family_size = given.family_size,
            "citations" => kept.citations = given.citations,
            "litigation_proven" => kept.litigation_proven = given.litigation_proven,
            "high_value" => kept.high_value.clone_from(&given.high_value),
            "acquired_from" => kept.acquired_from.clone_from(&given.acquired_from),
            _ => kept.acquired_on = given.acquired_on,
        }
    }
    Ok(next)
}

pub(super) async fn legal_events(
    face: &Face,
    request: Request<wire::RecordLegalEventsRequest>,
) -> Result<Response<wire::RecordLegalEventsResponse>, Fault> {
    let form = request.get_ref();
    let today = date_of(face.clock.now());
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<AssetId>("asset_id", &form.asset_id);
    let given = check
        .count("events", form.events.len(), 1..=detail::EVENTS_MAX)
        .and_then(|_| detail::events(&mut check, "events", &form.events, today));
    let (request_id, id, given) = check.all((request_id, id, given))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordLegalEvents").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if assets::lock(change.conn(), id).await?.is_none() {
        return Err(not_found("asset_id"));
    }
    let told: Vec<_> = given.into_iter().map(|event| (id, event)).collect();
    let added = assets::add_events(change.conn(), &told, EventSource::Desk, now).await?;
    let found = assets::find_many(change.conn(), &[id]).await?.pop();
    let result = if added == 0 { super::ALREADY } else { super::DONE };
    let answer = wire::RecordLegalEventsResponse {
        asset: found.as_ref().map(|asset| outgoing::asset(asset, today)),
        added: i32::try_from(added).unwrap_or(i32::MAX),
    };
    change.commit(answer, &entry("RECORD_LEGAL_EVENTS", "ip_asset", id.uuid(), result), &[]).await
}

fn same_version(kept: i32, read: i32) -> Result<(), Fault> {
    if kept == read { Ok(()) } else { Err(Fault::new(&rpc::reasons::VERSION_CONFLICT).field("version")) }
}

fn entry(action: &'static str, object_kind: &'static str, object_id: Uuid, result: &'static str) -> Entry {
    Entry { action, object_kind, object_id, purpose: super::PURPOSE, result }
}
