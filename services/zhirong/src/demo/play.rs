//! The demo from its first line to its verdict.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::Utc;
use proto::intake::v1::{Application, CaseState, Channel, ListOffersResponse};

use super::board::Board;
use super::books;
use super::cast::{self, BANKS, COVER_WINDOW, WINDOW};
use super::choose;
use super::conclude::{conclude, draw_trace, names, tell_time};
use super::connect::{Attendance, connect};
use super::figures;
use super::screen::Screen;
use super::stage::Stage;
use super::text::{span, wan};
use super::watch::{Look, Watcher};
use crate::run_dir::RunDir;
use crate::simulate::data::{self, Loaded, LoadedHouse, Wanted};
use crate::simulate::{Clerk, Crowd, Link, Record, Seed};

const ENTERPRISES: usize = 3;
/// 5,000,000 yuan over a year: every product of the twelve covers it.
const AMOUNT_FEN: i64 = 500_000_000;
const TERM_MONTHS: i32 = 12;
/// How long what is under way when the windows have closed may take to come in.
const AFTERMATH: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);
/// Beyond a window: planning waits for other roles, if it must.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A demo that has been played; the system still runs.
pub(super) struct Played {
    pub(super) stage: Stage,
    pub(super) link: Link,
    pub(super) crowd: Crowd,
    /// Why it has failed; empty when it has not.
    pub(super) problems: Vec<String>,
    /// What the institutions met on the way without failing for it.
    pub(super) hitches: Vec<String>,
}

/// Everyone who takes part.
pub(super) struct Players {
    pub(super) loaded: Loaded,
    /// Insurers, guarantors, evaluators.
    pub(super) houses: Vec<LoadedHouse>,
}

/// One case up to its offers, and what is known of it from both sides.
pub(super) struct Course {
    pub(super) look: Look,
    pub(super) watcher: Watcher,
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

    screen.head(2, "登记数据，接入机构", "loading data, connecting the institutions");
    let begun = Instant::now();
    let loaded = data::load(&link, seed, Wanted { banks: BANKS, enterprises: ENTERPRISES }).await?;
    let houses = data::load_houses(&link, seed).await?;
    let players = Players { loaded, houses };
    screen.say(&format!(
        "   银行 {} 家、保险担保 {} 家、评估 {} 家，企业 {} 家，经公开接口登记，用时 {}",
        players.loaded.banks.len() + 1,
        cast::second_wave(&players.houses).len(),
        players.houses.iter().filter(|house| cast::is_evaluator(house)).count(),
        players.loaded.enterprises.len(),
        span(begun.elapsed())
    ));
    let attendance = Attendance::default();
    let crowd = connect(&link, (&players.loaded, &players.houses), seed, &attendance, screen).await?;

    screen.head(3, "提交申请，两轮派发", "one application, fanned out in two waves");
    let mut clerk = Clerk::new(&link)?;
    let mut course = run_case(&link, &mut clerk, &crowd, &players, seed, screen).await?;
    let mut problems = conclude(&players, &course, &crowd, screen);
    screen.head(5, "企业选定，机构确认", "the enterprise chooses, the chosen confirm");
    let settled = choose::run(&mut clerk, &crowd, &players, &mut course, seed, screen).await?;
    problems.extend(choose::check(&players, &course, &settled, &crowd));
    problems.extend(draw_trace(&stage, &course, &settled, &names(&players), brief, screen).await);
    tell_time(&mut clerk, &course, screen).await?;
    problems.extend(figures::tell(&link, &settled, screen).await?);
    problems.extend(stage.incidents());
    Ok(Played { stage, link, crowd, problems, hitches: attendance.hitches() })
}

