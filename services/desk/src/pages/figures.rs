//! Figures (统计): cases, legs, times, as of a day and as known at a time; charts are drawn on the server.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use kernel::InstitutionRole;
use proto::common::v1::LegState;
use proto::intake::v1::CaseState;
use proto::statistics::v1 as statistics;
use serde::Deserialize;

use super::board::state_class;
use super::charts::{Bar, Series, bars, lines, stack};
use super::{Refusal, Shell, Trouble, html};
use crate::access::Person;
use crate::app::Desk;
use crate::domain::Pages;
use crate::text;

/// Days that the lines show.
const SPAN: u64 = 29;

#[derive(Template)]
#[template(path = "figures.html")]
struct FiguresPage {
    shell: Shell,
    day: String,
    park: String,
    parks: Vec<(&'static str, &'static str)>,
    known_at: String,
    pinned: String,
    error: String,
    tiles: Vec<(&'static str, String, String)>,
    cases: String,
    legs: Vec<LegChart>,
    times: Vec<TimeRow>,
    days: String,
    facts: String,
}

struct LegChart {
    role: &'static str,
    total: i64,
    chart: String,
    parts: Vec<(&'static str, &'static str, i64)>,
}

struct TimeRow {
    name: String,
    count: String,
    median: String,
    p90: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    day: String,
    #[serde(default)]
    park: String,
    #[serde(default)]
    known_at: String,
}

/// `GET /figures`
pub(crate) async fn page(
    State(desk): State<Arc<Desk>>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    person.may_see(Pages::Figures)?;
    let today = text::today(desk.now());
    let day = NaiveDate::parse_from_str(&wanted.day, "%Y-%m-%d").unwrap_or(today);
    let park = kernel::regions::DEFAULT_PARKS.iter().find(|(code, _)| *code == wanted.park);
    let park = park.map_or("", |(code, _)| *code).to_owned();
    let known = DateTime::parse_from_rfc3339(&wanted.known_at).ok().map(|at| at.with_timezone(&Utc));
    let mut client = desk.peers.statistics(&person.actor());
    let request = statistics::GetOverviewRequest {
        day: day.to_string(),
        known_at: known.map(timestamp),
        park: park.clone(),
    };
    let overview = client.get_overview(request).await;
    let mut page = FiguresPage {
        shell: Shell::of(&person, "统计", "figures"),
        day: day.to_string(),
        park: park.clone(),
        parks: kernel::regions::DEFAULT_PARKS.to_vec(),
        known_at: String::new(),
        pinned: String::new(),
        error: String::new(),
        tiles: Vec::new(),
        cases: String::new(),
        legs: Vec::new(),
        times: Vec::new(),
        days: String::new(),
        facts: String::new(),
    };
    let overview = match overview {
        Ok(overview) => overview.into_inner(),
        Err(status) => {
            let refusal = Refusal::of(&status);
            page.error = refusal.fields.first().map_or(refusal.text.clone(), |(_, text)| text.clone());
            return Ok((refusal.http(), html(&page)).into_response());
        }
    };
    let known_at = overview.known_at;
    let request = statistics::ListDaysRequest {
        first_day: (day.checked_sub_days(Days::new(SPAN)).unwrap_or(day)).to_string(),
        last_day: day.to_string(),
        known_at,
        park,
    };
    let days = client.list_days(request).await.map(|answer| answer.into_inner().days).unwrap_or_default();
    fill(&mut page, &overview, &days);
    Ok((StatusCode::OK, html(&page)).into_response())
}

fn fill(page: &mut FiguresPage, overview: &statistics::Overview, days: &[statistics::Day]) {
    page.known_at = text::at(overview.known_at.as_ref());
    page.pinned = overview
        .known_at
        .as_ref()
        .and_then(text::instant)
        .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
        .unwrap_or_default();
    page.facts = text::count(overview.facts);
    let total: i64 = overview.cases.iter().map(|count| count.cases).sum();
    let of = |state: CaseState| {
        overview.cases.iter().filter(|count| count.state() == state).map(|count| count.cases).sum::<i64>()
    };
    let time = |time: &Option<statistics::ResponseTime>| time.unwrap_or_default();
    let (offers, approval) = (time(&overview.time_to_offers), time(&overview.time_to_approval));
    let median = |time: &statistics::ResponseTime| match time.count {
        0 => ("—".to_owned(), "尚无".to_owned()),
        count => (
            text::span(time.median_ms),
            format!("P90 {}，{} 件", text::span(time.p90_ms), text::count(count)),
        ),
    };
    let (to_offers, offers_more) = median(&offers);
    let (to_approval, approval_more) = median(&approval);
    page.tiles = vec![
        ("案件", text::count(total), format!("申请 {} 万元", text::wan(overview.amount_submitted_fen))),
        (
            "已批复",
            text::count(of(CaseState::Approved)),
            format!("批复 {} 万元", text::wan(overview.amount_approved_fen)),
        ),
        ("提交到报价齐备（中位）", to_offers, offers_more),
        ("提交到批复（中位）", to_approval, approval_more),
    ];
    let bar = |count: &statistics::CaseCount| Bar {
        name: text::case_state(count.state()).to_owned(),
        class: state_class(count.state()),
        value: count.cases,
    };
    page.cases = bars(&overview.cases.iter().map(bar).collect::<Vec<_>>(), "各状态案件数");
    page.legs = InstitutionRole::ALL.iter().filter_map(|role| legs(overview, *role)).collect();
    page.times = overview.response_times.iter().map(row).collect();
    let series = |class: &'static str, of: fn(&statistics::Day) -> i64| Series {
        class,
        values: days.iter().map(of).collect(),
    };
    let named: Vec<String> = days.iter().map(|day| day.day.clone()).collect();
    page.days = lines(
        &named,
        &[
            series("submitted", |day| day.submitted),
            series("offers", |day| day.offers_ready),
            series("approved", |day| day.approved),
        ],
        "近三十日提交、报价齐备与批复的案件数",
    );
}

