//! What the demo shows at its end, and whether everything was as it must be.

use std::time::Duration;

use anyhow::{Context as _, Result};
use proto::common::v1::InstitutionRole;
use proto::intake::v1::{CaseState, CaseView, LegView};
use telemetry::receiver::SpanRecord;

use super::books::{self, Books};
use super::cast;
use super::choose::Settled;
use super::journey::{self, Leg};
use super::play::{Course, Players};
use super::results::{self, Names};
use super::screen::Screen;
use super::stage::Stage;
use crate::simulate::{Clerk, Crowd};

/// How long spans may take to come in.
const TRACE: Duration = Duration::from_secs(20);

/// Shows the offers and finds out whether everything was as it must be.
pub(super) fn conclude(
    players: &Players,
    course: &Course,
    crowd: &Crowd,
    screen: &mut Screen,
) -> Vec<String> {
    let names = names(players);
    let (books, mut problems) = books::read(&course.records);
    screen.head(4, "报价比较", "offers side by side");
    screen
        .say("   按综合成本由低到高：利息、费用、增信费、评估费都计入 (cheapest first, everything counted)");
    let mut lines = results::offers(&course.offers.offers, &names);
    lines.push(String::new());
    lines.extend(results::covers(&course.offers.covers, &names));
    lines.push(String::new());
    lines.extend(results::valuations(&course.offers.valuations, &names));
    lines.push(String::new());
    lines.extend(results::others(&course.look.case.legs, &course.offers.late_offers, &names));
    for (institution, codes) in &course.watcher.seen.answered {
        let bank = names.get(institution).map_or("?", String::as_str);
        lines.push(format!("补充  {bank}：要求 {}，窗口已补交，随后报价", codes.join("、")));
    }
    for view in
        course.offers.offers.iter().filter(|view| view.offer.as_ref().is_some_and(|one| one.offer_seq > 1))
    {
        let bank = names.get(&view.institution_id).map_or("?", String::as_str);
        lines.push(format!("更新  {bank}：报价不止一次，以最后一次为准"));
    }
    let without = &players.loaded.without_department.name;
    lines.push(format!("不派发  {without}：未设专门部门，不能接收案件"));
    for house in players.houses.iter().filter(|house| cast::is_unsound(house)) {
        lines.push(format!("不征询  {}：偿付能力不达标", house.name));
    }
    screen.say_all(lines.iter().map(|line| format!("   {line}")));
    problems.extend(check(players, course, crowd, &books));
    problems.extend(crowd.ledger().faults());
    problems
}

/// Waits until the trace is whole and draws it; what is missing is returned.
pub(super) async fn draw_trace(
    stage: &Stage,
    course: &Course,
    settled: &Settled,
    names: &Names,
    brief: bool,
    screen: &mut Screen,
) -> Vec<String> {
    let (books, _) = books::read(&course.records);
    let legs = legs(&course.look.case, &books, names);
    let cover_legs = settled.look.cover.as_ref().map_or(0, |round| round.legs.len());
    let trace_id = course.look.case.header.as_ref().map(|header| header.trace_id.clone()).unwrap_or_default();
    screen.head(6, "全程调用链", "the trace, from the submission to the approval");
    let gaps = |spans: &[SpanRecord]| {
        let mut gaps = journey::gaps(spans, &trace_id, &legs);
        gaps.extend(journey::later_gaps(spans, &trace_id, cover_legs));
        gaps
    };
    let whole = |spans: &[SpanRecord]| gaps(spans).is_empty();
    let spans = stage.traces.wait_for(whole, TRACE).await.unwrap_or_else(|partial| partial);
    screen.say(&format!("   {}", journey::summary(&spans, &trace_id)));
    if brief {
        screen.say(
            "   一家银行全部展开，其余各一行；加 --whole-trace 全部展开 (--whole-trace shows all of them)",
        );
    }
    screen.say_all(journey::picture(&spans, &trace_id, &legs, brief));
    gaps(&spans).into_iter().map(|gap| format!("调用链不完整：{gap}")).collect()
}

