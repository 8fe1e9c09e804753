//! What the window does with a case: each act is one command of intake, done once however often the form is sent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use kernel::DocumentCode;
use proto::common::v1::DocumentRef;
use proto::intake::v1 as intake;
use tonic::Status;

use super::{Fields, Refusal, Trouble, case};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::text;

/// `POST /cases/{id}/act`
pub(crate) async fn act(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    person.sent(fields.get("csrf"))?;
    let outcome = match run(&desk, &person, &id, &fields).await {
        Some(outcome) => outcome,
        None => return Err(Trouble::Unreadable),
    };
    match outcome {
        Ok(()) => Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/cases/{id}"))]).into_response()),
        Err(status) => case::show(&desk, &person, &id, Some(Refusal::of(&status))).await,
    }
}

/// `None` for an act that there is not.
async fn run(desk: &Desk, person: &Person, id: &str, fields: &Fields) -> Option<Result<(), Status>> {
    let mut client = desk.peers.intake(&person.actor());
    let (case_id, request_id) = (id.to_owned(), fields.get("request_id").to_owned());
    let done = match fields.get("act") {
        "accept" => client.accept_case(intake::AcceptCaseRequest { request_id, case_id }).await.map(drop),
        "supplement" => {
            let request = intake::RequestSupplementRequest {
                request_id,
                case_id,
                document_codes: fields.all("code"),
                note: fields.get("note").to_owned(),
            };
            client.request_supplement(request).await.map(drop)
        }
        "provide" => {
            let documents = documents(fields);
            let request = intake::ProvideSupplementRequest { request_id, case_id, documents };
            client.provide_supplement(request).await.map(drop)
        }
        "withdraw" => {
            let reason = fields.get("reason").to_owned();
            client.withdraw_case(intake::WithdrawCaseRequest { request_id, case_id, reason }).await.map(drop)
        }
        "redispatch" => {
            client.redispatch_case(intake::RedispatchCaseRequest { request_id, case_id }).await.map(drop)
        }
        "give_up" => {
            let reason = fields.get("reason").to_owned();
            client.give_up_case(intake::GiveUpCaseRequest { request_id, case_id, reason }).await.map(drop)
        }
        "answer" => {
            let request = intake::AnswerInstitutionRequest {
                request_id,
                leg_id: fields.get("leg_id").to_owned(),
                documents: documents(fields),
                note: fields.get("note").to_owned(),
            };
            client.answer_institution(request).await.map(drop)
        }
        _ => return None,
    };
    Some(done)
}

/// Uploaded files by their digest, each under the code that its field names.
pub(super) fn documents(fields: &Fields) -> Vec<DocumentRef> {
    let given = DocumentCode::ALL.iter().filter_map(|code| {
        let uploaded = fields.file(&format!("file.{}", code.code())).map(|(digest, _)| digest.to_owned());
        let kept = fields.get(&format!("doc.{}", code.code()));
        let digest = uploaded.or_else(|| (!kept.is_empty()).then(|| kept.to_owned()))?;
        reference(code.code(), &digest)
    });
    given.collect()
}

fn reference(code: &str, digest: &str) -> Option<DocumentRef> {
    let sha256 = text::unhex(digest).filter(|bytes| bytes.len() == 32)?;
    Some(DocumentRef { code: code.to_owned(), document_id: format!("sha256-{digest}"), sha256 })
}
