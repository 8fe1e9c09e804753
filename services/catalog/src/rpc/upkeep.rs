//! `InstitutionService`: amending institutions, branches, parks, duty desks. Agreements and policy documents have files of
//! their own.

use host::Begun;
use kernel::{BranchId, InstitutionId};
use proto::catalog::v1::{self as wire, institution_service_server::InstitutionService};
use rpc::{
    Answer, Fault,
    audit::Entry,
    check::{Checker, page_token},
};
use tonic::{Request, Response, async_trait};
use uuid::Uuid;

use super::{
    agreements, conditions::chosen, institutions, policies, refusals::not_found, service::Face,
    wire as outgoing,
};
use crate::{
    domain::{
        branch::{Branch, Details, NAME_MAX, origin_fits},
        choices::{BranchKind, TechOrigin},
        codes::{Code as _, Park},
        desk::{ADDRESS_MAX, Desk, HOURS_MAX, LeadUnit, Owner, POST_MAX, is_switchboard},
        park,
    },
    reasons,
    store::{
        StoreError,
        branches::{self, Filter},
        desks, institutions as stored, parks, shelf,
    },
};

const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

pub(super) fn entry(action: &'static str, object_kind: &'static str, object_id: Uuid) -> Entry {
    Entry { action, object_kind, object_id, purpose: super::PURPOSE, result: super::DONE }
}

#[async_trait]
impl InstitutionService for Face {
    async fn amend_institution(
        &self,
        request: Request<wire::AmendInstitutionRequest>,
    ) -> Answer<wire::AmendInstitutionResponse> {
        Ok(institutions::amend(self, request).await?)
    }

    async fn add_branch(&self, request: Request<wire::AddBranchRequest>) -> Answer<wire::AddBranchResponse> {
        Ok(add_branch(self, request).await?)
    }

    async fn amend_branch(
        &self,
        request: Request<wire::AmendBranchRequest>,
    ) -> Answer<wire::AmendBranchResponse> {
        Ok(amend_branch(self, request).await?)
    }

    async fn list_branches(
        &self,
        request: Request<wire::ListBranchesRequest>,
    ) -> Answer<wire::ListBranchesResponse> {
        Ok(list_branches(self, request).await?)
    }

    async fn record_park(
        &self,
        request: Request<wire::RecordParkRequest>,
    ) -> Answer<wire::RecordParkResponse> {
        Ok(record_park(self, request).await?)
    }

    async fn list_parks(&self, _: Request<wire::ListParksRequest>) -> Answer<wire::ListParksResponse> {
        let mut conn = self.pool.acquire().await.map_err(Fault::from)?;
        let parks = parks::list(&mut conn).await.map_err(Fault::from)?;
        Ok(Response::new(wire::ListParksResponse { parks: parks.iter().map(outgoing::park).collect() }))
    }

    async fn set_duty_desk(
        &self,
        request: Request<wire::SetDutyDeskRequest>,
    ) -> Answer<wire::SetDutyDeskResponse> {
        Ok(set_desk(self, request).await?)
    }

    async fn list_duty_desks(
        &self,
        request: Request<wire::ListDutyDesksRequest>,
    ) -> Answer<wire::ListDutyDesksResponse> {
        Ok(list_desks(self, request).await?)
    }

    async fn record_agreement(
        &self,
        request: Request<wire::RecordAgreementRequest>,
    ) -> Answer<wire::RecordAgreementResponse> {
        Ok(agreements::record(self, request).await?)
    }

    async fn end_agreement(
        &self,
        request: Request<wire::EndAgreementRequest>,
    ) -> Answer<wire::EndAgreementResponse> {
        Ok(agreements::end(self, request).await?)
    }

    async fn list_agreements(
        &self,
        request: Request<wire::ListAgreementsRequest>,
    ) -> Answer<wire::ListAgreementsResponse> {
        Ok(agreements::list(self, request).await?)
    }

    async fn list_expiring_agreements(
        &self,
        request: Request<wire::ListExpiringAgreementsRequest>,
    ) -> Answer<wire::ListExpiringAgreementsResponse> {
        Ok(agreements::expiring(self, request).await?)
    }

    async fn file_policy_document(
        &self,
        request: Request<wire::FilePolicyDocumentRequest>,
    ) -> Answer<wire::FilePolicyDocumentResponse> {
        Ok(policies::file(self, request).await?)
    }

    async fn repeal_policy_document(
        &self,
        request: Request<wire::RepealPolicyDocumentRequest>,
    ) -> Answer<wire::RepealPolicyDocumentResponse> {
        Ok(policies::repeal(self, request).await?)
    }

    async fn list_policy_documents(
        &self,
        request: Request<wire::ListPolicyDocumentsRequest>,
    ) -> Answer<wire::ListPolicyDocumentsResponse> {
        Ok(policies::list(self, request).await?)
    }

