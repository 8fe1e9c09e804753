//! `zhirong serve ROLE`.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow};
use host::{Role, Settings};
use nix::sys::signal::{Signal, raise};

/// Well beyond any grace period: after this a process whose parent is gone is ended whatever it does.
const ORPHAN_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 角色名称 / Name of the role: whitelist, catalog, intake, insurance, statistics, partner, desk
    #[arg(value_parser = super::role)]
    role: &'static Role,
    /// 标准输入关闭时结束（由 up 使用）/ End when standard input closes: for supervisors, so that no orphan stays
    #[arg(long)]
    with_parent: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let role = arguments.role;
    let settings = Settings::from_process(role, &crate::roles::ALL)?;
    if arguments.with_parent {
        std::thread::Builder::new().name("parent".to_owned()).spawn(end_with_parent)?;
    }
    host::run(role, settings).await.map_err(|error| anyhow!("{}: {}", role.name, error.chain()))?;
    Ok(ExitCode::SUCCESS)
}

/// The parent holds the other end of our standard input; it closes however the parent ends.
fn end_with_parent() {
    let mut nothing = [0_u8; 64];
    let mut input = std::io::stdin();
    while matches!(input.read(&mut nothing), Ok(read) if read > 0) {}
    if raise(Signal::SIGTERM).is_ok() {
        std::thread::sleep(ORPHAN_LIMIT);
    }
    std::process::exit(1);
}
