//! `zhirong stand-in`: servers that answer as a platform outside would, for tests and demonstrations. No platform's real
//! interface is reachable from here; each speaks the contract that is recorded in `docs/contracts`.

pub mod sources;
pub mod xyd;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpListener;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// “信易贷”平台替身 / Stands in for the 信易贷 platform that products are published to
    Xyd(xyd::Arguments),
    /// 信用与质押信息平台替身 / Stands in for 信用中国, 信用河南, 信用济源 and the national IP-pledge platform
    Sources(sources::Arguments),
}

pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.what {
        What::Xyd(arguments) => xyd::run(&arguments).await?,
        What::Sources(arguments) => sources::run(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A stand-in answers this machine only.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    if !address.ip().is_loopback() {
        bail!("替身服务只能监听本机地址 (a stand-in listens on a loopback address only): {address}");
    }
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