fn introduce(screen: &mut Screen) {
    screen.say_all([
        "知融演示：一份申请，二十三家机构同时作答，直到银行批复",
        "Zhirong demo: one application goes to banks, evaluators, insurers and guarantors; the enterprise chooses; the bank approves.",
        "",
        "您将看到 (what you will see):",
        "  · 本机启动一套完整系统：PostgreSQL、RabbitMQ 和全部服务，各为独立进程 (a whole real system starts)",
        "  · 模拟的银行、评估、保险、担保机构凭各自的证书和令牌接入机构网关 (institutions connect by mTLS)",
        "  · 窗口提交一份申请：先问银行与评估，再为需要增信的报价问保险与担保；截止前内容密封 (sealed, in two waves)",
        "  · 报价按综合成本并排比较，企业选定，银行批复，落选者此时才释放 (compared, chosen, approved, released)",
        "  · 与各机构留底逐项核对，画出全程调用链，列出统计数字 (held to their books; the trace; the figures)",
        "机构、企业均为虚构 (all institutions and firms are fictitious).",
    ]);
}

async fn run_case(
    link: &Link,
    clerk: &mut Clerk,
    crowd: &Crowd,
    players: &Players,
    seed: Seed,
    screen: &mut Screen,
) -> Result<Course> {
    let firm = players.loaded.enterprises.first().context("no enterprise")?;
    let drawn = data::application(firm, &mut seed.random("demo application", ""));
    let application = Application { amount_fen: AMOUNT_FEN, term_months: TERM_MONTHS, ..drawn };
    screen.say(&format!(
        "   申请企业：{}    申请额度：{} 万元    期限：{} 个月    质押：{} 件    材料：{} 份",
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
        "   案件编号：{}    回执用时 {}    征集窗口 {} 秒，增信窗口 {} 秒",
        case.case_no,
        span(answered),
        WINDOW.as_secs(),
        COVER_WINDOW.as_secs()
    ));
    let mut watcher = Watcher::new(link, clerk, &case.case_id)?;
    screen.say("   第一轮：银行与评估机构 (first wave: banks and evaluators)");
    let mut board = Board::new(cast::first_wave(&players.loaded, &players.houses), WINDOW);
    let over = |look: &Look| {
        let moving =
            matches!(look.state(), CaseState::Submitted | CaseState::Accepted | CaseState::Collecting);
        !moving || look.wave() > 1
    };
    watcher.until(&mut board, screen, WINDOW + PATIENCE, over).await?;
    leave(&board, screen);
    screen.say("   第二轮：为要求增信的报价征询保险与担保，不透露是哪家银行 (second wave: cover, without saying for whom)");
    let mut cover = Board::new(cast::second_wave(&players.houses), COVER_WINDOW);
    let over = |look: &Look| look.state() != CaseState::Collecting;
    let look = watcher.until(&mut cover, screen, COVER_WINDOW + PATIENCE, over).await?;
    leave(&cover, screen);
    let (offers, records) = aftermath(clerk, crowd, &case.case_id).await?;
    // What has come in meanwhile, late answers among it.
    let look = Look { case: watcher.look().await?.case, ..look };
    board.update(&look.case);
    for late in &offers.late_offers {
        board.mark_late(&late.institution_id);
    }
    screen.say("   开启密封后的第一轮 (the first wave, unsealed):");
    screen.say_all(board.draw(Utc::now(), screen.is_live()));
    Ok(Course { look, watcher, offers, records, answered })
}

/// Leaves the board as it stands.
pub(super) fn leave(board: &Board, screen: &mut Screen) {
    let last = board.draw(Utc::now(), screen.is_live());
    if screen.is_live() {
        screen.board(&last);
        screen.keep_board();
    } else {
        screen.say_all(last);
    }
}

/// Waits until each institution has heard what became of its answers, and the late ones are listed.
async fn aftermath(
    clerk: &mut Clerk,
    crowd: &Crowd,
    case_id: &str,
) -> Result<(ListOffersResponse, Vec<Record>)> {
    let until = Instant::now() + AFTERMATH;
    loop {
        let records = crowd.ledger().records();
        let offers = clerk.offers(case_id).await.context("the offers cannot be read")?;
        let (books, _) = books::read(&records);
        let equal = books::differences("", &books.standing, &offers.offers).is_empty()
            && books::differences("", &books.late, &offers.late_offers).is_empty();
        let heard = crowd.ledger().acts().iter().all(|acted| acted.fate.is_some());
        let whole = books::is_settled(&records) && heard && !books.late.is_empty() && equal;
        if whole || Instant::now() >= until {
            return Ok((offers, records));
        }
        tokio::time::sleep(LOOK).await;
    }
}