    async fn get_policy_matrix(
        &self,
        request: Request<wire::GetPolicyMatrixRequest>,
    ) -> Answer<wire::GetPolicyMatrixResponse> {
        Ok(policies::matrix(self, request).await?)
    }
}

/// A park, or an empty text for none.
pub(super) fn park(check: &mut Checker, field: &str, text: &str) -> Option<Option<Park>> {
    if text.is_empty() {
        return Some(None);
    }
    let park = Park::parse(text);
    if park.is_none() {
        check.refuse(field, &reasons::PARK_INVALID);
    }
    park.map(Some)
}

fn details(check: &mut Checker, given: Option<&wire::BranchDetails>) -> Option<Details> {
    let given = check.present("details", given)?;
    check.within("details", |check| {
        let name = check.text("name", &given.name, NAME_MAX);
        let kind = check.code("kind", given.kind, BranchKind::from_number);
        let park = park(check, "park", &given.park);
        let origin = chosen::<TechOrigin>(check, "tech_origin", given.tech_origin);
        let since = check.optional_date("tech_since", &given.tech_since);
        let closed_on = check.optional_date("closed_on", &given.closed_on);
        let (kind, origin, since) = (kind?, origin?, since?);
        let tech = origin.zip(since);
        if origin.is_some() != since.is_some() || !origin_fits(kind, tech) {
            check.refuse("tech_since", &reasons::TECH_BRANCH_INCOMPLETE);
            return None;
        }
        Some(Details { name: name?, kind, park: park?, tech, closed_on: closed_on? })
    })
}

fn of_branch(error: StoreError) -> Fault {
    if error.violates(branches::NAME_KEY) {
        Fault::new(&reasons::BRANCH_EXISTS).field("details.name")
    } else if error.violates(branches::PARK_FKEY) {
        Fault::new(&reasons::PARK_UNKNOWN).field("details.park")
    } else {
        error.into()
    }
}

async fn add_branch(
    face: &Face,
    request: Request<wire::AddBranchRequest>,
) -> Result<Response<wire::AddBranchResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let institution_id = check.id::<InstitutionId>("institution_id", &form.institution_id);
    let details = details(&mut check, form.details.as_ref());
    let (request_id, institution_id, details) = check.all((request_id, institution_id, details))?;

    let mut change = match face.changes.begin(&request, request_id, "AddBranch").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let institution = stored::find(change.conn(), institution_id).await?;
    institution.ok_or_else(|| not_found("institution_id"))?;
    let id = BranchId::new(change.now(), &mut rand::rng());
    let branch = Branch { id, institution_id, version: 1, details };
    branches::insert(change.conn(), &branch).await.map_err(of_branch)?;
    let answer = wire::AddBranchResponse { branch: Some(outgoing::branch(&branch)) };
    change.commit(answer, &entry("ADD_BRANCH", "branch", id.uuid()), &[]).await
}

async fn amend_branch(
    face: &Face,
    request: Request<wire::AmendBranchRequest>,
) -> Result<Response<wire::AmendBranchResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<BranchId>("branch_id", &form.branch_id);
    let version = check.number("version", form.version, 1..=i32::MAX - 1);
    let details = details(&mut check, form.details.as_ref());
    let (request_id, id, version, details) = check.all((request_id, id, version, details))?;

    let mut change = match face.changes.begin(&request, request_id, "AmendBranch").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let held = branches::lock(change.conn(), id).await?.ok_or_else(|| not_found("branch_id"))?;
    if held.version != version {
        return Err(institutions::moved_on(held.version));
    }
    let branch = Branch { version: version + 1, details, ..held };
    branches::update(change.conn(), &branch).await.map_err(of_branch)?;
    let answer = wire::AmendBranchResponse { branch: Some(outgoing::branch(&branch)) };
    change.commit(answer, &entry("AMEND_BRANCH", "branch", id.uuid()), &[]).await
}

async fn list_branches(
    face: &Face,
    request: Request<wire::ListBranchesRequest>,
) -> Result<Response<wire::ListBranchesResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let institution_id = match form.institution_id.as_str() {
        "" => Some(None),
        id => check.id::<InstitutionId>("institution_id", id).map(Some),
    };
    let park = park(&mut check, "park", &form.park);
    let kind = chosen::<BranchKind>(&mut check, "kind", form.kind);
    let since_from = check.optional_date("tech_since_from", &form.tech_since_from);
    let since_to = check.optional_date("tech_since_to", &form.tech_since_to);
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let after = check.page_token::<BranchId>(&form.page_token);
    let (institution_id, park, kind, since_from, since_to, size, after) =
        check.all((institution_id, park, kind, since_from, since_to, size, after))?;

    // One more than the page tells whether there is a next one.
    let filter = Filter { institution_id, park, kind, since_from, since_to };
    let mut conn = face.pool.acquire().await?;
    let mut found = branches::list(&mut conn, &filter, after, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|branch| page_token(&branch.id));
    let branches = found.iter().map(outgoing::branch).collect();
    Ok(Response::new(wire::ListBranchesResponse { branches, next_page_token: next.unwrap_or_default() }))
}

