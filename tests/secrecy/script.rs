//! What the observed bank does about cases: every method of its face that is about them (`shelf` has the others), in
//! every state that an assignment can be in, with everything wrong about a request that can be wrong. The same in both
//! runs; only what happens around it differs.

use prost::Message as _;
use proto::common::v1::{DeclineReason, EnhancementMode, RepaymentMethod};
use proto::intake::v1::{Approval, CaseHeader, CaseState, Offer, ValuationQuote, ValuationReport};
use proto::partner::v1::confirm_selection_request::Answer;
use proto::partner::v1::submit_decision_request::Decision;
use proto::partner::v1::{
    AcceptAssignmentRequest, AcknowledgeRequest, Assignment, ConfirmSelectionRequest, Decline, EventType,
    GetAssignmentRequest, ListAssignmentsRequest, ListAssignmentsResponse, PullEventsRequest,
    RequestSupplementRequest, SubmitDecisionRequest, SubmitDecisionsRequest, SubmitReportRequest,
    WithdrawOfferRequest,
};
use uuid::Uuid;

use crate::bank::{Bank, time_given};
use crate::stage::{Company, Stage};

const GET: &str = "/zhirong.partner.v1.AssignmentService/GetAssignment";
const LIST: &str = "/zhirong.partner.v1.AssignmentService/ListAssignments";
const ACCEPT: &str = "/zhirong.partner.v1.AssignmentService/AcceptAssignment";
const DECIDE: &str = "/zhirong.partner.v1.AssignmentService/SubmitDecision";
const DECIDE_ALL: &str = "/zhirong.partner.v1.AssignmentService/SubmitDecisions";
const WITHDRAW: &str = "/zhirong.partner.v1.AssignmentService/WithdrawOffer";
const CONFIRM: &str = "/zhirong.partner.v1.AssignmentService/ConfirmSelection";
const REPORT: &str = "/zhirong.partner.v1.AssignmentService/SubmitReport";
const ASK: &str = "/zhirong.partner.v1.AssignmentService/RequestSupplement";
const PULL: &str = "/zhirong.partner.v1.EventService/PullEvents";
const ACKNOWLEDGE: &str = "/zhirong.partner.v1.EventService/Acknowledge";
/// Pages of one row each that are turned.
const PAGES: usize = 3;
/// 2035-01-01 in UTC.
const LONG_AFTER: i64 = 2_051_222_400;

pub(crate) async fn play(stage: &mut Stage, bank: &mut Bank) {
    bank.scene("before there is anything");
    probe(bank, &unknown(), true).await;
    passed_over(stage, bank).await;
    chosen(stage, bank).await;
    chosen_and_refuses(stage, bank).await;
    declines(stage, bank).await;
    takes_back(stage, bank).await;
    asks(stage, bank).await;
    silent(stage, bank).await;
    consent_revoked(stage, bank).await;
}

/// Offers, betters its offer, and is not chosen: a rival is, and approves. Alone, the enterprise withdraws instead.
async fn passed_over(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "passed over").await;
    probe(bank, &name, true).await;
    let first = offered(bank, &name, 1, 420).await;
    // The same request again is answered with the first answer; the same id with another body is refused.
    bank.call("the same request again", DECIDE, &first).await;
    let other = SubmitDecisionRequest { file_if_late: true, ..first.clone() };
    bank.call("the same id, another body", DECIDE, &other).await;
    let nobodys = decision(&unknown(), Decision::Offer(an_offer(1, 400)));
    let several = SubmitDecisionsRequest { decisions: vec![first.clone(), nobodys] };
    bank.call("the same request again, and nobody's", DECIDE_ALL, &several).await;
    probe(bank, &name, true).await;
    offer(bank, "a number that was used", &name, 1, 410).await;
    bank.events_until(EventType::ReplyRefused).await;
    offered(bank, &name, 2, 400).await;
    stage.reaches(&case, &[CaseState::OffersReady]).await;
    // A better offer is still in time, whatever rivals have done meanwhile.
    offered(bank, &name, 3, 390).await;
    if stage.company == Company::Rivals {
        stage.choose(&case, false).await;
        // While it is held, and perhaps already released: nothing tells the two apart but the event that comes.
        stage.reaches(&case, &[CaseState::Approved]).await;
    } else {
        stage.withdraw(&case).await;
    }
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
    probe(bank, &name, true).await;
    offer(bank, "after the end", &name, 4, 380).await;
}

