//! `zhirong token`: for scripts against a development system, with the keys of its run directory.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::ArgGroup;
use host::Role;
use rpc::identity::{LIFETIME_SECONDS, STAFF_ISSUER};
use rpc::{Actor, Duty};

use super::terminal::{remark, say};
use crate::run_dir::RunDir;

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("actor").required(true).args(["staff", "role"])))]
pub(super) struct Arguments {
    /// 工作人员账号，由服务台签发 / Staff account id; the token is signed as desk
    #[arg(long, value_name = "ID", requires = "duty")]
    staff: Option<String>,
    /// 职责，可重复：CLERK、SUPERVISOR、REGULATOR、OPERATOR、ADMINISTRATOR / Duty, repeatable
    #[arg(long, value_name = "DUTY", value_parser = duty, requires = "staff")]
    duty: Vec<Duty>,
    /// 以某个角色的名义 / In the name of a role itself
    #[arg(long, value_name = "NAME", value_parser = super::role)]
    role: Option<&'static Role>,
    /// 要调用的角色 / The role that is to be called
    #[arg(long, value_parser = super::role)]
    audience: &'static Role,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let secrets = RunDir::from_environment()?.secrets();
    let (issuer, actor) = match (&arguments.staff, arguments.role) {
        (Some(id), None) => (STAFF_ISSUER, Actor::Staff { id: id.clone(), duties: arguments.duty.clone() }),
        (None, Some(role)) => (role.name, Actor::Role(role.name.to_owned())),
        (Some(_), Some(_)) | (None, None) => bail!("either --staff or --role"),
    };
    say(secrets.signer(issuer)?.mint(arguments.audience.name, &actor));
    remark(format_args!(
        "令牌 {LIFETIME_SECONDS} 秒内有效，请放入元数据 authorization: Bearer <令牌> (valid for {LIFETIME_SECONDS} s)"
    ));
    Ok(ExitCode::SUCCESS)
}

fn duty(text: &str) -> Result<Duty, String> {
    Duty::from_code(&text.to_ascii_lowercase())
        .ok_or_else(|| format!("one of: {}", Duty::ALL.map(Duty::code).join(", ")))
}
