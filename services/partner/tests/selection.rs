//! What follows an answer: taking it back, being chosen, confirming, reporting.

use chrono::TimeDelta;
use futures::future::join_all;
use kernel::LegId;
use prost::Message as _;
use proto::common::v1::{InstitutionRole, LegState};
use proto::intake::v1::ValuationReport;
use proto::partner::v1::confirm_selection_request::Answer;
use proto::partner::v1::reply_submitted::Reply;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AssignmentState, ConfirmSelectionRequest, Confirmation, Decline, EventType, ReplySubmitted,
};
use tonic::Code;

use crate::field::{
    Bank, Field, Said, approval, decision, insurance_quote, name, offer, refusal, report, uuid, valuation,
};

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn state(answer: &proto::partner::v1::SubmitDecisionResponse) -> i32 {
    answer.assignment.as_ref().unwrap().state
}

/// The newest that intake has heard of this leg.
async fn said(field: &Field, leg: LegId, count: usize) -> ReplySubmitted {
    let heard = field.heard(leg, count).await.pop().unwrap();
    assert_eq!(heard.kind, "partner.reply-submitted.v1");
    ReplySubmitted::decode(heard.body.as_slice()).unwrap()
}

/// A leg that has been answered and then chosen.
async fn chosen(field: &Field, role: InstitutionRole, who: &Bank) -> LegId {
    let leg = field.issue_as(role, who, None).await;
    let answer = match role {
        InstitutionRole::Evaluator => Decision::Valuation(valuation(field.now())),
        _ => Decision::Offer(offer(field.now())),
    };
    who.offers(leg, answer).await.unwrap();
    field.choose(leg, 3, Said::selected(who.id, leg, None)).await;
    leg
}