/// Is chosen, approves, and the enterprise withdraws after that.
async fn chosen(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "chosen").await;
    offered(bank, &name, 1, 300).await;
    stage.choose(&case, true).await;
    bank.events_until(EventType::AssignmentSelected).await;
    probe(bank, &name, false).await;
    bank.call("taking a chosen offer back", WITHDRAW, &take_back(&name)).await;
    let dear = Approval { annual_rate_bp: 999, ..approval(300) };
    bank.call("an approval above the offer", CONFIRM, &confirm(&name, Answer::Approval(dear))).await;
    bank.quiet().await;
    let approved = confirm(&name, Answer::Approval(approval(300)));
    bank.call("approving", CONFIRM, &approved).await;
    bank.events_until(EventType::ReplyAccepted).await;
    stage.reaches(&case, &[CaseState::Approved]).await;
    bank.call("approving by the same request", CONFIRM, &approved).await;
    probe(bank, &name, false).await;
    stage.withdraw(&case).await;
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
    probe(bank, &name, true).await;
}

/// Is chosen and refuses. Among rivals the enterprise may choose another, alone the case has expired.
async fn chosen_and_refuses(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "chosen, and refuses").await;
    offered(bank, &name, 1, 300).await;
    stage.choose(&case, true).await;
    bank.events_until(EventType::AssignmentSelected).await;
    let decline = Decline { reason: DeclineReason::R02.into(), text: String::new() };
    bank.call("refusing", CONFIRM, &confirm(&name, Answer::Decline(decline))).await;
    bank.events_until(EventType::ReplyAccepted).await;
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
    if stage.company == Company::Rivals {
        stage.choose(&case, false).await;
        stage.reaches(&case, &[CaseState::Approved]).await;
    }
    bank.quiet().await;
    probe(bank, &name, true).await;
}

async fn declines(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "declines").await;
    let decline = Decline { reason: DeclineReason::R03.into(), text: String::new() };
    let request = decision(&name, Decision::Decline(decline));
    bank.call("declining", DECIDE, &request).await;
    bank.events_until(EventType::ReplyAccepted).await;
    probe(bank, &name, true).await;
    stage.reaches(&case, &[CaseState::OffersReady, CaseState::NoOffer]).await;
    offer(bank, "an offer after all", &name, 1, 420).await;
    bank.quiet().await;
    stage.withdraw(&case).await;
    bank.quiet().await;
    probe(bank, &name, true).await;
}

/// Takes its offer back while a rival is chosen; alone, while nothing is chosen, so that the case expires.
async fn takes_back(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "takes back").await;
    bank.call("taking back what was never given", WITHDRAW, &take_back(&name)).await;
    offered(bank, &name, 1, 420).await;
    stage.reaches(&case, &[CaseState::OffersReady]).await;
    bank.call("taking back", WITHDRAW, &take_back(&name)).await;
    bank.events_until(EventType::ReplyAccepted).await;
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
    bank.call("taking back again", WITHDRAW, &take_back(&name)).await;
    bank.quiet().await;
    if stage.company == Company::Rivals {
        stage.choose(&case, false).await;
        stage.reaches(&case, &[CaseState::Approved]).await;
    }
    bank.quiet().await;
    probe(bank, &name, true).await;
}

async fn asks(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "asks").await;
    bank.call("asking", ASK, &question(&name, "D04")).await;
    bank.call("asking again", ASK, &question(&name, "D05")).await;
    probe(bank, &name, true).await;
    stage.answer_questions(&case).await;
    bank.events_until(EventType::SupplementAnswered).await;
    read(bank, &name).await;
    offered(bank, &name, 1, 420).await;
    bank.call("asking after the answer", ASK, &question(&name, "D05")).await;
    stage.reaches(&case, &[CaseState::OffersReady]).await;
    stage.withdraw(&case).await;
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
}

/// Says nothing; its window passes, and it files its offer late.
async fn silent(stage: &mut Stage, bank: &mut Bank) {
    let (case, name) = begin(stage, bank, "silent").await;
    bank.events_until(EventType::AssignmentClosed).await;
    stage.reaches(&case, &[CaseState::OffersReady, CaseState::NoOffer]).await;
    offer(bank, "too late", &name, 1, 420).await;
    let late =
        SubmitDecisionRequest { file_if_late: true, ..decision(&name, Decision::Offer(an_offer(1, 420))) };
    bank.call("filed late", DECIDE, &late).await;
    bank.events_until(EventType::ReplyLate).await;
    bank.quiet().await;
    probe(bank, &name, true).await;
    stage.withdraw(&case).await;
    bank.quiet().await;
}

