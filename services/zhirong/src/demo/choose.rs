//! From the offers to the bank's approval: the enterprise chooses, the chosen confirm, the others are released.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use proto::common::v1::{InstitutionRole, LegState};
use proto::insurance::v1::CoverLeg;
use proto::intake::v1::{CaseState, LegView, ListOffersResponse, OfferView};

use super::board::Board;
use super::cast;
use super::conclude::names;
use super::play::{Course, PATIENCE, Players};
use super::results::Names;
use super::screen::Screen;
use super::text::{percent, wan, yuan};
use super::watch::Look;
use crate::simulate::{Act, Choice, Clerk, Crowd, Fate, Seed};

/// How long fates may take to come in after the approval.
const AFTERMATH: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// How it ended.
pub(super) struct Settled {
    pub(super) choice: Choice,
    pub(super) look: Look,
    /// Read again after the approval, with the evaluator's report.
    pub(super) offers: ListOffersResponse,
}

/// Chooses, and waits until the bank has approved, the cover is bound and the report is there.
pub(super) async fn run(
    clerk: &mut Clerk,
    crowd: &Crowd,
    players: &Players,
    course: &mut Course,
    seed: Seed,
    screen: &mut Screen,
) -> Result<Settled> {
    let case_id = course.look.case.header.as_ref().map(|header| header.case_id.clone()).unwrap_or_default();
    let names = names(players);
    let choice = choice(&course.offers).context("no offer can be chosen")?;
    screen.say_all(told(&course.offers, &choice, &names).iter().map(|line| format!("   {line}")));
    clerk
        .select(seed.request_id("demo", "choice"), &case_id, &choice)
        .await
        .context("the choice was not taken")?;
    let mut seats = cast::first_wave(&players.loaded, &players.houses);
    seats.extend(cast::second_wave(&players.houses));
    let mut board = Board::new(seats, cast::WINDOW);
    board.update(&course.look.case);
    if let Some(round) = &course.look.cover {
        board.update_cover(round);
    }
    for late in &course.offers.late_offers {
        board.mark_late(&late.institution_id);
    }
    let over = |look: &Look| is_settled(look, &choice);
    let look = course.watcher.until(&mut board, screen, PATIENCE, over).await?;
    super::play::leave(&board, screen);
    let offers = clerk.offers(&case_id).await.context("the offers cannot be read")?;
    let until = Instant::now() + AFTERMATH;
    while crowd.ledger().acts().iter().any(|acted| acted.fate.is_none()) && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
    }
    screen.say_all(outcome(&look, &offers, &choice, &names).iter().map(|line| format!("   {line}")));
    Ok(Settled { choice, look, offers })
}

/// The cheapest way to take an offer that calls for cover, so that insurers or guarantors have their part; where there is
/// none, the cheapest offer. With the cheapest evaluator.
fn choice(offers: &ListOffersResponse) -> Option<Choice> {
    let open = || offers.offers.iter().filter(|offer| !offer.cover_missing);
    let way = |offer: &OfferView| offer.ways.first().map(|way| way.cover_leg_id.clone()).unwrap_or_default();
    let offer = open().find(|offer| !way(offer).is_empty()).or_else(|| open().next())?;
    Some(Choice {
        bank_leg_id: offer.leg_id.clone(),
        cover_leg_id: way(offer),
        evaluator_leg_id: offers.valuations.first().map(|quote| quote.leg_id.clone()).unwrap_or_default(),
    })
}

fn told(offers: &ListOffersResponse, choice: &Choice, names: &Names) -> Vec<String> {
    let name = |id: &str| names.get(id).map_or("?", String::as_str).to_owned();
    let mut lines = vec![
        "企业选定综合成本最低的附增信报价，并委托评估 (the cheapest offer with cover, and an evaluator)："
            .to_owned(),
    ];
    if let Some(offer) = offers.offers.iter().find(|offer| offer.leg_id == choice.bank_leg_id) {
        let terms = offer.offer.unwrap_or_default();
        lines.push(format!(
            "  银行  {}：{} 万元、{} 个月、{}%",
            name(&offer.institution_id),
            wan(terms.amount_fen),
            terms.term_months,
            percent(terms.annual_rate_bp)
        ));
    }
    if let Some(cover) = offers.covers.iter().find(|cover| cover.leg_id == choice.cover_leg_id) {
        lines.push(format!("  增信  {}", name(&cover.institution_id)));
    }
    if let Some(quote) = offers.valuations.iter().find(|quote| quote.leg_id == choice.evaluator_leg_id) {
        lines.push(format!("  评估  {}", name(&quote.institution_id)));
    }
    lines
}

