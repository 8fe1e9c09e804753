//! `zhirong parked list|show|replay|drop`: works on a role's own rows, with the role's own rights.

use std::process::ExitCode;
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use bus::parked::{self, Act, Filter, Parked};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use host::settings::host_keys::DATABASE_URL;
use host::{AnyKey as _, Role, Secret};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::terminal::{remark, say};
use crate::run_dir::RunDir;
use crate::secrets::database_url;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 消息所在的角色 / The role that holds the messages
    #[arg(long, global = true, value_parser = super::role)]
    role: Option<&'static Role>,
    /// 操作人账号，记入审计 / Who acts: a staff account id, kept in the audit
    #[arg(long, global = true, env = "ZHIRONG_PARKED_ACTOR")]
    actor: Option<String>,
    /// 操作原因，记入审计 / Why: kept in the audit
    #[arg(long, global = true)]
    purpose: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 列出被搁置的消息（仅编号与代码）/ List them: ids and codes only
    List {
        /// 只看一个队列 / Only this queue
        #[arg(long)]
        queue: Option<String>,
        /// 包括等待重试的消息 / Those that wait for their next attempt as well
        #[arg(long)]
        retries: bool,
        /// 从上一页末尾继续，取值由上一页给出 / Continue where the page before ended; it says with what
        #[arg(long, value_parser = place)]
        after: Option<(DateTime<Utc>, Uuid)>,
        /// 最多多少条 / At most so many
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// 查看一条消息 / Show one message
    Show {
        id: Uuid,
        /// 以十六进制显示正文；正文可能含有金额 / Its body in hexadecimal; bodies may carry amounts
        #[arg(long)]
        body: bool,
    },
    /// 重新处理一条或多条消息 / Hand messages to their consumer again
    Replay {
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
    /// 永久删除一条消息 / Remove a message for good
    Drop { id: Uuid },
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let role = arguments.role.context("请用 --role 指定角色 (name the role with --role)")?;
    let actor = arguments.actor.context("请用 --actor 说明操作人 (say who acts with --actor)")?;
    let purpose = arguments.purpose.context("请用 --purpose 说明原因 (say why with --purpose)")?;
    let actor = format!("staff:{actor}");
    let act = Act { actor: &actor, purpose: &purpose };
    let pool = connect(role)?;
    match arguments.command {
        Command::List { queue, retries, after, limit } => {
            let filter = Filter { queue: queue.as_deref(), with_retries: retries, after, limit };
            let rows = parked::list(&pool, filter, act).await?;
            rows.iter().for_each(|row| say(line(row)));
            remark(format_args!("共 {} 条 (messages)", rows.len()));
            // A full page: there may be more.
            if let Some(last) = rows.last().filter(|_| i64::try_from(rows.len()) == Ok(limit)) {
                let at = last.held_at.to_rfc3339_opts(SecondsFormat::Micros, true);
                remark(format_args!("下一页 (next page): --after {at}/{}", last.held_id));
            }
        }
        Command::Show { id, body } => {
            say(whole(&parked::show(&pool, id, act).await?).trim_end());
            if body {
                let bytes = parked::show_body(&pool, id, act).await?;
                say(format_args!(
                    "body {}",
                    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
                ));
            }
        }
        Command::Replay { ids } => return Ok(replay(&pool, &ids, act).await),
        Command::Drop { id } => {
            say(format_args!("已删除 (dropped): {}", line(&parked::drop(&pool, id, act).await?)))
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One by one, so that a failure names its message and the others are replayed all the same.
async fn replay(pool: &PgPool, ids: &[Uuid], act: Act<'_>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        match parked::replay(pool, *id, act).await {
            Ok(row) => say(format_args!("将重新处理 (replaying): {}", line(&row))),
            Err(error) => {
                remark(format_args!("{id}: {:#}", anyhow::Error::from(error)));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// With the URL in the environment, else that of the system in the run directory.
pub(super) fn connect(role: &'static Role) -> Result<PgPool> {
    let url =
        match (std::env::var(DATABASE_URL.name()), std::env::var(format!("{}_FILE", DATABASE_URL.name()))) {
            (Ok(url), _) => Secret::new(url),
            (Err(_), Ok(file)) => read(std::path::Path::new(&file))?,
            (Err(_), Err(_)) => read(&RunDir::from_environment()?.running(&database_url(role.name)))?,
        };
    let options = PgConnectOptions::from_str(url.expose()).ok().context("not a postgres:// URL")?;
    let options = options.options([("search_path", role.name)]);
    Ok(PgPoolOptions::new().max_connections(1).connect_lazy_with(options))
}

fn read(path: &std::path::Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// Where a page ended: when the last message was put aside, and which it is.
fn place(text: &str) -> Result<(DateTime<Utc>, Uuid), String> {
    let parsed = text.split_once('/').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    parsed.ok_or_else(|| "time/id, as the page before said".to_owned())
}

fn line(row: &Parked) -> String {
    let kind = row.message_kind.as_deref().unwrap_or("?");
    let at = row.held_at.format("%Y-%m-%dT%H:%M:%SZ");
    format!("{} {at} {} {} {kind} {}", row.held_id, row.queue, row.kind, row.reason)
}

fn whole(row: &Parked) -> String {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    [
        ("held_id", row.held_id.to_string()),
        ("held_at", row.held_at.to_rfc3339()),
        ("queue", row.queue.clone()),
        ("kind", row.kind.clone()),
        ("reason", row.reason.clone()),
        ("due_at", shown(row.due_at.map(|at| at.to_rfc3339()))),
        ("attempts", row.attempts.to_string()),
        ("message_id", shown(row.message_id.map(|id| id.to_string()))),
        ("message_kind", shown(row.message_kind.clone())),
        ("aggregate_id", shown(row.aggregate_id.map(|id| id.to_string()))),
        ("aggregate_version", shown(row.aggregate_version.map(|version| version.to_string()))),
        ("occurred_at", shown(row.occurred_at.map(|at| at.to_rfc3339()))),
        ("traceparent", shown(row.traceparent.clone())),
        ("body_bytes", row.body_bytes.to_string()),
    ]
    .map(|(name, value)| format!("{name:<18} {value}\n"))
    .concat()
}
