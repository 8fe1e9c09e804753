//! Insurers and guarantors: asked by insurance, read through it, answered to it.

use prost::Message as _;
use proto::common::v1::{InstitutionRole, LegState};
use proto::insurance::v1::InsurerQuote;
use proto::partner::v1::confirm_selection_request::Answer;
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{AssignmentState, Confirmation, EventType, ReplySubmitted};
use tonic::Code;

use crate::field::{Field, Said, guarantee, insurance_quote, offer, refusal};

#[tokio::test]
async fn an_insurer_reads_quotes_is_chosen_and_binds_and_only_insurance_hears_of_it() {
    let field = Field::with_insurance().await;
    let insurer = field.institution(InstitutionRole::Insurer).await;
    let leg = field.issue_as(InstitutionRole::Insurer, &insurer, Some(3600)).await;
    let read = insurer.get(leg).await.unwrap();
    assert_eq!(read.role, InstitutionRole::Insurer as i32);
    assert_eq!(read.dossier.unwrap().purpose, "cover", "as insurance gives it");
    assert!(read.product_id.is_empty() && read.supplements.is_empty());
    insurer.accept(leg).await.unwrap();
    let weak = InsurerQuote { core_solvency_bp: 7_499, ..insurance_quote(field.now()) };
    let status = insurer.offers(leg, Decision::Insurance(weak)).await.unwrap_err();
    let told = rpc::status::violations(&status);
    assert_eq!(told, [("insurance.core_solvency_bp".to_owned(), "SOLVENCY_TOO_LOW".to_owned())]);
    let quoted = insurer.offers(leg, Decision::Insurance(insurance_quote(field.now()))).await.unwrap();
    let accepted = Said::judged("intake.reply-accepted.v1", insurer.id, leg, &quoted.reply_id, "");
    field.tell(leg, 4, accepted.of_insurance()).await;
    field.choose(leg, 5, Said::selected(insurer.id, leg, None).of_insurance()).await;
    let kinds: Vec<i32> = insurer.look().await.iter().map(|event| event.r#type).collect();
    assert_eq!(kinds, [EventType::ReplyAccepted as i32, EventType::AssignmentSelected as i32]);
    let policy = Answer::Confirmation(Confirmation { document_no: "PDAA2022-41".to_owned() });
    let bound = insurer.confirm(leg, policy).await.unwrap();
    assert_eq!(bound.assignment.unwrap().state, AssignmentState::Confirmed as i32);
    let heard = field.heard_by_insurance(leg, 4).await;
    let kinds: Vec<&str> = heard.iter().map(|heard| heard.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "partner.cover-assignment-received.v1",
            "partner.cover-assignment-accepted.v1",
            "partner.cover-reply-submitted.v1",
            "partner.cover-reply-submitted.v1",
        ]
    );
    let quote = ReplySubmitted::decode(heard[2].body.as_slice()).unwrap();
    assert_eq!(
        quote.reply,
        Some(Reply::Insurance(insurance_quote(field.now()))).map(|told| match told {
            Reply::Insurance(told) =>
                Reply::Insurance(InsurerQuote { valid_until: valid_until(&quote), ..told }),
            other => other,
        })
    );
    let binding = ReplySubmitted::decode(heard[3].body.as_slice()).unwrap();
    assert!(matches!(binding.reply, Some(Reply::Confirmed(told)) if told.document_no == "PDAA2022-41"));
    assert!(field.heard_now(leg).await.is_empty(), "intake is told nothing of cover legs by partner");
}

fn valid_until(told: &ReplySubmitted) -> Option<prost_types::Timestamp> {
    match &told.reply {
        Some(Reply::Insurance(quote)) => quote.valid_until,
        _ => None,
    }
}

#[tokio::test]
async fn a_guarantor_commits_takes_back_and_is_told_the_ending_as_its_own() {
    let field = Field::with_insurance().await;
    let guarantor = field.institution(InstitutionRole::Guarantor).await;
    let leg = field.issue_as(InstitutionRole::Guarantor, &guarantor, None).await;
    let status = guarantor.offers(leg, Decision::Insurance(insurance_quote(field.now()))).await.unwrap_err();
    let wrong = [("insurance".to_owned(), "DECISION_NOT_FOR_ROLE".to_owned())];
    assert_eq!(rpc::status::violations(&status), wrong);
    let status = guarantor.offers(leg, Decision::Offer(offer(field.now()))).await.unwrap_err();
    assert_eq!(rpc::status::violations(&status)[0].0, "offer");
    guarantor.offers(leg, Decision::Guarantee(guarantee(field.now()))).await.unwrap();
    guarantor.take_back(leg).await.unwrap();
    let heard = field.heard_by_insurance(leg, 2).await;
    let last = ReplySubmitted::decode(heard[1].body.as_slice()).unwrap();
    assert!(matches!(last.reply, Some(Reply::TakenBack(_))));
    field.end(leg, 4, Said::closed(guarantor.id, leg, LegState::WithdrawnByInst).of_insurance()).await;
    let closed = guarantor.look().await.pop().unwrap();
    assert_eq!(closed.reason, "WITHDRAWN");
}

#[tokio::test]
async fn cover_is_anothers_too_and_consent_is_asked_of_insurance_at_every_reading() {
    let field = Field::with_insurance().await;
    let insurer = field.institution(InstitutionRole::Insurer).await;
    let rival = field.institution(InstitutionRole::Insurer).await;
    let leg = field.issue_as(InstitutionRole::Insurer, &insurer, None).await;
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refusal(rival.get(leg).await), not_found);
    let quote = Decision::Insurance(insurance_quote(field.now()));
    assert_eq!(refusal(rival.offers(leg, quote).await), not_found);
    assert_eq!(refusal(rival.take_back(leg).await), not_found);
    assert_eq!(refusal(rival.refuse(leg).await), not_found);
    insurer.get(leg).await.unwrap();
    field.allow(insurer.id, leg, false).await;
    assert_eq!(refusal(insurer.get(leg).await), (Code::PermissionDenied, "CONSENT_REVOKED".to_owned()));
}