fn is_settled(look: &Look, choice: &Choice) -> bool {
    let state = |leg_id: &str| look.case.legs.iter().find(|leg| leg.leg_id == leg_id).map(LegView::state);
    let cover = look.cover.iter().flat_map(|round| &round.legs).find(|leg| leg.leg_id == choice.cover_leg_id);
    let reported =
        choice.evaluator_leg_id.is_empty() || state(&choice.evaluator_leg_id) == Some(LegState::Fulfilled);
    let bound = choice.cover_leg_id.is_empty()
        || cover.is_some_and(|leg| leg.state() == LegState::Confirmed)
            && look
                .case
                .header
                .as_ref()
                .and_then(|header| header.selection.as_ref())
                .is_some_and(|s| s.cover_bound);
    // The others hear of it by way of a message.
    let released = look
        .cover
        .iter()
        .flat_map(|round| &round.legs)
        .filter(|leg| leg.leg_id != choice.cover_leg_id)
        .all(|leg| leg.state() != LegState::Offered);
    look.state() == CaseState::Approved && reported && bound && released
}

fn outcome(look: &Look, offers: &ListOffersResponse, choice: &Choice, names: &Names) -> Vec<String> {
    let name = |id: &str| names.get(id).map_or("?", String::as_str).to_owned();
    let mut lines = Vec::new();
    let selection = look.case.header.as_ref().and_then(|header| header.selection.clone()).unwrap_or_default();
    if let Some(approval) = &selection.approval {
        lines.push(format!(
            "银行批复 {}：{} 万元、{} 个月、{}%",
            approval.approval_no,
            wan(approval.amount_fen),
            approval.term_months,
            percent(approval.annual_rate_bp)
        ));
    }
    if selection.cover_bound {
        lines.push("增信已确认".to_owned());
    }
    let quote = offers.valuations.iter().find(|quote| quote.leg_id == choice.evaluator_leg_id);
    if let Some((quote, report)) = quote.and_then(|quote| Some((quote, quote.report.as_ref()?))) {
        lines.push(format!(
            "评估报告 {}（{}）：{} 件合计 {} 元",
            report.report_no,
            name(&quote.institution_id),
            report.values.len(),
            yuan(report.total_fen)
        ));
    }
    let released = ends(look).values().filter(|state| **state == LegState::Released).count();
    lines.push(format!("落选的 {released} 家此时才得知，理由只有“已释放” (the others hear only now)"));
    lines
}

/// How each leg of the case ended, those of insurance too.
fn ends(look: &Look) -> BTreeMap<String, LegState> {
    let own = look.case.legs.iter().map(|leg| (leg.leg_id.clone(), leg.state()));
    let cover = look.cover.iter().flat_map(|round| &round.legs);
    own.chain(cover.map(|leg: &CoverLeg| (leg.leg_id.clone(), leg.state()))).collect()
}

/// What must hold after the approval, by the institutions' own books.
pub(super) fn check(players: &Players, course: &Course, settled: &Settled, crowd: &Crowd) -> Vec<String> {
    let mut problems = Vec::new();
    let chosen = [
        (&settled.choice.bank_leg_id, LegState::Confirmed),
        (&settled.choice.cover_leg_id, LegState::Confirmed),
        (&settled.choice.evaluator_leg_id, LegState::Fulfilled),
    ];
    let ends = ends(&settled.look);
    for (leg, expected) in chosen.iter().filter(|(leg, _)| !leg.is_empty()) {
        if ends.get(*leg) != Some(expected) {
            problems.push(format!("选定的任务 {leg} 应为 {}", expected.as_str_name()));
        }
    }
    for (leg, state) in &ends {
        let is_chosen = chosen.iter().any(|(chosen, _)| *chosen == leg);
        let ended = matches!(state, LegState::Released | LegState::Declined | LegState::TimedOut);
        if !is_chosen && !ended {
            problems.push(format!("未选定的任务 {leg} 应已结束，实为 {}", state.as_str_name()));
        }
    }
    let acts = crowd.ledger().acts();
    let approvals: Vec<_> = acts.iter().filter(|acted| matches!(acted.act, Act::Approved(_))).collect();
    match approvals.as_slice() {
        [one]
            if one.fate == Some(Fate::Accepted) && one.assignment.ends_with(&settled.choice.bank_leg_id) => {}
        others => problems.push(format!("应恰有选定银行的一份批复，实有 {} 份", others.len())),
    }
    let stated = acts.iter().find_map(|acted| match &acted.act {
        Act::Reported(report) => Some(report.total_fen),
        _ => None,
    });
    let quote =
        settled.offers.valuations.iter().find(|quote| quote.leg_id == settled.choice.evaluator_leg_id);
    if stated.is_none()
        || quote.and_then(|quote| quote.report.as_ref()).map(|report| report.total_fen) != stated
    {
        problems.push("评估报告与评估机构留底不符".to_owned());
    }
    if settled.choice.cover_leg_id.is_empty() {
        problems.push("没有需要增信的报价可选".to_owned());
    }
    let evaluators = players.houses.iter().filter(|house| cast::is_evaluator(house)).count();
    let asked = course.look.case.legs.iter().filter(|leg| leg.role() == InstitutionRole::Evaluator).count();
    if asked != evaluators {
        problems.push(format!("应征询 {evaluators} 家评估机构，实为 {asked} 家"));
    }
    problems
}
