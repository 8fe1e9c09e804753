//! `zhirong demo`: its arguments, its end.

use std::process::ExitCode;

use anyhow::Result;
use desk::accounts::NewAccount;
use desk::domain::Duty;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::play::{Played, play};
use super::screen::Screen;
use crate::run_dir::RunDir;
use crate::simulate::Seed;

/// The demo's own place beside that of `zhirong up`, so that both may run.
const FOLDER: &str = "demo";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// 演示结束后立即停止，以退出码表明结果 / Stop when it is over and tell by the exit code
    #[arg(long)]
    once: bool,
    /// 随机种子：相同种子得到相同的报价 / The same seed gives the same offers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 在终端上也完整画出每家银行的调用链 / On a terminal too, draw every bank's part of the trace
    #[arg(long)]
    whole_trace: bool,
}

/// Plays the demo; on a terminal the system then stays until Ctrl-C, unless `--once` is given.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut signals =
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    let run_dir = RunDir::at(RunDir::from_environment()?.path().join(FOLDER))?;
    let mut screen = Screen::detect();
    let brief = screen.is_live() && !arguments.whole_trace;
    let played = tokio::select! {
        played = play(run_dir.clone(), Seed(arguments.seed), brief, &mut screen) => played,
        code = signals.next() => {
            screen.keep_board();
            return Ok(code);
        }
    };
    let logs = run_dir.path().join("logs");
    let played = match played {
        Ok(played) => played,
        Err(error) => {
            screen.keep_board();
            screen.say("");
            screen.say(&format!("演示未完成 (the demo broke off): {error:#}"));
            screen.say(&format!("各服务的日志 (logs): {}", logs.display()));
            return Ok(ExitCode::FAILURE);
        }
    };
    verdict(&played, &mut screen);
    if !played.problems.is_empty() {
        screen.say(&format!("各服务的日志 (logs): {}", logs.display()));
    }
    let code = if played.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if screen.is_live() && !arguments.once {
        stay(&played, &run_dir, &mut screen).await?;
        signals.next().await;
    }
    screen.say("正在停止… (stopping)");
    tokio::select! {
        ended = end(played) => ended?,
        // Asked again: dropping the system kills what is left.
        code = signals.next() => return Ok(code),
    }
    Ok(code)
}

async fn end(played: Played) -> Result<()> {
    played.crowd.stop(&played.link).await;
    played.stage.strike().await
}

fn verdict(played: &Played, screen: &mut Screen) {
    screen.say("");
    screen.say_all(played.hitches.iter().map(|hitch| format!("说明 (note): {hitch}")));
    if played.problems.is_empty() {
        screen.say_all([
            "演示成功：报价与各机构留底逐项一致，企业选定、银行批复、增信与评估确认，落选者全部释放，统计相符，调用链完整。",
            "Success: offers equal to the institutions' books, chosen, approved, bound and reported; all others released; figures and trace agree.",
        ]);
    } else {
        screen.say("演示未通过 (the demo failed):");
        screen.say_all(played.problems.iter().map(|problem| format!("  · {problem}")));
    }
}

/// What a person may do with the system that is left.
async fn stay(played: &Played, run_dir: &RunDir, screen: &mut Screen) -> Result<()> {
    let system = &played.stage.system;
    let clerk = system.desk_account(&account("clerk", "演示窗口", Duty::Clerk)).await?;
    let operator = system.desk_account(&account("operator", "演示运维", Duty::Operator)).await?;
    screen.say("");
    screen.say(&format!("系统仍在运行，服务台 (the desk): {}", system.place("desk")?.url));
    screen.say(&format!("   窗口 (clerk)      用户名 clerk     密码 {clerk}"));
    screen.say(&format!("   运维 (operator)   用户名 operator  密码 {operator}"));
    screen.say(&format!("受理接口 (gRPC, intake): {}", system.place("intake")?.url));
    screen.say(&format!(
        "再办一批案件 (more cases): ZHIRONG_RUN_DIR={0} zhirong simulate fill",
        run_dir.path().display()
    ));
    screen.say("按 Ctrl-C 停止 (Ctrl-C stops everything)");
    Ok(())
}

/// An account for the time of the demo.
fn account(login: &str, title: &str, duty: Duty) -> NewAccount {
    NewAccount { login: login.to_owned(), title: title.to_owned(), duties: vec![duty], must_change: false }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// The exit code that the signal stands for.
    async fn next(&mut self) -> ExitCode {
        tokio::select! {
            _ = self.terminate.recv() => ExitCode::from(143),
            _ = self.interrupt.recv() => ExitCode::from(130),
        }
    }
}