#[tokio::test]
async fn a_bank_is_chosen_reads_until_when_and_approves() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    assert_eq!(refusal(bank.approve(leg).await), precondition("NOT_SELECTED"));
    bank.decide(decision(leg, field.now())).await.unwrap();
    assert_eq!(refusal(bank.approve(leg).await), precondition("NOT_SELECTED"));
    let due = field.now() + TimeDelta::days(5);
    field.choose(leg, 3, Said::selected(bank.id, leg, Some(due))).await;
    let read = bank.get(leg).await.unwrap();
    assert_eq!(read.state, AssignmentState::Selected as i32);
    assert_eq!(read.confirm_by_time.unwrap().seconds, due.timestamp());
    let events = bank.look().await;
    assert_eq!(events.iter().map(|e| e.r#type).collect::<Vec<_>>(), [EventType::AssignmentSelected as i32]);
    assert!(events[0].reply_id.is_empty() && events[0].reason.is_empty());
    let first = bank.approve(leg).await.unwrap();
    assert_eq!(state(&first), AssignmentState::Confirmed as i32);
    let body = said(&field, leg, 2).await;
    assert_eq!((body.reply_id, body.reply), (first.reply_id.clone(), Some(Reply::Approval(approval()))));
    let again = bank.approve(leg).await.unwrap();
    assert_eq!(again, first, "already so, whatever the request");
    assert_eq!(field.heard_now(leg).await.len(), 2);
    assert_eq!(refusal(bank.refuse(leg).await), precondition("ALREADY_CONFIRMED"));
    let audited = "SELECT count(*) FROM audit_entry WHERE object_id = $1 AND action = 'CONFIRM_SELECTION'";
    assert_eq!(field.count(audited, leg).await, 2);
}

#[tokio::test]
async fn a_repeat_of_a_confirmation_is_given_the_first_answer_and_another_body_is_refused() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    let request = ConfirmSelectionRequest {
        name: name(leg),
        request_id: uuid(),
        acted_by: "B0172".to_owned(),
        answer: Some(Answer::Approval(approval())),
    };
    let call = |request: ConfirmSelectionRequest| async {
        bank.assignments.clone().confirm_selection(request).await.map(tonic::Response::into_inner)
    };
    let answers = join_all((0..10).map(|_| call(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    field.end(leg, 9, Said::closed(bank.id, leg, LegState::Released)).await;
    assert_eq!(&call(request.clone()).await.unwrap(), first, "even when it is over");
    let other = ConfirmSelectionRequest {
        answer: Some(Answer::Decline(Decline { reason: 1, text: String::new() })),
        ..request
    };
    assert_eq!(refusal(call(other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(field.heard_now(leg).await.len(), 2);
}

#[tokio::test]
async fn a_choice_that_is_undone_and_made_again_is_told_each_time_in_order() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    field.choose(leg, 4, Said::unselected(bank.id, leg)).await;
    assert_eq!(bank.get(leg).await.unwrap().state, AssignmentState::Answered as i32);
    assert_eq!(refusal(bank.approve(leg).await), precondition("NOT_SELECTED"));
    field.choose(leg, 5, Said::selected(bank.id, leg, None)).await;
    let kinds: Vec<i32> = bank.look().await.iter().map(|event| event.r#type).collect();
    let (selected, unselected) =
        (EventType::AssignmentSelected as i32, EventType::AssignmentUnselected as i32);
    assert_eq!(kinds, [selected, unselected, selected]);
    assert_eq!(state(&bank.approve(leg).await.unwrap()), AssignmentState::Confirmed as i32);
}

#[tokio::test]
async fn a_chosen_bank_may_refuse_once_and_for_all() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    let first = bank.refuse(leg).await.unwrap();
    assert!(matches!(said(&field, leg, 2).await.reply, Some(Reply::Refused(_))));
    assert_eq!(bank.refuse(leg).await.unwrap(), first);
    assert_eq!(refusal(bank.approve(leg).await), precondition("NOT_SELECTED"));
    assert_eq!(refusal(bank.decide(decision(leg, field.now())).await), precondition("WINDOW_CLOSED"));
    assert_eq!(field.heard_now(leg).await.len(), 2);
}

#[tokio::test]
async fn an_approval_that_is_refused_by_the_service_centre_can_be_given_again() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    let first = bank.approve(leg).await.unwrap().reply_id;
    let fate = Said::judged("intake.reply-refused.v1", bank.id, leg, &first, "APPROVAL_ABOVE_OFFER");
    field.tell(leg, 4, fate).await;
    let selected = "SELECT count(*) FROM assignment WHERE assignment_id = $1 AND state = 7";
    testkit::eventually(crate::field::LIMIT, async || field.count(selected, leg).await == 1).await;
    let second = bank.approve(leg).await.unwrap();
    assert_ne!(second.reply_id, first);
    field.heard(leg, 3).await;
}

#[tokio::test]
async fn an_offer_is_taken_back_once_and_not_when_it_was_chosen() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let leg = field.issue(&bank, None).await;
    assert_eq!(refusal(bank.take_back(leg).await), precondition("NOTHING_OFFERED"));
    bank.decide(decision(leg, field.now())).await.unwrap();
    let first = bank.take_back(leg).await.unwrap();
    assert!(matches!(said(&field, leg, 2).await.reply, Some(Reply::TakenBack(_))));
    assert_eq!(bank.take_back(leg).await.unwrap(), first, "twice is no error");
    assert_eq!(refusal(bank.decide(decision(leg, field.now())).await), precondition("WINDOW_CLOSED"));
    field.end(leg, 4, Said::closed(bank.id, leg, LegState::WithdrawnByInst)).await;
    bank.take_back(leg).await.expect("nor after it has ended so");
    let closed = bank.look().await.pop().unwrap();
    assert_eq!((closed.r#type, closed.reason.as_str()), (EventType::AssignmentClosed as i32, "WITHDRAWN"));

    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    assert_eq!(refusal(bank.take_back(leg).await), precondition("OFFER_SELECTED"));
    assert_eq!(refusal(bank.decide(decision(leg, field.now())).await), precondition("OFFER_SELECTED"));
    field.end(leg, 4, Said::closed(bank.id, leg, LegState::Expired)).await;
    assert_eq!(refusal(bank.take_back(leg).await), precondition("ASSIGNMENT_ENDED"));
    assert_eq!(field.heard_now(leg).await.len(), 1);
}

#[tokio::test]
async fn an_evaluator_quotes_confirms_and_reports() {
    let field = Field::new().await;
    let evaluator = field.institution(InstitutionRole::Evaluator).await;
    let leg = chosen(&field, InstitutionRole::Evaluator, &evaluator).await;
    let read = evaluator.get(leg).await.unwrap();
    assert_eq!((read.role, read.product_id.as_str()), (InstitutionRole::Evaluator as i32, ""));
    assert!(matches!(said(&field, leg, 1).await.reply, Some(Reply::Valuation(_))));
    let number = Confirmation { document_no: "委2022-7".to_owned() };
    let confirmed = evaluator.confirm(leg, Answer::Confirmation(number)).await.unwrap();
    assert_eq!(state(&confirmed), AssignmentState::Confirmed as i32);
    let first = evaluator.report(leg, report(field.now())).await.unwrap();
    assert_eq!(state(&first), AssignmentState::Fulfilled as i32);
    let Some(Reply::Report(told)) = said(&field, leg, 3).await.reply else { panic!("no report") };
    assert_eq!(told, report(field.now()));
    assert_eq!(evaluator.report(leg, report(field.now())).await.unwrap(), first);
    assert_eq!(field.heard_now(leg).await.len(), 3);
}

#[tokio::test]
async fn a_report_implies_confirming_and_has_to_add_up_and_to_be_of_today() {
    let field = Field::new().await;
    let evaluator = field.institution(InstitutionRole::Evaluator).await;
    let leg = chosen(&field, InstitutionRole::Evaluator, &evaluator).await;
    let now = field.now();
    let today = kernel::calendar::date_of(now);
    let tomorrow = (today + TimeDelta::days(1)).to_string();
    let old = ValuationReport {
        base_date: (today - TimeDelta::days(200)).to_string(),
        valid_until: (today - TimeDelta::days(1)).to_string(),
        ..report(now)
    };
    for (given, path, reason) in [
        (ValuationReport { total_fen: 119_148_000, ..report(now) }, "report.total_fen", "TOTAL_WRONG"),
        (ValuationReport { base_date: tomorrow, ..report(now) }, "report.base_date", "DATE_IN_FUTURE"),
        (old, "report.valid_until", "VALID_UNTIL_PASSED"),
        (ValuationReport { signers: 1, ..report(now) }, "report.signers", "NUMBER_OUT_OF_RANGE"),
    ] {
        let status = evaluator.report(leg, given).await.unwrap_err();
        assert_eq!(rpc::status::violations(&status), [(path.to_owned(), reason.to_owned())]);
    }
    let fulfilled = evaluator.report(leg, report(now)).await.unwrap();
    assert_eq!(state(&fulfilled), AssignmentState::Fulfilled as i32);
    let none = ValuationReport::default();
    assert_eq!(evaluator.report(leg, none).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_is_not_of_the_assignments_role_is_refused_by_field_and_changes_nothing() {
    let field = Field::new().await;
    let (bank, evaluator) = (field.bank().await, field.institution(InstitutionRole::Evaluator).await);
    let loan = chosen(&field, InstitutionRole::Bank, &bank).await;
    let worth = field.issue_as(InstitutionRole::Evaluator, &evaluator, None).await;
    let now = field.now();
    let wrong = |path: &str| vec![(path.to_owned(), "DECISION_NOT_FOR_ROLE".to_owned())];
    for (decision, path) in
        [(Decision::Offer(offer(now)), "offer"), (Decision::Insurance(insurance_quote(now)), "insurance")]
    {
        let status = evaluator.offers(worth, decision).await.unwrap_err();
        assert_eq!((status.code(), rpc::status::violations(&status)), (Code::InvalidArgument, wrong(path)));
    }
    let confirmation = Answer::Confirmation(Confirmation { document_no: "Y1".to_owned() });
    let status = bank.confirm(loan, confirmation).await.unwrap_err();
    assert_eq!(rpc::status::violations(&status), wrong("confirmation"));
    let status = bank.report(loan, report(now)).await.unwrap_err();
    assert_eq!(rpc::status::violations(&status), wrong("report"));
    let status = evaluator.approve(worth).await.unwrap_err();
    assert_eq!(rpc::status::violations(&status), wrong("approval"));
    assert!(field.heard_now(worth).await.is_empty());
    assert_eq!(field.heard_now(loan).await.len(), 1);
}

#[tokio::test]
async fn what_is_anothers_does_not_exist_whatever_is_tried() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let (rival, evaluator) = (field.bank().await, field.institution(InstitutionRole::Evaluator).await);
    let leg = chosen(&field, InstitutionRole::Bank, &bank).await;
    let nothing = LegId::random(&mut rand::rng());
    let now = field.now();
    for id in [leg, nothing] {
        for who in [&rival, &evaluator] {
            let answers = [
                who.take_back(id).await,
                who.approve(id).await,
                who.refuse(id).await,
                who.report(id, report(now)).await,
                who.offers(id, Decision::Valuation(valuation(now))).await,
                who.offers(id, Decision::Insurance(insurance_quote(now))).await,
            ];
            for answer in answers {
                assert_eq!(refusal(answer), (Code::NotFound, "NOT_FOUND".to_owned()));
            }
            assert!(who.look().await.is_empty());
        }
    }
    assert_eq!(bank.get(leg).await.unwrap().state, AssignmentState::Selected as i32);
    assert_eq!(field.heard_now(leg).await.len(), 1);
}

#[tokio::test]
async fn the_dossier_of_a_released_leg_is_shut_to_who_had_not_read_it_and_open_to_who_had() {
    let field = Field::new().await;
    let bank = field.bank().await;
    let (read, unread) = (field.issue(&bank, None).await, field.issue(&bank, None).await);
    bank.get(read).await.unwrap();
    for leg in [read, unread] {
        field.end(leg, 5, Said::closed(bank.id, leg, LegState::Released)).await;
    }
    assert_eq!(refusal(bank.get(unread).await), precondition("DOSSIER_CLOSED"));
    let again = bank.get(read).await.unwrap();
    assert!(again.dossier.is_some() && again.state == AssignmentState::Closed as i32);
    let audited = "SELECT count(*) FROM audit_entry WHERE object_id = $1 AND action = 'READ_DOSSIER'";
    assert_eq!(field.count(audited, unread).await, 0);
}
