//! RecordStanding, GetStandings.

use host::Begun;
use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AssetId, ConsentId, EnterpriseId, Grade, Uscc, calendar::date_of};
use proto::{common::v1 as codes, whitelist::v1 as wire};
use rpc::{Fault, audit::Entry, check::Checker};
use tonic::{Request, Response};

use super::{
    enterprises::{or_refuse, uscc},
    refusals::{not_found, of_finding},
    service::Face,
    wire as outgoing,
};
use crate::{
    domain::{
        asset::IpAsset,
        consent::{self, Category, Consent, Purpose},
        enterprise::Enterprise,
        standing::{Exclusion, Finding, Standing, decide, may_list},
    },
    messaging, reasons,
    store::{assets, consents, enterprises, entries, screening_exclusions, standings},
};

/// Most applications in one question, and most assets of one application.
const QUERIES_MAX: usize = 200;
const ASSETS_MAX: usize = 200;

pub(super) async fn record(
    face: &Face,
    request: Request<wire::RecordStandingRequest>,
) -> Result<Response<wire::RecordStandingResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let enterprise_id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let finding = finding(&mut check, form);
    let (request_id, enterprise_id, finding) = check.all((request_id, enterprise_id, finding))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordStanding").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    if !enterprises::lock(change.conn(), enterprise_id).await? {
        return Err(not_found("enterprise_id"));
    }
    if finding.listed {
        // Under the enterprise's lock, which whoever moves its entry takes too.
        let entry = entries::find_latest(change.conn(), enterprise_id).await?;
        let on_record = screening_exclusions::open(change.conn(), enterprise_id).await?;
        may_list(entry.as_ref(), on_record).map_err(of_finding)?;
    }
    let latest = standings::find_latest(change.conn(), enterprise_id).await?;
    let standing = decide(enterprise_id, latest.as_ref(), finding, now).map_err(of_finding)?;
    standings::insert(change.conn(), &standing, now).await?;
    let answer = wire::RecordStandingResponse { revision: standing.revision };
    let entry = Entry {
        action: "RECORD_STANDING",
        object_kind: "enterprise",
        object_id: enterprise_id.uuid(),
        purpose: super::PURPOSE,
        result: if standing.finding.listed { "LISTED" } else { "NOT_LISTED" },
    };
    let messages = [messaging::standing_recorded(&standing, now)];
    change.commit(answer, &entry, &messages).await
}

fn finding(check: &mut Checker, form: &wire::RecordStandingRequest) -> Option<Finding> {
    let grade = match form.grade {
        0 => Some(None),
        number => check.code("grade", number, Grade::from_number).map(Some),
    };
    let exclusions =
        check.list(&"exclusions", &form.exclusions, 0..=usize::from(Exclusion::LAST), |check, path, code| {
            or_refuse(check, &path, Exclusion::parse(code), &reasons::EXCLUSION_UNKNOWN)
        });
    let as_of = check.time("as_of", form.as_of.as_ref());
    let exclusions = exclusions?.into_iter().collect();
    Some(Finding { listed: form.listed, grade: grade?, exclusions, as_of: as_of? })
}

/// Three statements, however many applications are asked about.
pub(super) async fn get(
    face: &Face,
    request: Request<wire::GetStandingsRequest>,
) -> Result<Response<wire::GetStandingsResponse>, Fault> {
    let queries = queries(&request.get_ref().queries)?;
    let usccs: Vec<&Uscc> = queries.iter().map(|query| &query.uscc).collect();
    let consents: Vec<ConsentId> = distinct(queries.iter().filter_map(|query| query.consent_id));
    let assets: Vec<AssetId> = distinct(queries.iter().flat_map(|query| query.asset_ids.iter().copied()));
    // None needs what another finds, and somebody waits for all of them.
    let (registered, consents, assets) = tokio::try_join!(
        async { standings::list_by_uscc(&mut *face.pool.acquire().await?, &usccs).await },
        async {
            if consents.is_empty() {
                return Ok(Vec::new());
            }
            consents::find_many(&mut *face.pool.acquire().await?, &consents).await
        },
        async {
            if assets.is_empty() {
                return Ok(Vec::new());
            }
            assets::find_many(&mut *face.pool.acquire().await?, &assets).await
        },
    )?;
    // The clock is read last: a consent that ends meanwhile has ended.
    let now = face.clock.now();
    let found = Found {
        registered: registered
            .iter()
            .map(|(enterprise, standing)| (&enterprise.uscc, (enterprise, standing.as_ref())))
            .collect(),
        consents: consents.iter().map(|consent| (consent.id, consent)).collect(),
        assets: assets.iter().map(|asset| (asset.id, asset)).collect(),
        now,
        today: date_of(now),
    };
    let standings = queries.iter().map(|query| found.answer(query)).collect();
    Ok(Response::new(wire::GetStandingsResponse { standings }))
}