pub(super) async fn tell_time(clerk: &mut Clerk, course: &Course, screen: &mut Screen) -> Result<()> {
    screen.head(7, "用时", "timing, from the submission");
    let case_id = course.look.case.header.as_ref().map(|header| header.case_id.clone()).unwrap_or_default();
    let timeline = clerk.timeline(&case_id).await.context("the timeline cannot be read")?;
    let timing = results::timing(&course.look.case, &timeline, course.answered);
    screen.say_all(timing.iter().map(|line| format!("   {line}")));
    Ok(())
}

pub(super) fn names(players: &Players) -> Names {
    let banks = players.loaded.banks.iter().chain([&players.loaded.without_department]);
    let banks = banks.map(|bank| (bank.id.to_string(), bank.name.clone()));
    banks.chain(players.houses.iter().map(|house| (house.id.to_string(), house.name.clone()))).collect()
}

/// The case's side of the bargain.
fn check(players: &Players, course: &Course, crowd: &Crowd, books: &Books) -> Vec<String> {
    let loaded = &players.loaded;
    let mut problems = Vec::new();
    let state = course.look.case.header.as_ref().map_or(CaseState::Unspecified, |header| header.state());
    if state != CaseState::OffersReady {
        problems.push(format!("案件状态应为 OFFERS_READY，实为 {}", state.as_str_name()));
    }
    if course.watcher.seen.sealed != Some(true) {
        problems.push("窗口开放时报价没有密封".to_owned());
    }
    if course.watcher.seen.cover_sealed != Some(true) {
        problems.push("增信窗口开放时报价没有密封，或没有第二轮".to_owned());
    }
    if course.watcher.seen.answered.is_empty() {
        problems.push("没有银行要求补充材料".to_owned());
    }
    for bank in &loaded.banks {
        let asked =
            course.look.case.legs.iter().filter(|leg| leg.institution_id == bank.id.to_string()).count();
        if asked != 1 {
            problems.push(format!("{} 应收到 1 项任务，实为 {asked} 项", bank.name));
        }
    }
    let cover = course.look.cover.as_ref().map(|round| round.legs.as_slice()).unwrap_or_default();
    for house in &players.houses {
        let id = house.id.to_string();
        let asked = course.look.case.legs.iter().filter(|leg| leg.institution_id == id).count()
            + cover.iter().filter(|leg| leg.institution_id == id).count();
        let expected = usize::from(!cast::is_unsound(house));
        if asked != expected {
            problems.push(format!("{} 应收到 {expected} 项任务，实为 {asked} 项", house.name));
        }
    }
    let excluded = loaded.without_department.id.to_string();
    if course.look.case.legs.iter().any(|leg| leg.institution_id == excluded) {
        problems.push(format!("{} 未设专门部门，却收到了任务", loaded.without_department.name));
    }
    if books.standing.is_empty() || books.late.is_empty() || books.superseded == 0 {
        problems.push("银行没有按脚本作答：按时、逾期、更新的报价都应有".to_owned());
    }
    problems.extend(books::differences("报价", &books.standing, &course.offers.offers));
    problems.extend(books::differences("逾期报价", &books.late, &course.offers.late_offers));
    let banks: Vec<LegView> =
        course.look.case.legs.iter().filter(|leg| leg.role() == InstitutionRole::Bank).cloned().collect();
    problems.extend(books::ends(books, &banks));
    problems.extend(books::quotes(&crowd.ledger().acts(), &course.offers));
    problems
}

fn legs(case: &CaseView, books: &Books, names: &Names) -> Vec<Leg> {
    let leg = |leg: &LegView| Leg {
        id: leg.leg_id.clone(),
        bank: names.get(&leg.institution_id).cloned().unwrap_or_default(),
        replies: books.replies.get(&leg.leg_id).copied().unwrap_or_default(),
    };
    case.legs.iter().map(leg).collect()
}