async fn record_park(
    face: &Face,
    request: Request<wire::RecordParkRequest>,
) -> Result<Response<wire::RecordParkResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let code = park(&mut check, "code", &form.code);
    let code = check.present("code", code.flatten());
    let name = check.text("name", &form.name, park::NAME_MAX);
    let version = check.number("version", form.version, 0..=i32::MAX - 1);
    let (request_id, code, name, version) = check.all((request_id, code, name, version))?;

    let mut change = match face.changes.begin(&request, request_id, "RecordPark").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let park = park::Park { code, name, agreement_required: form.agreement_required, version: version + 1 };
    if version == 0 {
        parks::insert(change.conn(), &park).await.map_err(|error| match error {
            error if error.violates(parks::CODE_KEY) => Fault::new(&reasons::PARK_EXISTS).field("code"),
            error => error.into(),
        })?;
    } else if !parks::update(change.conn(), &park).await? {
        let known = parks::list(change.conn()).await?.into_iter().find(|known| known.code == code);
        let known = known.ok_or_else(|| not_found("code"))?;
        return Err(institutions::moved_on(known.version));
    }
    shelf::change(change.conn()).await?;
    let answer = wire::RecordParkResponse { park: Some(outgoing::park(&park)) };
    change.commit(answer, &entry("RECORD_PARK", "park", Uuid::nil()), &[]).await
}

fn desk(check: &mut Checker, given: Option<&wire::DutyDesk>) -> Option<Desk> {
    let given = check.present("desk", given)?;
    check.within("desk", |check| {
        let owner = match &given.of {
            None => {
                check.refuse("of", &rpc::reasons::FIELD_REQUIRED);
                None
            }
            Some(wire::duty_desk::Of::Unit(code)) => check.text("unit", code, POST_MAX).map(Owner::Unit),
            Some(wire::duty_desk::Of::InstitutionId(id)) => {
                check.id("institution_id", id).map(Owner::Institution)
            }
        };
        let post = check.text("post", &given.post, POST_MAX);
        let post = post.and_then(|post| check.note("post", &post, POST_MAX));
        let switchboard = given.switchboard.trim();
        if !switchboard.is_empty() && !is_switchboard(switchboard) {
            check.refuse("switchboard", &reasons::SWITCHBOARD_INVALID);
        }
        let address = check.note("address", &given.address, ADDRESS_MAX);
        let hours = check.note("hours", &given.hours, HOURS_MAX);
        Some(Desk {
            owner: owner?,
            post: post?,
            switchboard: switchboard.to_owned(),
            address: address?,
            hours: hours?,
        })
    })
}

async fn set_desk(
    face: &Face,
    request: Request<wire::SetDutyDeskRequest>,
) -> Result<Response<wire::SetDutyDeskResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let desk = desk(&mut check, form.desk.as_ref());
    let (request_id, desk) = check.all((request_id, desk))?;

    let mut change = match face.changes.begin(&request, request_id, "SetDutyDesk").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let owner = match &desk.owner {
        Owner::Unit(code) => {
            let units = desks::units(change.conn()).await?;
            if !units.iter().any(|unit| unit.code == *code) {
                return Err(not_found("desk.unit"));
            }
            Uuid::nil()
        }
        Owner::Institution(id) => {
            stored::find(change.conn(), *id).await?.ok_or_else(|| not_found("desk.institution_id"))?;
            id.uuid()
        }
    };
    desks::set(change.conn(), &desk).await?;
    let answer = wire::SetDutyDeskResponse { desk: Some(outgoing::desk(&desk)) };
    change.commit(answer, &entry("SET_DUTY_DESK", "duty_desk", owner), &[]).await
}

async fn list_desks(
    face: &Face,
    request: Request<wire::ListDutyDesksRequest>,
) -> Result<Response<wire::ListDutyDesksResponse>, Fault> {
    let mut check = Checker::new();
    let institution = match request.get_ref().institution_id.as_str() {
        "" => Some(None),
        id => check.id::<InstitutionId>("institution_id", id).map(Some),
    };
    let (institution,) = check.all((institution,))?;
    let mut conn = face.pool.acquire().await?;
    let of_units = desks::list(&mut conn, None).await?;
    let unit = |unit: LeadUnit| {
        let own = of_units.iter().filter(|desk| desk.owner == Owner::Unit(unit.code.clone()));
        let desks = own.map(outgoing::desk).collect();
        wire::LeadUnit { code: unit.code, name: unit.name, desks }
    };
    let lead_units = desks::units(&mut conn).await?.into_iter().map(unit).collect();
    let desks = match institution {
        None => Vec::new(),
        Some(id) => desks::list(&mut conn, Some(id)).await?.iter().map(outgoing::desk).collect(),
    };
    Ok(Response::new(wire::ListDutyDesksResponse { lead_units, desks }))
}
