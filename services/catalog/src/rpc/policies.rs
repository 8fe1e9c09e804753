//! FilePolicyDocument, RepealPolicyDocument, ListPolicyDocuments, GetPolicyMatrix.

use host::Begun;
use kernel::{BasisPoints, Fen, InstitutionId, PolicyDocumentId, calendar::date_of};
use proto::catalog::v1 as wire;
use rpc::{Fault, check::Checker};
use tonic::{Request, Response};

use super::{refusals::not_found, service::Face, upkeep::entry, wire as outgoing};
use crate::{
    domain::{
        choices::PolicyKind,
        codes::Code as _,
        institution::is_bank,
        policy::{Document, Repeal, Row, TITLE_MAX, matrix as matrix_of, repeal_of},
    },
    reasons,
    store::{institutions, policies},
};

pub(super) async fn file(
    face: &Face,
    request: Request<wire::FilePolicyDocumentRequest>,
) -> Result<Response<wire::FilePolicyDocumentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let given = check.present("document", form.document.as_ref());
    let fields = given.and_then(|given| {
        check.within("document", |check| {
            let institution_id = check.id::<InstitutionId>("institution_id", &given.institution_id);
            let kind = check.code("kind", given.kind, PolicyKind::from_number);
            let title = check.text("title", &given.title, TITLE_MAX);
            let issued_on = check.date("issued_on", &given.issued_on);
            let repealed_on = check.optional_date("repealed_on", &given.repealed_on);
            let file = check.sha256("file_sha256", &given.file_sha256);
            let (issued_on, repealed_on) = (issued_on?, repealed_on?);
            if repealed_on.is_some_and(|repealed| repealed <= issued_on) {
                check.refuse("repealed_on", &reasons::RANGE_REVERSED);
            }
            Some((institution_id?, kind?, title?, issued_on, repealed_on, file?))
        })
    });
    let (request_id, fields) = check.all((request_id, fields))?;
    let (institution_id, kind, title, issued_on, repealed_on, file_sha256) = fields;

    let mut change = match face.changes.begin(&request, request_id, "FilePolicyDocument").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let bank = institutions::find(change.conn(), institution_id).await?;
    let bank = bank.ok_or_else(|| not_found("document.institution_id"))?;
    if !is_bank(bank.role) {
        return Err(Fault::new(&reasons::POLICY_NOT_OF_BANK).field("document.institution_id"));
    }
    let filed_at = change.now();
    let id = PolicyDocumentId::new(filed_at, &mut rand::rng());
    let document =
        Document { id, institution_id, kind, title, issued_on, repealed_on, file_sha256, filed_at };
    policies::insert(change.conn(), &document).await?;
    let answer = wire::FilePolicyDocumentResponse { document: Some(outgoing::policy(&document)) };
    change.commit(answer, &entry("FILE_POLICY_DOCUMENT", "policy_document", id.uuid()), &[]).await
}

pub(super) async fn repeal(
    face: &Face,
    request: Request<wire::RepealPolicyDocumentRequest>,
) -> Result<Response<wire::RepealPolicyDocumentResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let request_id = check.request_id(&form.request_id);
    let id = check.id::<PolicyDocumentId>("document_id", &form.document_id);
    let on = check.date("repealed_on", &form.repealed_on);
    let (request_id, id, on) = check.all((request_id, id, on))?;

    let mut change = match face.changes.begin(&request, request_id, "RepealPolicyDocument").await? {
        Begun::Repeat(answer) => return Ok(answer),
        Begun::Fresh(change) => change,
    };
    let mut held = policies::lock(change.conn(), id).await?.ok_or_else(|| not_found("document_id"))?;
    let mut entry = entry("REPEAL_POLICY_DOCUMENT", "policy_document", id.uuid());
    match repeal_of(&held, on) {
        Repeal::Repealed => {
            policies::repeal(change.conn(), id, on).await?;
            held.repealed_on = Some(on);
        }
        Repeal::AlreadyRepealed => entry.result = super::ALREADY,
        Repeal::NotAfterIssue => return Err(Fault::new(&reasons::RANGE_REVERSED).field("repealed_on")),
        Repeal::OnAnotherDay => return Err(Fault::new(&reasons::POLICY_REPEALED).field("repealed_on")),
    }
    let answer = wire::RepealPolicyDocumentResponse { document: Some(outgoing::policy(&held)) };
    change.commit(answer, &entry, &[]).await
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListPolicyDocumentsRequest>,
) -> Result<Response<wire::ListPolicyDocumentsResponse>, Fault> {
    let mut check = Checker::new();
    let id = check.id::<InstitutionId>("institution_id", &request.get_ref().institution_id);
    let (id,) = check.all((id,))?;
    let mut conn = face.pool.acquire().await?;
    institutions::find(&mut conn, id).await?.ok_or_else(|| not_found("institution_id"))?;
    let documents = policies::list(&mut conn, Some(id)).await?;
    let documents = documents.iter().map(outgoing::policy).collect();
    Ok(Response::new(wire::ListPolicyDocumentsResponse { documents }))
}

pub(super) async fn matrix(
    face: &Face,
    request: Request<wire::GetPolicyMatrixRequest>,
) -> Result<Response<wire::GetPolicyMatrixResponse>, Fault> {
    let mut check = Checker::new();
    let day = check.optional_date("as_of", &request.get_ref().as_of);
    let (day,) = check.all((day,))?;
    let day = day.unwrap_or_else(|| date_of(face.clock.now()));
    let mut conn = face.pool.acquire().await?;
    let banks = institutions::banks(&mut conn).await?;
    let rows = matrix_of(banks, &policies::list(&mut conn, None).await?, day);

    let gaps: usize = rows.iter().map(|row| row.gaps().count()).sum();
    let cells = rows.len() * PolicyKind::every().len();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let completeness = BasisPoints::ratio(Fen::new(count(cells - gaps)), Fen::new(count(cells)));
    let complete = rows.iter().filter(|row| row.gaps().next().is_none()).count();
    Ok(Response::new(wire::GetPolicyMatrixResponse {
        rows: rows.iter().map(told).collect(),
        complete_banks: i32::try_from(complete).unwrap_or(i32::MAX),
        completeness_bp: completeness.map_or(0, BasisPoints::get),
    }))
}

fn told(row: &Row) -> wire::PolicyRow {
    let cell = |(kind, document): &(PolicyKind, Option<PolicyDocumentId>)| wire::PolicyCell {
        kind: kind.number(),
        document_id: document.map(|id| id.to_string()).unwrap_or_default(),
    };
    wire::PolicyRow {
        institution_id: row.institution_id.to_string(),
        name: row.name.clone(),
        cells: row.cells.iter().map(cell).collect(),
        gaps: row.gaps().map(|kind| kind.number()).collect(),
    }
}
