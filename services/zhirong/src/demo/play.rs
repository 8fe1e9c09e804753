//! The demo from its first line to its verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use proto::intake::v1::{Application, CaseState, CaseView, Channel, LegView, ListOffersResponse};
use telemetry::receiver::SpanRecord;

use super::board::Board;
use super::books::{self, Books};
use super::cast::{self, BANKS, WINDOW};
use super::journey::{self, Leg};
use super::results::{self, Names};
use super::screen::Screen;
use super::stage::Stage;
use super::text::{span, wan};
use super::watch::{Seen, watch};
use crate::run_dir::RunDir;
use crate::simulate::data::{self, Loaded, Wanted};
use crate::simulate::{Clerk, Crowd, Deed, Link, Record, Report, Seed};

const ENTERPRISES: usize = 3;
/// 5,000,000 yuan over a year: every product of the twelve covers it.
const AMOUNT_FEN: i64 = 500_000_000;
const TERM_MONTHS: i32 = 12;
/// How long the banks may take to connect, and what is under way when the window has closed to come in.
const CONNECT: Duration = Duration::from_secs(30);
const AFTERMATH: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);
/// Beyond the window: planning waits for other roles, if it must.
const PATIENCE: Duration = Duration::from_secs(60);

/// A demo that has been played; the system still runs.
pub(super) struct Played {
    pub(super) stage: Stage,
    pub(super) link: Link,
    pub(super) crowd: Crowd,
    /// Why it has failed; empty when it has not.
    pub(super) problems: Vec<String>,
}

/// One case and what is known of it from both sides.
struct Course {
    case: CaseView,
    seen: Seen,
    offers: ListOffersResponse,
    records: Vec<Record>,
    answered: Duration,
}

/// Plays everything. `brief`: the trace of one bank is drawn whole, the others as a line each.
pub(super) async fn play(run_dir: RunDir, seed: Seed, brief: bool, screen: &mut Screen) -> Result<Played> {
    introduce(screen);
    screen.head(1, "启动系统", "starting the system");
    let stage = Stage::set(run_dir.clone()).await?;
    let link = Link::of(&run_dir)?;

    screen.head(2, "登记数据，接入机构", "loading data, connecting the banks");
    let begun = Instant::now();
    let loaded = data::load(&link, seed, Wanted { banks: BANKS, enterprises: ENTERPRISES }).await?;
    screen.say(&format!(
        "   银行 {} 家、产品 {} 个、企业 {} 家，经公开接口登记，用时 {}",
        loaded.banks.len() + 1,
        loaded.banks.len() + 1,
        loaded.enterprises.len(),
        span(begun.elapsed())
    ));
    let crowd = connect(&link, &loaded, seed, screen).await?;

    screen.head(3, "提交申请，同时派发", "one application, fanned out");
    let mut clerk = Clerk::new(&link)?;
    let course = run_case(&mut clerk, &crowd, &loaded, seed, screen).await?;
    let mut problems = conclude(&loaded, &course, &crowd, screen);
    problems.extend(draw_trace(&stage, &course, &loaded, brief, screen).await);
    tell_time(&mut clerk, &course, screen).await?;
    problems.extend(stage.incidents());
    Ok(Played { stage, link, crowd, problems })
}

fn introduce(screen: &mut Screen) {
    screen.say_all([
        "知融演示：一份申请，十二家银行同时作答",
        "Zhirong demo: one application goes to twelve banks at once; their sealed offers come back side by side.",
        "",
        "您将看到 (what you will see):",
        "  · 本机启动一套完整系统：PostgreSQL、RabbitMQ 和全部服务，各为独立进程 (a whole real system starts)",
        "  · 十二家模拟银行凭各自的证书和令牌接入机构网关 (simulated banks connect by mTLS, each with its token)",
        "  · 窗口提交一份申请并派发；截止前只见“已送达/已回复”，内容密封 (the fan-out, live; answers stay sealed)",
        "  · 报价并排比较，与银行留底逐项核对，并画出全程调用链 (offers, checked field by field, and the trace)",
        "银行、企业均为虚构 (all banks and firms are fictitious).",
    ]);
}

