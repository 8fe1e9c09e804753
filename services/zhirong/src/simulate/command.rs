//! `zhirong simulate`: institutions that answer on a running system, until Ctrl-C.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{FixedOffset, Utc};
use kernel::InstitutionId;
use proto::intake::v1::{CaseState, Channel};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::clerk::Clerk;
use super::columns::left;
use super::crowd::{Crowd, names};
use super::data::{self, LoadedEnterprise, Wanted};
use super::deed::{Deed, Report};
use super::fill::fill;
use super::link::Link;
use super::script::{Delays, Manner};
use super::seed::Seed;
use crate::run_dir::RunDir;

/// How often the simulated clerk looks for questions.
const LOOK: Duration = Duration::from_secs(1);
const ENTERPRISES: usize = 12;
/// Columns for a bank's name.
const NAME: usize = 24;
const SHANGHAI_SECONDS: i32 = 8 * 3600;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// 系统的运行目录，默认同 zhirong up / Run directory of the system
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// 模拟机构数量 / How many banks
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=500))]
    institutions: u16,
    /// 随机种子：相同种子得到相同的数据与行为 / The same seed gives the same data and behaviour
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 机构思考时间 / How long an institution thinks
    #[arg(long, default_value = "0.2s..2s", value_name = "LEAST..MOST")]
    delay: Delays,
    /// 另外提交的申请数量 / Also submit so many applications
    #[arg(long, default_value_t = 0)]
    cases: u32,
    /// 两份申请之间的间隔 / Time between two applications
    #[arg(long, default_value = "2s", value_name = "SECONDS")]
    every: Delays,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// 登记演示数据，并办理若干申请至各种状态；可重复执行 / Register the demo data and take cases to every state that exists
    Fill(FillArguments),
}

#[derive(Debug, clap::Args)]
struct FillArguments {
    /// 系统的运行目录，默认同 zhirong up / Run directory of the system
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// 申请数量 / How many cases
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=5000))]
    cases: u16,
    /// 随机种子：相同种子得到相同的申请 / The same seed makes the same cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

