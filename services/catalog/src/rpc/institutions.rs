//! RegisterInstitution, GetInstitution, ListInstitutions, AmendInstitution.

use host::Begun;
use kernel::{InstitutionId, InstitutionRole, institution_codes::LicenceCode};
use proto::catalog::v1 as wire;
use rpc::{
    Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use tonic::{Request, Response};

use super::{refusals::not_found, service::Face, upkeep, wire as outgoing};
use crate::{
    domain::{
        institution::{DEPARTMENT_MAX, Institution, NAME_MAX, is_bank},
        publication::renew,
    },
    messaging, reasons,
    store::{StoreError, institutions, publications, shelf},
};

/// Institutions on a page unless the caller says otherwise, and at most.
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

pub(super) async fn register(
    face: &Face,
    request: Request<wire::RegisterInstitutionRequest>,
) -> Result<Response<wire::RegisterInstitutionResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let name = check.text("name", &form.name, NAME_MAX);
    let role = check.code("role", form.role, InstitutionRole::from_number);
    let department =
        check.optional_text("responsible_department", &form.responsible_department, DEPARTMENT_MAX);
    let licence = licence(&mut check, role, &form.financial_license_code);
    let (request_id, name, role, department, licence) =
        check.all((request_id, name, role, department, licence))?;

    let mut change = match face.changes.begin(&request, request_id, "RegisterInstitution").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let institution = Institution {
        id: InstitutionId::new(now, &mut rand::rng()),
        name,
        role,
        responsible_department: Some(department).filter(|department| !department.is_empty()),
        licence,
        registered_at: now,
        version: 1,
        agreement_required: false,
    };
    institutions::insert(change.conn(), &institution).await.map_err(of_name)?;
    let answer = wire::RegisterInstitutionResponse { institution: Some(outgoing::institution(&institution)) };
    let entry = Entry {
        action: "REGISTER_INSTITUTION",
        object_kind: "institution",
        object_id: institution.id.uuid(),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    let messages = [messaging::institution_changed(&institution, now)];
    change.commit(answer, &entry, &messages).await
}

fn of_name(error: StoreError) -> Fault {
    if error.violates(institutions::NAME_KEY) {
        Fault::new(&reasons::INSTITUTION_EXISTS).field("name")
    } else {
        error.into()
    }
}

/// Somebody has changed it since.
pub(super) fn moved_on(version: i32) -> Fault {
    Fault::new(&rpc::reasons::VERSION_CONFLICT).field("version").metadata("version", version.to_string())
}

/// Everything but the role, which others have built on. What becomes of its cases with its department is asked by matching,
/// from the next question on; what the 信易贷 platform shows of it is put there again.
pub(super) async fn amend(
    face: &Face,
    request: Request<wire::AmendInstitutionRequest>,
) -> Result<Response<wire::AmendInstitutionResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<InstitutionId>("institution_id", &form.institution_id);
    let version = check.number("version", form.version, 1..=i32::MAX - 1);
    let name = check.text("name", &form.name, NAME_MAX);
    let department =
        check.optional_text("responsible_department", &form.responsible_department, DEPARTMENT_MAX);
    let licence = licence(&mut check, None, &form.financial_license_code);
    let (request_id, id, version, name, department, licence) =
        check.all((request_id, id, version, name, department, licence))?;

    let mut change = match face.changes.begin(&request, request_id, "AmendInstitution").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let now = change.now();
    let held = institutions::lock(change.conn(), id).await?.ok_or_else(|| not_found("institution_id"))?;
    if held.version != version {
        return Err(moved_on(held.version));
    }
    if licence.is_some() && !is_bank(held.role) {
        return Err(Fault::new(&reasons::LICENCE_INVALID).field("financial_license_code"));
    }
    let responsible_department = Some(department).filter(|department| !department.is_empty());
    let seen_outside = name != held.name || responsible_department != held.responsible_department;
    let institution = Institution {
        name,
        responsible_department,
        licence,
        version: version + 1,
        agreement_required: form.agreement_required,
        ..held
    };
    institutions::update(change.conn(), &institution).await.map_err(of_name)?;
    shelf::change(change.conn()).await?;
    if seen_outside {
        for held in publications::lock_of(change.conn(), id).await? {
            if let Some(next) = renew(&held, now) {
                publications::put(change.conn(), &next).await?;
            }
        }
    }
    let answer = wire::AmendInstitutionResponse { institution: Some(outgoing::institution(&institution)) };
    let messages = [messaging::institution_changed(&institution, now)];
    change.commit(answer, &upkeep::entry("AMEND_INSTITUTION", "institution", id.uuid()), &messages).await
}

/// Only a bank has one, and need not tell it.
fn licence(check: &mut Checker, role: Option<InstitutionRole>, text: &str) -> Option<Option<LicenceCode>> {
    if text.trim().is_empty() {
        return Some(None);
    }
    let licence = LicenceCode::parse(text).ok().filter(|_| role.is_none_or(is_bank));
    if licence.is_none() {
        check.refuse("financial_license_code", &reasons::LICENCE_INVALID);
    }
    licence.map(Some)
}

pub(super) async fn get(
    face: &Face,
    request: Request<wire::GetInstitutionRequest>,
) -> Result<Response<wire::Institution>, Fault> {
    let mut check = Checker::new();
    let id = check.id::<InstitutionId>("institution_id", &request.get_ref().institution_id);
    let (id,) = check.all((id,))?;
    let found = institutions::find(&mut *face.pool.acquire().await?, id).await?;
    let found = found.ok_or_else(|| not_found("institution_id"))?;
    Ok(Response::new(outgoing::institution(&found)))
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListInstitutionsRequest>,
) -> Result<Response<wire::ListInstitutionsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let role = match form.role {
        0 => Some(None),
        role => check.code("role", role, InstitutionRole::from_number).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<InstitutionId>(&form.page_token);
    let (role, size, after) = check.all((role, size, after))?;

    // One more than the page tells whether there is a next one.
    let mut conn = face.pool.acquire().await?;
    let mut found = institutions::list(&mut conn, role, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|institution| page_token(&institution.id));
    let institutions = found.iter().map(outgoing::institution).collect();
    Ok(Response::new(wire::ListInstitutionsResponse {
        institutions,
        next_page_token: next.unwrap_or_default(),
    }))
}
