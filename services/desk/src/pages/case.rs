//! One case: what was applied for, its live board, its timeline, and what can be done with it now.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kernel::{DocumentCode, EnhancementMode, InstitutionRole, RepaymentMethod};
use proto::common::v1::LegProgress;
use proto::intake::v1::{self as intake, CaseState};
use uuid::Uuid;

use super::board::{asked, is_open};
use super::cases::channel;
use super::tasks::{self, Task};
use super::{Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::live::{Looked, look};
use crate::peers::Names;
use crate::text;

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    shell: Shell,
    id: String,
    number: String,
    state_code: &'static str,
    version: i64,
    board: String,
    timeline: String,
    facts: Vec<(&'static str, String)>,
    deadlines: Vec<(String, String)>,
    documents: Vec<(String, String)>,
    trace: String,
    request_id: String,
    can: Can,
    questions: Vec<Question>,
    codes: Vec<(&'static str, &'static str)>,
    selection: Vec<(&'static str, String)>,
    task: Option<Task>,
    refusal: Option<Refusal>,
}

/// What the state allows; intake is the judge all the same.
struct Can {
    accept: bool,
    supplement: bool,
    provide: bool,
    withdraw: bool,
    redispatch: bool,
    give_up: bool,
    compare: bool,
}

struct Question {
    leg_id: String,
    institution: String,
    asked: String,
    codes: Vec<(&'static str, &'static str)>,
}

/// `GET /cases/{id}`
pub(crate) async fn page(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    show(&desk, &person, &id, None).await
}

/// The page, with what was refused of an act on it.
pub(super) async fn show(
    desk: &Desk,
    person: &Person,
    id: &str,
    refusal: Option<Refusal>,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    let id = Uuid::try_parse(id).map_err(|_| Trouble::NotFound)?.to_string();
    let actor = person.actor();
    let looked = look(&desk.peers, &desk.directory, &actor, &id).await?;
    let names = desk.directory.names(&actor).await;
    let status = refusal.as_ref().map_or(StatusCode::OK, Refusal::http);
    let page = fill(Shell::of(person, "案件", "cases"), looked, &names, refusal);
    Ok((status, html(&page)).into_response())
}

fn fill(shell: Shell, looked: Looked, names: &Names, refusal: Option<Refusal>) -> CasePage {
    let Looked { view, update } = looked;
    let header = view.header.clone().unwrap_or_default();
    let state = header.state();
    let application = view.application.clone().unwrap_or_default();
    CasePage {
        shell: Shell { title: format!("案件 {}", header.case_no), ..shell },
        id: header.case_id.clone(),
        number: header.case_no.clone(),
        state_code: update.state,
        version: header.version,
        board: update.board,
        timeline: update.timeline,
        facts: facts(&header, &application),
        deadlines: view.deadlines.iter().filter_map(deadline).collect(),
        documents: application.documents.iter().map(document).collect(),
        trace: header.trace_id.clone(),
        request_id: Uuid::new_v4().to_string(),
        can: can(state),
        questions: questions(&view, names),
        codes: DocumentCode::ALL.iter().take(8).map(|code| (code.code(), code.chinese())).collect(),
        selection: selection(&view, &header, names),
        task: tasks::of(&header),
        refusal,
    }
}

fn can(state: CaseState) -> Can {
    let is = |states: &[CaseState]| states.contains(&state);
    Can {
        accept: is(&[CaseState::Submitted]),
        supplement: is(&[CaseState::Submitted]),
        provide: is(&[CaseState::Supplement]),
        withdraw: is(&[
            CaseState::Draft,
            CaseState::Submitted,
            CaseState::Supplement,
            CaseState::Accepted,
            CaseState::Collecting,
            CaseState::OffersReady,
            CaseState::NoOffer,
            CaseState::Selected,
            CaseState::Approved,
        ]),
        redispatch: is(&[CaseState::NoOffer]),
        give_up: is(&[CaseState::NoOffer]),
        compare: is_open(state) && !is(&[CaseState::NoOffer, CaseState::Rejected]),
    }
}

fn facts(header: &intake::CaseHeader, application: &intake::Application) -> Vec<(&'static str, String)> {
    let named = |names: Vec<&'static str>| {
        if names.is_empty() { "不限".to_owned() } else { names.join("、") }
    };
    let enhancement =
        application.enhancement.iter().filter_map(|number| EnhancementMode::from_number(*number));
    let repayment = application.repayment.iter().filter_map(|number| RepaymentMethod::from_number(*number));
    vec![
        ("信用代码", masked(&application.uscc)),
        ("申请金额", format!("{} 万元", text::wan(application.amount_fen))),
        ("期限", format!("{} 个月", application.term_months)),
        ("用途", application.purpose.clone()),
        ("知识产权", format!("{} 项", application.asset_ids.len())),
        ("增信方式", named(enhancement.map(EnhancementMode::chinese).collect())),
        ("还款方式", named(repayment.map(RepaymentMethod::chinese).collect())),
        ("来源", channel(header.channel()).to_owned()),
        ("提交时间", text::at(header.submitted_at.as_ref())),
    ]
}

/// Of a firm the code itself, of a person's business a part of it (domain.md §2.6).
pub(super) fn masked(uscc: &str) -> String {
    match kernel::Uscc::parse(uscc) {
        Ok(checked) => kernel::privacy::uscc(&checked.value),
        Err(_) => "—".to_owned(),
    }
}

fn deadline(pending: &intake::PendingDeadline) -> Option<(String, String)> {
    let name = text::deadline(&pending.kind)?;
    let due = match &pending.due_at {
        Some(due) => text::at(Some(due)),
        None => "等待该年度工作日历".to_owned(),
    };
    Some((name.to_owned(), due))
}

fn document(document: &proto::common::v1::DocumentRef) -> (String, String) {
    let name = DocumentCode::from_code(&document.code).map_or("材料", DocumentCode::chinese);
    let digest = text::hex(&document.sha256);
    (format!("{} {name}", document.code), digest.get(..16).unwrap_or_default().to_owned())
}

fn questions(view: &intake::CaseView, names: &Names) -> Vec<Question> {
    let open = view.legs.iter().filter(|leg| leg.progress() == LegProgress::Question);
    open.map(|leg| Question {
        leg_id: leg.leg_id.clone(),
        institution: names.institution(&leg.institution_id),
        asked: asked(leg),
        codes: leg
            .asked_document_codes
            .iter()
            .filter_map(|code| DocumentCode::from_code(code))
            .map(|code| (code.code(), code.chinese()))
            .collect(),
    })
    .collect()
}

fn selection(
    view: &intake::CaseView,
    header: &intake::CaseHeader,
    names: &Names,
) -> Vec<(&'static str, String)> {
    let Some(selection) = &header.selection else { return Vec::new() };
    let of = |leg_id: &str| {
        view.legs.iter().find(|leg| leg.leg_id == leg_id).map(|leg| {
            let role = InstitutionRole::from_number(leg.role).map_or("机构", InstitutionRole::chinese);
            format!("{}（{role}，{}）", names.institution(&leg.institution_id), text::leg_state(leg.state()))
        })
    };
    let mut all = vec![("选定银行", of(&selection.bank_leg_id).unwrap_or_default())];
    if !selection.cover_leg_id.is_empty() {
        let bound = match (selection.cover_lost, selection.cover_bound) {
            (true, _) => "未落实，须处理",
            (false, true) => "已确认",
            (false, false) => "等待确认",
        };
        all.push(("增信", bound.to_owned()));
    }
    if let Some(evaluator) = of(&selection.evaluator_leg_id) {
        all.push(("选定评估机构", evaluator));
    }
    all.push(("选定时间", text::at(selection.selected_at.as_ref())));
    match &selection.approval {
        Some(approval) => {
            let terms = format!(
                "{} 万元，{} 个月，年利率 {}",
                text::wan(approval.amount_fen),
                approval.term_months,
                text::rate(approval.annual_rate_bp)
            );
            all.push(("授信批复", terms));
        }
        None => all.push(("批复期限", text::at(selection.approve_by.as_ref()))),
    }
    all
}
