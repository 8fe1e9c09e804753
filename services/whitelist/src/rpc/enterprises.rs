//! RegisterEnterprise, GetEnterprise.

use chrono::NaiveDate;
use host::Begun;
use kernel::{EnterpriseId, EnterpriseSize, Qualification, RequestId, Uscc, calendar::date_of};
use proto::whitelist::v1::{self as wire, get_enterprise_request::Key};
use rpc::{Fault, audit::Entry, check::Checker};
use tonic::{Request, Response};

use super::{profile, service::Face, wire as outgoing};
use crate::{
    domain::{
        enterprise::{
            Enterprise, NAME_MAX, Name, QUALIFICATION_NUMBER_MAX, QUALIFICATIONS_MAX, QualificationHeld,
            QualificationLevel,
        },
        place::{Industry, Park, Parks, Region},
        profile::Profile,
    },
    reasons,
    store::enterprises,
};

pub(super) async fn register(
    face: &Face,
    request: Request<wire::RegisterEnterpriseRequest>,
) -> Result<Response<wire::RegisterEnterpriseResponse>, Fault> {
    let form = Form::read(request.get_ref(), &face.parks, date_of(face.clock.now()))?;
    let mut change = match face.changes.begin(&request, form.request_id, "RegisterEnterprise").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let enterprise = Enterprise {
        id: EnterpriseId::new(change.now(), &mut rand::rng()),
        uscc: form.uscc,
        name: form.name,
        size: form.size,
        industry: form.industry,
        park: form.park,
        region: form.region,
        qualifications: form.qualifications,
        profile: form.profile,
        registered_at: change.now(),
        version: 1,
        amended_at: None,
    };
    if let Err(error) = enterprises::insert(change.conn(), &enterprise).await {
        return Err(match error {
            error if error.violates(enterprises::USCC_KEY) => {
                Fault::new(&reasons::ENTERPRISE_EXISTS).field("uscc")
            }
            error => error.into(),
        });
    }
    let answer = wire::RegisterEnterpriseResponse { enterprise: Some(outgoing::enterprise(&enterprise)) };
    let entry = Entry {
        action: "REGISTER_ENTERPRISE",
        object_kind: "enterprise",
        object_id: enterprise.id.uuid(),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    change.commit(answer, &entry, &[]).await
}

pub(super) async fn get(
    face: &Face,
    request: Request<wire::GetEnterpriseRequest>,
) -> Result<Response<wire::Enterprise>, Fault> {
    let mut check = Checker::new();
    let found = match &request.get_ref().key {
        None => return Err(Fault::new(&rpc::reasons::FIELD_REQUIRED).field("key")),
        Some(Key::EnterpriseId(id)) => {
            let id = check.id("enterprise_id", id);
            let (id,) = check.all((id,))?;
            enterprises::find(&mut *face.pool.acquire().await?, id).await?
        }
        Some(Key::Uscc(text)) => {
            let uscc = uscc(&mut check, "uscc", text);
            let (uscc,) = check.all((uscc,))?;
            enterprises::find_by_uscc(&mut *face.pool.acquire().await?, &uscc).await?
        }
    };
    let found = found.ok_or_else(|| Fault::new(&rpc::reasons::NOT_FOUND))?;
    Ok(Response::new(outgoing::enterprise(&found)))
}

/// A USCC as people type it.
pub(super) fn uscc(check: &mut Checker, field: &str, text: &str) -> Option<Uscc> {
    if text.trim().is_empty() {
        check.refuse(field, &rpc::reasons::FIELD_REQUIRED);
        return None;
    }
    let parsed = Uscc::parse(text).ok();
    if parsed.is_none() {
        check.refuse(field, &reasons::USCC_INVALID);
    }
    parsed.map(|checked| checked.value)
}

/// What a registration asks for, checked.
struct Form {
    request_id: RequestId,
    uscc: Uscc,
    name: Name,
    size: EnterpriseSize,
    industry: Industry,
    park: Park,
    region: Region,
    qualifications: Vec<QualificationHeld>,
    profile: Profile,
}

impl Form {
    fn read(
        request: &wire::RegisterEnterpriseRequest,
        parks: &Parks,
        today: NaiveDate,
    ) -> Result<Self, Fault> {
        let mut check = Checker::new();
        let request_id = check.request_id(&request.request_id);
        let uscc = uscc(&mut check, "uscc", &request.uscc);
        let name = check.text("name", &request.name, NAME_MAX);
        let name = name
            .and_then(|name| or_refuse(&mut check, "name", Name::parse(&name), &rpc::reasons::FIELD_INVALID));
        let size = check.code("size", request.size, EnterpriseSize::from_number);
        let industry = Industry::parse(&request.industry);
        let industry = or_refuse(&mut check, "industry", industry, &reasons::INDUSTRY_INVALID);
        let park = or_refuse(&mut check, "park", parks.find(&request.park), &reasons::PARK_UNKNOWN);
        let region =
            or_refuse(&mut check, "region", Region::parse(&request.region), &reasons::REGION_INVALID);
        let qualifications = qualifications(&mut check, &request.qualifications);
        let profile = match &request.profile {
            None => Some(Profile::default()),
            Some(given) => check.within("profile", |check| profile::read(check, given, today)),
        };
        let fields = (request_id, uscc, name, size, industry, park, region, qualifications, profile);
        let (request_id, uscc, name, size, industry, park, region, qualifications, profile) =
            check.all(fields)?;
        Ok(Self { request_id, uscc, name, size, industry, park, region, qualifications, profile })
    }
}

pub(super) fn qualifications(
    check: &mut Checker,
    given: &[wire::QualificationHeld],
) -> Option<Vec<QualificationHeld>> {
    check.count("qualifications", given.len(), 0..=QUALIFICATIONS_MAX)?;
    let each = given.iter().enumerate();
    let read: Vec<_> = each
        .map(|(index, held)| {
            check.within(format!("qualifications[{index}]"), |check| qualification(check, held))
        })
        .collect();
    read.into_iter().collect()
}

fn qualification(check: &mut Checker, given: &wire::QualificationHeld) -> Option<QualificationHeld> {
    let code = check.code("code", given.code, Qualification::from_number);
    let number = check.optional_text("number", &given.number, QUALIFICATION_NUMBER_MAX);
    let from = check.date("valid_from", &given.valid_from);
    let to = check.date("valid_to", &given.valid_to);
    let level = match given.level {
        0 => Some(None),
        number => check.code("level", number, QualificationLevel::from_number).map(Some),
    };
    let held = QualificationHeld::new(code?, number?, from?, to?).zip(level);
    let held = held.map(|(held, level)| held.at_level(level));
    or_refuse(check, "valid_to", held, &reasons::QUALIFICATION_PERIOD_INVALID)
}

/// Notes the refusal where a value could not be read.
pub(super) fn or_refuse<T>(
    check: &mut Checker,
    field: &str,
    value: Option<T>,
    reason: &'static rpc::Reason,
) -> Option<T> {
    if value.is_none() {
        check.refuse(field, reason);
    }
    value
}