async fn fill_system(arguments: &FillArguments) -> Result<ExitCode> {
    let run_dir = match &arguments.run_dir {
        Some(path) => RunDir::at(path)?,
        None => RunDir::from_environment()?,
    };
    let link = Link::of(&run_dir)?;
    let filled = fill(&link, Seed(arguments.seed), usize::from(arguments.cases)).await?;
    Ok(if filled.print() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs until Ctrl-C or SIGTERM; `fill` until it is done.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    if let Some(Command::Fill(wanted)) = &arguments.command {
        return fill_system(wanted).await;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let run_dir = match &arguments.run_dir {
        Some(path) => RunDir::at(path)?,
        None => RunDir::from_environment()?,
    };
    let link = Link::of(&run_dir)?;
    let stop = CancellationToken::new();
    let work = simulate(&link, &arguments, &stop);
    tokio::pin!(work);
    let code = tokio::select! {
        done = &mut work => return done.map(|()| ExitCode::SUCCESS),
        _ = terminate.recv() => 143,
        _ = interrupt.recv() => 130,
    };
    stop.cancel();
    tokio::select! {
        done = work => done?,
        // Asked twice: credentials end by themselves.
        _ = interrupt.recv() => {}
    }
    Ok(ExitCode::from(code))
}

async fn simulate(link: &Link, arguments: &Arguments, stop: &CancellationToken) -> Result<()> {
    let Some(started) = stop.run_until_cancelled(start(link, arguments)).await else { return Ok(()) };
    let (crowd, enterprises) = started?;
    if arguments.cases > 0 {
        let submitting = submit(link, Seed(arguments.seed), arguments, &enterprises);
        stop.run_until_cancelled(submitting).await.transpose()?;
    }
    stop.cancelled().await;
    println!("正在收回凭证… (taking credentials back)");
    crowd.stop(link).await;
    Ok(())
}

async fn start(link: &Link, arguments: &Arguments) -> Result<(Crowd, Vec<LoadedEnterprise>)> {
    link.check().await?;
    let seed = Seed(arguments.seed);
    println!("登记演示数据… (registering banks, products, enterprises)");
    let wanted = Wanted { banks: usize::from(arguments.institutions), enterprises: ENTERPRISES };
    let loaded = data::load(link, seed, wanted).await?;
    println!(
        "银行 {} 家、产品 {} 个、企业 {} 家已在系统中；{}未设专门部门，不会收到任务",
        loaded.banks.len() + 1,
        loaded.banks.len() + 1,
        loaded.enterprises.len(),
        loaded.without_department.name
    );
    let names = names(&loaded.banks);
    let report =
        Report::new(move |institution, assignment, deed| print(&names, institution, assignment, deed));
    let behaviour = |_| (Manner::Mixed, arguments.delay);
    let crowd = Crowd::start(link, &loaded.banks, seed, behaviour, &report).await?;
    println!("各机构已取得凭证，等待任务；按 Ctrl-C 停止 (Ctrl-C ends the simulation)");
    Ok((crowd, loaded.enterprises))
}

/// Submits applications, and minds the questions about them as the clerk would.
async fn submit(
    link: &Link,
    seed: Seed,
    arguments: &Arguments,
    enterprises: &[LoadedEnterprise],
) -> Result<()> {
    let mut clerk = Clerk::new(link)?;
    let mut random = seed.random("applications", "");
    let mut open = Vec::new();
    let mut left = arguments.cases;
    let mut next = tokio::time::Instant::now();
    let mut look = tokio::time::interval(LOOK);
    for firm in enterprises.iter().cycle() {
        while left == 0 || tokio::time::Instant::now() < next {
            tokio::select! {
                () = tokio::time::sleep_until(next), if left > 0 => {}
                _ = look.tick() => mind(&mut clerk, &mut open).await,
            }
            if left == 0 && open.is_empty() {
                println!("{} 份申请均已结束征集 (all applications are through)", arguments.cases);
                return Ok(());
            }
        }
        let application = data::application(firm, &mut random);
        // A new case in every run: the same application may well come twice.
        let request_id = uuid::Uuid::new_v4().to_string();
        let case = clerk.submit(request_id, Channel::Api, application).await.context("submitting")?;
        println!("{} {}  提交申请（第{}份）", clock(), case.case_no, arguments.cases - left + 1);
        open.push(case.case_id);
        left -= 1;
        next += arguments.every.draw(&mut random);
    }
    Ok(())
}

/// Answers questions and forgets the cases that are through. Trouble passes: the next look is a second away.
async fn mind(clerk: &mut Clerk, open: &mut Vec<String>) {
    let mut still = Vec::with_capacity(open.len());
    for case_id in open.drain(..) {
        let Ok(case) = clerk.case(&case_id).await else {
            still.push(case_id);
            continue;
        };
        if let Ok(answered) = clerk.answer_questions(&case).await {
            let number = case.header.as_ref().map(|header| header.case_no.clone()).unwrap_or_default();
            for leg in answered {
                println!("{} {number}  窗口补充材料 {}", clock(), leg.asked_document_codes.join("、"));
            }
        }
        match case.header.map(|header| (header.state(), header.case_no)) {
            Some((CaseState::Submitted | CaseState::Accepted | CaseState::Collecting, _)) => {
                still.push(case_id)
            }
            Some((state, number)) => println!("{} {number}  {}", clock(), state.as_str_name()),
            None => {}
        }
    }
    *open = still;
}

fn print(names: &HashMap<InstitutionId, String>, institution: InstitutionId, assignment: &str, deed: &Deed) {
    let name = names.get(&institution).map_or("?", String::as_str);
    // The beginning of a random id is enough to follow one assignment.
    let id: String = assignment.trim_start_matches("assignments/").chars().take(8).collect();
    println!("{} {}  {id:<8}  {deed}", clock(), left(name, NAME));
}

/// The time of day in +08:00.
fn clock() -> String {
    let now = Utc::now();
    match FixedOffset::east_opt(SHANGHAI_SECONDS) {
        Some(shanghai) => now.with_timezone(&shanghai).format("%H:%M:%S%.3f").to_string(),
        None => now.format("%H:%M:%S%.3fZ").to_string(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_time_of_day_has_milliseconds() {
        let text = super::clock();
        assert_eq!((text.len(), text.as_bytes()[8]), (12, b'.'), "{text}");
    }
}