fn distinct<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<T> {
    ids.collect::<BTreeSet<T>>().into_iter().collect()
}

/// One application's question, checked.
struct Query {
    uscc: Uscc,
    /// `None`: no consent is named, so none is active.
    consent_id: Option<ConsentId>,
    /// May name an asset twice; it is answered once.
    asset_ids: Vec<AssetId>,
}

fn queries(given: &[wire::StandingQuery]) -> Result<Vec<Query>, Fault> {
    let mut check = Checker::new();
    let mut queries = Vec::with_capacity(given.len());
    if check.count("queries", given.len(), 0..=QUERIES_MAX).is_some() {
        for (index, query) in given.iter().enumerate() {
            queries.extend(check.within(format!("queries[{index}]"), |check| read(check, query)));
        }
    }
    check.finish()?;
    Ok(queries)
}

fn read(check: &mut Checker, given: &wire::StandingQuery) -> Option<Query> {
    let uscc = uscc(check, "uscc", &given.uscc);
    let consent_id = match given.consent_id.as_str() {
        "" => Some(None),
        id => check.id("consent_id", id).map(Some),
    };
    check.count("asset_ids", given.asset_ids.len(), 0..=ASSETS_MAX)?;
    let ids = given.asset_ids.iter().enumerate();
    let asset_ids: Vec<_> = ids.map(|(index, id)| check.id(format!("asset_ids[{index}]"), id)).collect();
    Some(Query {
        uscc: uscc?,
        consent_id: consent_id?,
        asset_ids: asset_ids.into_iter().collect::<Option<_>>()?,
    })
}

/// Everything that the questions of one call need.
struct Found<'a> {
    registered: HashMap<&'a Uscc, (&'a Enterprise, Option<&'a Standing>)>,
    consents: HashMap<ConsentId, &'a Consent>,
    assets: HashMap<AssetId, &'a IpAsset>,
    now: DateTime<Utc>,
    today: NaiveDate,
}

impl Found<'_> {
    fn answer(&self, query: &Query) -> wire::Standing {
        let Some(&(enterprise, standing)) = self.registered.get(&query.uscc) else {
            return wire::Standing::default();
        };
        let standing = standing.map(|standing| (standing.revision, &standing.finding));
        let named = query.consent_id.and_then(|id| self.consents.get(&id).copied());
        let consent = consent::check(named, &dossier_of(enterprise.id), self.now);
        let (mut own, mut missing, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for id in query.asset_ids.iter().filter(|id| seen.insert(**id)) {
            match self.assets.get(id).filter(|asset| asset.enterprise_id == enterprise.id) {
                Some(asset) => own.push(outgoing::asset(asset, self.today)),
                None => missing.push(id.to_string()),
            }
        }
        wire::Standing {
            registered: true,
            enterprise: Some(outgoing::enterprise_on(enterprise, self.today)),
            listed: standing.is_some_and(|(_, finding)| finding.listed),
            grade: standing
                .and_then(|(_, finding)| finding.grade)
                .map_or(codes::Grade::Unspecified.into(), Grade::number),
            exclusions: standing
                .map(|(_, finding)| finding.exclusions.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            consent_active: consent.is_ok(),
            consent_recipient_institution_ids: match (&consent, named) {
                (Ok(_), Some(named)) => named.recipients.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            },
            consent_reason: consent.err().map(|denial| denial.code().to_owned()).unwrap_or_default(),
            assets: own,
            missing_asset_ids: missing,
            standing_revision: standing.map_or(0, |(revision, _)| revision),
        }
    }
}

/// What a case reads of an enterprise: its profile and its IP, for the service centre.
fn dossier_of(subject: EnterpriseId) -> consent::Use {
    let categories = [Category::EnterpriseProfile, Category::IpAssets];
    consent::Use::own(subject, Purpose::IpPledgeFinancing, categories)
}