async fn connect(link: &Link, loaded: &Loaded, seed: Seed, screen: &mut Screen) -> Result<Crowd> {
    let begun = Instant::now();
    let connected = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connected);
    let report = Report::new(move |_, _, deed| {
        if *deed == Deed::Connected {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let crowd = Crowd::start(link, &loaded.banks, seed, cast::behaviour, &report).await?;
    let all = async {
        while connected.load(Ordering::Relaxed) < loaded.banks.len() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(CONNECT, all).await.is_err() {
        bail!(
            "{CONNECT:?} 内只有 {} 家银行接入 (not all banks connected)",
            connected.load(Ordering::Relaxed)
        );
    }
    screen.say(&format!(
        "   {} 家银行已双向 TLS 接入 {}，用时 {}",
        BANKS,
        link.partner_face()?,
        span(begun.elapsed())
    ));
    Ok(crowd)
}

async fn run_case(
    clerk: &mut Clerk,
    crowd: &Crowd,
    loaded: &Loaded,
    seed: Seed,
    screen: &mut Screen,
) -> Result<Course> {
    let firm = loaded.enterprises.first().context("no enterprise")?;
    let drawn = data::application(firm, &mut seed.random("demo application", ""));
    let application = Application { amount_fen: AMOUNT_FEN, term_months: TERM_MONTHS, ..drawn };
    screen.say(&format!(
        "   申请企业：{}    申请额度：{} 万元    期限：{} 个月    质押：专利 {} 件    材料：{} 份",
        firm.name,
        wan(application.amount_fen),
        application.term_months,
        application.asset_ids.len(),
        application.documents.len()
    ));
    let begun = Instant::now();
    let case = clerk.submit(seed.request_id("demo", "case"), Channel::Desk, application).await?;
    let answered = begun.elapsed();
    screen.say(&format!(
        "   案件编号：{}    回执用时 {}    征集窗口 {} 秒",
        case.case_no,
        span(answered),
        WINDOW.as_secs()
    ));
    let mut board = Board::new(&loaded.banks, &loaded.without_department, WINDOW);
    let (case, seen) = watch(clerk, &case.case_id, &mut board, screen, WINDOW + PATIENCE).await?;
    let (offers, records) = aftermath(clerk, crowd, &case).await?;
    for late in &offers.late_offers {
        board.mark_late(&late.institution_id);
    }
    let last = board.draw(Utc::now(), screen.is_live());
    if screen.is_live() {
        screen.board(&last);
        screen.keep_board();
    } else {
        screen.say("   截止后 (after the close):");
        screen.say_all(last);
    }
    Ok(Course { case, seen, offers, records, answered })
}

/// Waits until each bank has heard what became of its answers, and the late ones are listed.
async fn aftermath(
    clerk: &mut Clerk,
    crowd: &Crowd,
    case: &CaseView,
) -> Result<(ListOffersResponse, Vec<Record>)> {
    let case_id = case.header.as_ref().map(|header| header.case_id.clone()).unwrap_or_default();
    let until = Instant::now() + AFTERMATH;
    loop {
        let records = crowd.ledger().records();
        let offers = clerk.offers(&case_id).await.context("the offers cannot be read")?;
        let (books, _) = books::read(&records);
        let whole = books::is_settled(&records)
            && !books.late.is_empty()
            && offers.late_offers.len() >= books.late.len();
        if whole || Instant::now() >= until {
            return Ok((offers, records));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Shows the offers and finds out whether everything was as it must be.
fn conclude(loaded: &Loaded, course: &Course, crowd: &Crowd, screen: &mut Screen) -> Vec<String> {
    let names = names(loaded);
    let (books, mut problems) = books::read(&course.records);
    screen.head(4, "报价比较", "offers side by side");
    screen.say("   按每年成本（利率加摊入的费用）由低到高 (cheapest first: rate and fees together)");
    let mut lines = results::offers(&course.offers.offers, &names);
    lines.push(String::new());
    lines.extend(results::others(&course.case.legs, &course.offers.late_offers, &names));
    for (institution, codes) in &course.seen.answered {
        let bank = names.get(institution).map_or("?", String::as_str);
        lines.push(format!("补充  {bank}：要求 {}，窗口已补交，随后报价", codes.join("、")));
    }
    for view in
        course.offers.offers.iter().filter(|view| view.offer.as_ref().is_some_and(|one| one.offer_seq > 1))
    {
        let bank = names.get(&view.institution_id).map_or("?", String::as_str);
        lines.push(format!("更新  {bank}：报价不止一次，以最后一次为准"));
    }
    lines.push(format!("不派发  {}：未设专门部门，不能接收案件", loaded.without_department.name));
    screen.say_all(lines.iter().map(|line| format!("   {line}")));
    problems.extend(check(loaded, course, &books));
    problems.extend(crowd.ledger().faults());
    problems
}

/// Waits until the trace is whole and draws it; what is missing is returned.
async fn draw_trace(
    stage: &Stage,
    course: &Course,
    loaded: &Loaded,
    brief: bool,
    screen: &mut Screen,
) -> Vec<String> {
    let (books, _) = books::read(&course.records);
    let legs = legs(&course.case, &books, &names(loaded));
    let trace_id = course.case.header.as_ref().map(|header| header.trace_id.clone()).unwrap_or_default();
    screen.head(5, "全程调用链", "the trace, from the submission to the effect of the last reply");
    let whole = |spans: &[SpanRecord]| journey::gaps(spans, &trace_id, &legs).is_empty();
    let spans = stage.traces.wait_for(whole, AFTERMATH).await.unwrap_or_else(|partial| partial);
    screen.say(&format!("   {}", journey::summary(&spans, &trace_id)));
    if brief {
        screen.say(
            "   一家银行全部展开，其余各一行；加 --whole-trace 全部展开 (--whole-trace shows all of them)",
        );
    }
    screen.say_all(journey::picture(&spans, &trace_id, &legs, brief));
    journey::gaps(&spans, &trace_id, &legs).into_iter().map(|gap| format!("调用链不完整：{gap}")).collect()
}

async fn tell_time(clerk: &mut Clerk, course: &Course, screen: &mut Screen) -> Result<()> {
    screen.head(6, "用时", "timing, from the submission");
    let case_id = course.case.header.as_ref().map(|header| header.case_id.clone()).unwrap_or_default();
    let timeline = clerk.timeline(&case_id).await.context("the timeline cannot be read")?;
    let timing = results::timing(&course.case, &timeline, course.answered);
    screen.say_all(timing.iter().map(|line| format!("   {line}")));
    Ok(())
}

fn names(loaded: &Loaded) -> Names {
    let banks = loaded.banks.iter().chain([&loaded.without_department]);
    banks.map(|bank| (bank.id.to_string(), bank.name.clone())).collect()
}

/// The case's side of the bargain.
fn check(loaded: &Loaded, course: &Course, books: &Books) -> Vec<String> {
    let mut problems = Vec::new();
    let state = course.case.header.as_ref().map_or(CaseState::Unspecified, |header| header.state());
    if state != CaseState::OffersReady {
        problems.push(format!("案件状态应为 OFFERS_READY，实为 {}", state.as_str_name()));
    }
    if course.seen.sealed != Some(true) {
        problems.push("窗口开放时报价没有密封".to_owned());
    }
    if course.seen.answered.is_empty() {
        problems.push("没有银行要求补充材料".to_owned());
    }
    for bank in &loaded.banks {
        let asked = course.case.legs.iter().filter(|leg| leg.institution_id == bank.id.to_string()).count();
        if asked != 1 {
            problems.push(format!("{} 应收到 1 项任务，实为 {asked} 项", bank.name));
        }
    }
    let excluded = loaded.without_department.id.to_string();
    if course.case.legs.iter().any(|leg| leg.institution_id == excluded) {
        problems.push(format!("{} 未设专门部门，却收到了任务", loaded.without_department.name));
    }
    if books.standing.is_empty() || books.late.is_empty() || books.superseded == 0 {
        problems.push("银行没有按脚本作答：按时、逾期、更新的报价都应有".to_owned());
    }
    problems.extend(books::differences("报价", &books.standing, &course.offers.offers));
    problems.extend(books::differences("逾期报价", &books.late, &course.offers.late_offers));
    problems.extend(books::ends(books, &course.case.legs));
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
