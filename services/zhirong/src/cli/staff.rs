//! `zhirong staff add|reset|disable|list`: accounts of the front desk, with the desk's own rights on its database.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Subcommand;
use desk::accounts::{self, NewAccount};
use desk::domain::{Account, Duty};

use super::parked::connect;
use super::terminal::{remark, say};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 操作人账号，记入审计 / Who acts, kept in the audit
    #[arg(long, global = true, env = "ZHIRONG_STAFF_ACTOR")]
    actor: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 开设账号，初始密码只显示一次 / A new account; its first password is shown once
    Add {
        /// 账号名，小写字母开头 / Login name
        login: String,
        /// 显示名称，如“窗口一号”，不要用姓名 / A place or function, not a person's name
        #[arg(long)]
        title: String,
        /// 职责，可重复：CLERK、SUPERVISOR、REGULATOR、OPERATOR、ADMINISTRATOR / Duty, repeatable
        #[arg(long, value_name = "DUTY", value_parser = duty, required = true)]
        duty: Vec<Duty>,
    },
    /// 重置密码并启用，新密码只显示一次 / A new password, shown once; opens a closed account
    Reset { login: String },
    /// 停用账号，其登录即时失效 / Close an account; its sessions end at once
    Disable { login: String },
    /// 列出账号 / List accounts
    List,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let pool = connect(&desk::ROLE)?;
    let now = Utc::now();
    let by = || arguments.actor.as_deref().context("请用 --actor 说明操作人 (say who acts with --actor)");
    match &arguments.command {
        Command::Add { login, title, duty } => {
            let new = NewAccount {
                login: login.clone(),
                title: title.clone(),
                duties: duty.clone(),
                must_change: true,
            };
            told(login, &accounts::add(&pool, by()?, now, &new).await?);
        }
        Command::Reset { login } => told(login, &accounts::reset(&pool, by()?, now, login).await?),
        Command::Disable { login } => {
            accounts::disable(&pool, by()?, now, login).await?;
            say(format_args!("已停用 (disabled): {login}"));
        }
        Command::List => accounts::list(&pool).await?.iter().for_each(|account| say(line(account))),
    }
    Ok(ExitCode::SUCCESS)
}

fn told(login: &str, password: &str) {
    say(format_args!("账号 (login):    {login}"));
    say(format_args!("密码 (password): {password}"));
    remark("密码只显示这一次，首次登录须修改 (shown once, to be changed at the first log-in)");
}

fn line(account: &Account) -> String {
    let duties: Vec<&str> = account.duties.iter().map(|duty| duty.code()).collect();
    let state = match (account.disabled, account.must_change) {
        (true, _) => "停用 disabled",
        (false, true) => "待改密码 must change",
        (false, false) => "启用 open",
    };
    format!("{:<20} {:<36} {state:<22} {}", account.login, duties.join(","), account.title)
}

fn duty(text: &str) -> Result<Duty, String> {
    Duty::from_code(&text.to_ascii_lowercase())
        .ok_or_else(|| format!("one of: {}", Duty::ALL.map(Duty::code).join(", ")))
}
