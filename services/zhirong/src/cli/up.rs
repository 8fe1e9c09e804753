//! `zhirong up`: a whole system on this machine until Ctrl-C.

use std::process::ExitCode;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use super::terminal::say;
use crate::run_dir::RunDir;
use crate::system::{Options, Progress, Report, System};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 首个端口；角色依次占用其后的端口，默认自动选择空闲端口 / First port of the roles' ports; free ones are chosen by default
    #[arg(long)]
    first_port: Option<u16>,
    /// 数据库名称 / Name of the database
    #[arg(long, default_value = "zhirong")]
    database: String,
    /// 虚拟主机名称 / Name of the broker's virtual host
    #[arg(long, default_value = "zhirong")]
    vhost: String,
    /// 给所有角色的配置，如 ZHIRONG_INTAKE_WINDOW=30s / A setting for the roles, repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let run_dir = RunDir::from_environment()?;
    let mut options = Options::new(run_dir.clone());
    options.database = arguments.database;
    options.vhost = arguments.vhost;
    options.first_port = arguments.first_port;
    options.settings.extend(arguments.settings);
    options.report = Report::new(|progress| say(line(&progress)));

    let system = tokio::select! {
        system = System::start(options) => system?,
        _ = terminate.recv() => return Ok(ExitCode::from(143)),
        _ = interrupt.recv() => return Ok(ExitCode::from(130)),
    };
    say(summary(&system, &run_dir).trim_end());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    say("正在停止… (stopping)");
    tokio::select! {
        stopped = system.stop() => stopped?,
        // Asked twice: dropping the system kills what is left.
        _ = interrupt.recv() => return Ok(ExitCode::from(130)),
    }
    Ok(ExitCode::SUCCESS)
}

fn line(progress: &Progress) -> String {
    match progress {
        Progress::StartingEngines => "启动 PostgreSQL 与 RabbitMQ… (starting the engines)".to_owned(),
        Progress::EnginesReady => "数据库与消息代理已就绪 (engines ready)".to_owned(),
        Progress::Migrated => "数据库结构与队列已就绪 (migrated)".to_owned(),
        Progress::Started { role, pid } => format!("{role:<11} 已启动 (pid {pid})"),
        Progress::Ready { role } => format!("{role:<11} 就绪 (ready)"),
        Progress::Waiting { role, trouble } => {
            format!("{role:<11} 尚未就绪 (not ready): {}", trouble.replace('\n', "; "))
        }
        Progress::Ended { role, status, again } => match again {
            Some(pause) => format!("{role:<11} 意外结束：{status}，{pause:?} 后重启 (ended; restarting)"),
            None => format!("{role:<11} 已停止 (stopped): {status}"),
        },
    }
}

fn summary(system: &System, run_dir: &RunDir) -> String {
    let mut text = String::from("\n全部角色已就绪 (every role is ready):\n");
    for (role, place) in system.places() {
        text.push_str(&format!("  {role:<11} {}   管理 (admin) {}\n", place.url, place.admin_url));
        if let Some(face) = &place.partner_url {
            text.push_str(&format!("  {:<11} {face}   机构网关 (mTLS)\n", ""));
        }
    }
    text.push_str(&format!("运行目录 (run directory): {}\n", run_dir.path().display()));
    text.push_str("按 Ctrl-C 停止 (Ctrl-C stops everything)\n");
    text
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.starts_with("ZHIRONG_") => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("KEY=VALUE, with a key that begins with ZHIRONG_".to_owned()),
    }
}