async fn consent_revoked(stage: &mut Stage, bank: &mut Bank) {
    let (_, name) = begin(stage, bank, "consent revoked").await;
    offered(bank, &name, 1, 420).await;
    stage.revoke_consent().await;
    bank.events_until(EventType::AssignmentClosed).await;
    bank.quiet().await;
    probe(bank, &name, true).await;
}

/// A new case, of which the bank is told, and reads, and takes up.
async fn begin(stage: &mut Stage, bank: &mut Bank, scene: &str) -> (CaseHeader, String) {
    bank.scene(scene);
    let case = stage.submit(scene).await;
    let issued = bank.events_until(EventType::AssignmentIssued).await;
    let name = issued.assignment;
    read(bank, &name).await;
    let accept = accept(&name);
    bank.call("accepting", ACCEPT, &accept).await;
    bank.call("accepting by the same request", ACCEPT, &accept).await;
    (case, name)
}

async fn read(bank: &mut Bank, name: &str) {
    let bytes = bank.call("reading", GET, &GetAssignmentRequest { name: name.to_owned() }).await.unwrap();
    let assignment = Assignment::decode(bytes.as_slice()).unwrap();
    bank.note(time_given(&assignment));
}

/// An offer that has to be accepted.
async fn offered(bank: &mut Bank, name: &str, seq: i32, rate: i32) -> SubmitDecisionRequest {
    let request = offer(bank, "offering", name, seq, rate).await;
    bank.events_until(EventType::ReplyAccepted).await;
    request
}

async fn offer(bank: &mut Bank, what: &str, name: &str, seq: i32, rate: i32) -> SubmitDecisionRequest {
    let request = decision(name, Decision::Offer(an_offer(seq, rate)));
    bank.call(what, DECIDE, &request).await;
    request
}

/// Every method with everything that can be wrong, and what may be read at any time. Changes nothing; `confirming`:
/// confirming is wrong as well, because nothing has been chosen.
async fn probe(bank: &mut Bank, name: &str, confirming: bool) {
    let nobodys = unknown();
    let names = [("own", name), ("nobody's", &nobodys), ("malformed", "assignments/1"), ("empty", "")];
    for (whose, name) in names {
        let read = GetAssignmentRequest { name: name.to_owned() };
        bank.call(&format!("reading {whose}"), GET, &read).await;
        if whose == "own" {
            continue;
        }
        bank.call(&format!("accepting {whose}"), ACCEPT, &accept(name)).await;
        let offer = decision(name, Decision::Offer(an_offer(1, 400)));
        bank.call(&format!("deciding {whose}"), DECIDE, &offer).await;
        bank.call(&format!("taking back {whose}"), WITHDRAW, &take_back(name)).await;
        bank.call(&format!("asking {whose}"), ASK, &question(name, "D04")).await;
        bank.call(&format!("reporting {whose}"), REPORT, &report(name)).await;
        bank.call(&format!("confirming {whose}"), CONFIRM, &confirm(name, Answer::Approval(approval(300))))
            .await;
    }
    if confirming {
        bank.call("confirming own", CONFIRM, &confirm(name, Answer::Approval(approval(300)))).await;
    }
    wrong_decisions(bank, name).await;
    bank.call("reporting own", REPORT, &report(name)).await;
    bank.call("asking for what does not exist", ASK, &question(name, "D99")).await;
    lists(bank).await;
    for names in [vec![format!("events/{}", Uuid::new_v4())], vec!["events/1".to_owned()], Vec::new()] {
        bank.call("acknowledging", ACKNOWLEDGE, &AcknowledgeRequest { names }).await;
    }
    for (max_events, wait_seconds, lease_seconds) in [(501, 0, 0), (1, 61, 0), (1, 0, 4), (-1, -1, -1)] {
        let wrong = PullEventsRequest { max_events, wait_seconds, lease_seconds };
        bank.call("pulling wrongly", PULL, &wrong).await;
    }
}

