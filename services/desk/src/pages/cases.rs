//! The list of cases: by state, by pages, or one by its number.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use proto::intake::v1::{self as intake, CaseState};
use serde::Deserialize;

use super::board::state_class;
use super::{Refusal, Shell, Trouble, html, tasks};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::text;

const PAGE: i32 = 30;

/// States by which people look for cases.
pub(crate) const FILTERS: [CaseState; 12] = [
    CaseState::Submitted,
    CaseState::Supplement,
    CaseState::Accepted,
    CaseState::Collecting,
    CaseState::OffersReady,
    CaseState::Selected,
    CaseState::Approved,
    CaseState::NoOffer,
    CaseState::Expired,
    CaseState::Withdrawn,
    CaseState::Rejected,
    CaseState::Draft,
];

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    shell: Shell,
    filters: Vec<Filter>,
    state: i32,
    number: String,
    error: String,
    rows: Vec<Row>,
    next: String,
    first: bool,
}

struct Filter {
    value: i32,
    name: &'static str,
    chosen: bool,
}

/// A case in a list.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) submitted: String,
    pub(crate) progress: String,
    pub(crate) window: String,
    /// What a person has to do about it; empty: nothing.
    pub(crate) task: &'static str,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    page: String,
}

/// `GET /cases`
pub(crate) async fn page(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Cases)?;
    let number = wanted.number.trim().to_uppercase();
    let mut client = desk.peers.intake(&person.actor());
    let mut error = String::new();
    let mut status = StatusCode::OK;
    if !number.is_empty() {
        let key = intake::get_case_request::Key::CaseNo(number.clone());
        match client.get_case(intake::GetCaseRequest { key: Some(key) }).await {
            Ok(found) => {
                let id = found.into_inner().header.unwrap_or_default().case_id;
                return Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/cases/{id}"))]).into_response());
            }
            Err(refused) => {
                let refusal = Refusal::of(&refused);
                status = refusal.http();
                error = match refused.code() {
                    tonic::Code::NotFound => "没有这个编号的案件，请核对后重新查找。".to_owned(),
                    _ => refusal.fields.first().map_or(refusal.text.clone(), |(_, text)| text.clone()),
                };
            }
        }
    }
    let state = wanted.state.parse::<i32>().ok().and_then(|number| CaseState::try_from(number).ok());
    let state = state.filter(|state| FILTERS.contains(state));
    let request = intake::ListCasesRequest {
        states: state.map(i32::from).into_iter().collect(),
        page_size: PAGE,
        page_token: wanted.page.clone(),
    };
    let (rows, next) = match client.list_cases(request).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            (answer.cases.iter().map(row).collect(), answer.next_page_token)
        }
        Err(refused) => {
            let refusal = Refusal::of(&refused);
            (status, error) = (refusal.http(), refusal.text);
            (Vec::new(), String::new())
        }
    };
    let filters = FILTERS.into_iter().map(|filter| Filter {
        value: filter.into(),
        name: text::case_state(filter),
        chosen: state == Some(filter),
    });
    let page = CasesPage {
        shell: Shell::of(&person, "案件", "cases"),
        filters: filters.collect(),
        state: state.map_or(0, i32::from),
        number,
        error,
        rows,
        next,
        first: wanted.page.is_empty(),
    };
    Ok((status, html(&page)).into_response())
}

pub(crate) fn row(header: &intake::CaseHeader) -> Row {
    let progress = match header.legs_total {
        0 => "—".to_owned(),
        total => format!("{} / {total}", header.legs_answered),
    };
    Row {
        id: header.case_id.clone(),
        number: header.case_no.clone(),
        state: text::case_state(header.state()),
        class: state_class(header.state()),
        channel: channel(header.channel()),
        submitted: text::short(header.submitted_at.as_ref()),
        progress,
        window: text::short(header.window_closes_at.as_ref()),
        task: tasks::of(header).map_or("", |task| task.name),
    }
}

pub(crate) const fn channel(channel: intake::Channel) -> &'static str {
    match channel {
        intake::Channel::Unspecified => "—",
        intake::Channel::Desk => "窗口",
        intake::Channel::Xyd => "信易贷",
        intake::Channel::Api => "接口",
    }
}
