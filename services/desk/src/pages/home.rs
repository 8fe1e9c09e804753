//! The first page (工作台): what is to be done, and the latest cases. Who handles no cases is sent to his own page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use proto::intake::v1::{self as intake, CaseState};

use super::board::state_class;
use super::cases::{Row, row};
use super::{Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::text;

/// Cases that the counts are taken of.
const LATEST: i32 = 200;
const SHOWN: usize = 12;

/// States in which the window has something to do, or wants to watch.
const WATCHED: [(CaseState, &str); 6] = [
    (CaseState::Submitted, "等待受理或补正"),
    (CaseState::Supplement, "等待企业补正"),
    (CaseState::Collecting, "机构答复中"),
    (CaseState::OffersReady, "等待企业选定"),
    (CaseState::Selected, "等待机构确认"),
    (CaseState::NoOffer, "可再次派发或终止"),
];

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    error: String,
    tiles: Vec<Tile>,
    /// What only a person can put right.
    tasks: Vec<Row>,
    rows: Vec<Row>,
    more: bool,
}

struct Tile {
    value: i32,
    name: &'static str,
    hint: &'static str,
    class: &'static str,
    count: usize,
}

/// `GET /`
pub(crate) async fn page(State(desk): State<Arc<Desk>>, person: Person) -> Result<Response, Trouble> {
    let duties = &person.account.duties;
    if !Pages::Cases.open_to(duties) {
        let own = if Pages::Operations.open_to(duties) { "/operations" } else { "/figures" };
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, own)]).into_response());
    }
    let list = |states: Vec<i32>| {
        let request = intake::ListCasesRequest { states, page_size: LATEST, ..Default::default() };
        let mut client = desk.peers.intake(&person.actor());
        async move { client.list_cases(request).await }
    };
    let (answer, error) = match list(Vec::new()).await {
        Ok(answer) => (answer.into_inner(), String::new()),
        Err(status) => (intake::ListCasesResponse::default(), Refusal::of(&status).text),
    };
    // Tasks are of approved cases, which may be older than the latest ones of all states.
    let approved = list(vec![CaseState::Approved.into()]).await;
    let approved = approved.map(|answer| answer.into_inner().cases).unwrap_or_default();
    let count = |state: CaseState| answer.cases.iter().filter(|case| case.state() == state).count();
    let tile = |(state, hint): (CaseState, &'static str)| Tile {
        value: state.into(),
        name: text::case_state(state),
        hint,
        class: state_class(state),
        count: count(state),
    };
    let page = HomePage {
        shell: Shell::of(&person, "工作台", "home"),
        error,
        tiles: WATCHED.into_iter().map(tile).collect(),
        tasks: approved.iter().map(row).filter(|row| !row.task.is_empty()).collect(),
        rows: answer.cases.iter().take(SHOWN).map(row).collect(),
        more: !answer.next_page_token.is_empty(),
    };
    Ok(html(&page))
}