async fn wrong_decisions(bank: &mut Bank, name: &str) {
    let valid = || decision(name, Decision::Offer(an_offer(9, 400)));
    let quote =
        ValuationQuote { quote_seq: 1, fee_fen: 1, report_working_days: 5, ..ValuationQuote::default() };
    let wrong = [
        ("with an old etag", SubmitDecisionRequest { etag: "999".to_owned(), ..valid() }),
        ("without a decision", SubmitDecisionRequest { decision: None, ..valid() }),
        ("without a request id", SubmitDecisionRequest { request_id: String::new(), ..valid() }),
        ("without a person", SubmitDecisionRequest { acted_by: String::new(), ..valid() }),
        ("of another role", decision(name, Decision::Valuation(quote))),
        ("of no number", decision(name, Decision::Offer(an_offer(0, 400)))),
        ("at no rate", decision(name, Decision::Offer(an_offer(9, 0)))),
        ("that has ended", decision(name, Decision::Offer(Offer { valid_until: at(1), ..an_offer(9, 400) }))),
    ];
    for (what, request) in wrong {
        bank.call(&format!("an offer {what}"), DECIDE, &request).await;
        let several = SubmitDecisionsRequest { decisions: vec![request] };
        bank.call(&format!("among several, an offer {what}"), DECIDE_ALL, &several).await;
    }
    for decisions in [Vec::new(), vec![valid(), valid()]] {
        bank.call("deciding nothing, or twice", DECIDE_ALL, &SubmitDecisionsRequest { decisions }).await;
    }
}

async fn lists(bank: &mut Bank) {
    for open_only in [true, false] {
        let mut page_token = String::new();
        for _ in 0..PAGES {
            let request = ListAssignmentsRequest { page_size: 1, page_token: page_token.clone(), open_only };
            let bytes = bank.call("listing", LIST, &request).await.unwrap();
            page_token = ListAssignmentsResponse::decode(bytes.as_slice()).unwrap().next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        // A token of one list in the other, and one that nobody made.
        for token in [page_token, "bm9uc2Vuc2U".to_owned()] {
            let request = ListAssignmentsRequest { page_size: 0, page_token: token, open_only: !open_only };
            bank.call("listing by another token", LIST, &request).await;
        }
    }
    let request = ListAssignmentsRequest { page_size: 201, page_token: String::new(), open_only: false };
    bank.call("listing too much", LIST, &request).await;
}

fn unknown() -> String {
    format!("assignments/{}", Uuid::new_v4())
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn person() -> String {
    "OBS001".to_owned()
}

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

/// Calls for no cover, so that it can be chosen in both runs.
fn an_offer(offer_seq: i32, annual_rate_bp: i32) -> Offer {
    Offer {
        offer_seq,
        amount_fen: 300_000_000,
        term_months: 12,
        annual_rate_bp,
        repayment: RepaymentMethod::InterestFirst.into(),
        enhancement: EnhancementMode::IpOnly.into(),
        fees_fen: 0,
        valid_until: at(LONG_AFTER),
    }
}

fn approval(annual_rate_bp: i32) -> Approval {
    Approval {
        approval_no: "SP000001".to_owned(),
        amount_fen: 300_000_000,
        term_months: 12,
        annual_rate_bp,
        approved_at: at(1_700_000_000),
    }
}

fn decision(name: &str, decision: Decision) -> SubmitDecisionRequest {
    SubmitDecisionRequest {
        name: name.to_owned(),
        request_id: request_id(),
        acted_by: person(),
        decision: Some(decision),
        file_if_late: false,
        etag: String::new(),
    }
}

fn accept(name: &str) -> AcceptAssignmentRequest {
    AcceptAssignmentRequest { name: name.to_owned(), request_id: request_id(), acted_by: person() }
}

fn take_back(name: &str) -> WithdrawOfferRequest {
    WithdrawOfferRequest { name: name.to_owned(), request_id: request_id(), acted_by: person() }
}

fn confirm(name: &str, answer: Answer) -> ConfirmSelectionRequest {
    ConfirmSelectionRequest {
        name: name.to_owned(),
        request_id: request_id(),
        acted_by: person(),
        answer: Some(answer),
    }
}

fn report(name: &str) -> SubmitReportRequest {
    SubmitReportRequest {
        name: name.to_owned(),
        request_id: request_id(),
        acted_by: person(),
        report: Some(ValuationReport { report_no: "PG1".to_owned(), ..ValuationReport::default() }),
    }
}

fn question(name: &str, code: &str) -> RequestSupplementRequest {
    RequestSupplementRequest {
        name: name.to_owned(),
        request_id: request_id(),
        acted_by: person(),
        document_codes: vec![code.to_owned()],
        note: "请补充。".to_owned(),
    }
}
