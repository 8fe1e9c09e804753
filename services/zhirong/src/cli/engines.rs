//! `zhirong engines -- CMD…`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use engines::{Engines, Source};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 命令及其参数；环境中带有 ZHIRONG_ENGINES_POSTGRES、_AMQP、_MANAGEMENT / The command, given the engines' addresses
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let engines = tokio::select! {
        engines = Engines::start(Source::GivenOrPrivate) => engines?,
        _ = terminate.recv() => return Ok(ExitCode::from(143)),
        _ = interrupt.recv() => return Ok(ExitCode::from(130)),
    };
    let (program, rest) = arguments.command.split_first().context("no command was given")?;
    let started = Command::new(program).args(rest).envs(engines.environment()).kill_on_drop(true).spawn();
    let ended = match started.with_context(|| format!("cannot start {program}")) {
        Ok(mut child) => loop {
            tokio::select! {
                status = child.wait() => break status.context("the command could not be waited for"),
                // A terminal sends Ctrl-C to the command as well; SIGTERM comes to us alone and is passed on.
                _ = interrupt.recv() => {}
                _ = terminate.recv() => crate::system::terminate(&child),
            }
        },
        Err(error) => Err(error),
    };
    engines.stop().await?;
    Ok(exit_code(ended?))
}

/// As a shell would tell it: 128 and the signal's number when a signal ended it.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
