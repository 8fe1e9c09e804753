//! `zhirong healthcheck [URL]`: for containers that have no other HTTP client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use host::settings::Need;
use host::settings::host_keys::ADMIN_LISTEN;
use host::{AnyKey as _, probe};

use super::terminal::remark;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 管理端口地址；默认取 ZHIRONG_ADMIN_LISTEN / Base URL of the admin face; default from ZHIRONG_ADMIN_LISTEN
    url: Option<String>,
    /// 等待秒数 / Seconds to wait for the answer
    #[arg(long, default_value_t = 5)]
    timeout: u64,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let url = match arguments.url {
        Some(url) => url,
        None => own_url()?,
    };
    match probe::ready(&url, Duration::from_secs(arguments.timeout)).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(trouble) => {
            remark(trouble.trim_end());
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The address that this machine reaches the listening address by.
fn own_url() -> Result<String> {
    let text = match (std::env::var(ADMIN_LISTEN.name()), ADMIN_LISTEN.need()) {
        (Ok(text), _) => text,
        (Err(_), Need::Default(text)) => text.to_owned(),
        (Err(_), Need::Required | Need::Optional) => String::new(),
    };
    let mut address: SocketAddr =
        text.parse().with_context(|| format!("{} is not an address with a port", ADMIN_LISTEN.name()))?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(format!("http://{address}"))
}