fn row(time: &statistics::ResponseTime) -> TimeRow {
    TimeRow {
        name: InstitutionRole::from_number(time.role).map_or("机构", InstitutionRole::chinese).to_owned(),
        count: text::count(time.count),
        median: text::span(time.median_ms),
        p90: text::span(time.p90_ms),
    }
}

/// A colour for each outcome that a chart sets beside the others.
const fn outcome_class(state: LegState) -> &'static str {
    match state {
        LegState::Unspecified | LegState::Created | LegState::Received | LegState::Reviewing => "plain",
        LegState::InfoRequested | LegState::Selected => "busy",
        LegState::Offered => "done",
        LegState::Confirmed | LegState::Fulfilled => "good",
        LegState::Declined => "care",
        LegState::TimedOut | LegState::Breached => "bad",
        LegState::WithdrawnByInst => "taken",
        LegState::Released | LegState::Expired => "idle",
    }
}

fn legs(overview: &statistics::Overview, role: InstitutionRole) -> Option<LegChart> {
    let counts: Vec<&statistics::LegCount> =
        overview.legs.iter().filter(|count| count.role == role.number()).collect();
    let total = counts.iter().map(|count| count.legs).sum();
    if total == 0 {
        return None;
    }
    let name = |state: LegState| match state {
        LegState::Unspecified => "未结束",
        other => text::leg_state(other),
    };
    let part = |count: &&statistics::LegCount| Bar {
        name: name(count.outcome()).to_owned(),
        class: outcome_class(count.outcome()),
        value: count.legs,
    };
    let chart = stack(&counts.iter().map(part).collect::<Vec<_>>(), role.chinese());
    let parts =
        counts.iter().map(|count| (name(count.outcome()), outcome_class(count.outcome()), count.legs));
    Some(LegChart { role: role.chinese(), total, chart, parts: parts.collect() })
}

fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}
