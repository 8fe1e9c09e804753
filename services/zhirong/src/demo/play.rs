//! The demo from its first line to its verdict.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::Utc;
use proto::intake::v1::{Application, CaseView, Channel, ListOffersResponse};

use super::board::Board;
use super::books;
use super::cast::{BANKS, WINDOW};
use super::conclude::{conclude, draw_trace, tell_time};
use super::connect::{Attendance, connect};
use super::screen::Screen;
use super::stage::Stage;
use super::text::{span, wan};
use super::watch::{Seen, watch};
use crate::run_dir::RunDir;
use crate::simulate::data::{self, Loaded, Wanted};
use crate::simulate::{Clerk, Crowd, Link, Record, Seed};

const ENTERPRISES: usize = 3;
/// 5,000,000 yuan over a year: every product of the twelve covers it.
const AMOUNT_FEN: i64 = 500_000_000;
const TERM_MONTHS: i32 = 12;
/// How long what is under way when the window has closed may take to come in.
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
    /// What the banks met on the way without failing for it.
    pub(super) hitches: Vec<String>,
}

/// One case and what is known of it from both sides.
pub(super) struct Course {
    pub(super) case: CaseView,
    pub(super) seen: Seen,
    pub(super) offers: ListOffersResponse,
    pub(super) records: Vec<Record>,
    /// How long the answer to the submission took.
    pub(super) answered: Duration,
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
    let attendance = Attendance::default();
    let crowd = connect(&link, &loaded, seed, &attendance, screen).await?;

    screen.head(3, "提交申请，同时派发", "one application, fanned out");
    let mut clerk = Clerk::new(&link)?;
    let course = run_case(&mut clerk, &crowd, &loaded, seed, screen).await?;
    let mut problems = conclude(&loaded, &course, &crowd, screen);
    problems.extend(draw_trace(&stage, &course, &loaded, brief, screen).await);
    tell_time(&mut clerk, &course, screen).await?;
    problems.extend(stage.incidents());
    Ok(Played { stage, link, crowd, problems, hitches: attendance.hitches() })
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
        let equal = books::differences("", &books.standing, &offers.offers).is_empty()
            && books::differences("", &books.late, &offers.late_offers).is_empty();
        let whole = books::is_settled(&records) && !books.late.is_empty() && equal;
        if whole || Instant::now() >= until {
            return Ok((offers, records));
        }
        tokio::time::sleep(LOOK).await;
    }
}
