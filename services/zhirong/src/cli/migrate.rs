//! `zhirong migrate`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use host::Secret;
use host::migrate::{self, AdminUrls};

use super::terminal::{remark, say};
use crate::run_dir::RunDir;
use crate::secrets::Secrets;

/// Pause between attempts while a server is not there yet.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// PostgreSQL 管理员地址 / postgres:// URL of an administrator
    #[arg(
        long,
        env = "ZHIRONG_MIGRATE_POSTGRES_URL",
        hide_env_values = true,
        conflicts_with = "postgres_file"
    )]
    postgres: Option<String>,
    /// 内容为上述地址的文件 / A file with that URL
    #[arg(long, env = "ZHIRONG_MIGRATE_POSTGRES_URL_FILE")]
    postgres_file: Option<PathBuf>,
    /// RabbitMQ 管理接口地址 / http://user:password@host:port of RabbitMQ's management interface
    #[arg(
        long,
        env = "ZHIRONG_MIGRATE_MANAGEMENT_URL",
        hide_env_values = true,
        conflicts_with = "management_file"
    )]
    management: Option<String>,
    /// 内容为上述地址的文件 / A file with that URL
    #[arg(long, env = "ZHIRONG_MIGRATE_MANAGEMENT_URL_FILE")]
    management_file: Option<PathBuf>,
    /// 口令目录（zhirong secrets 生成）/ Directory made by zhirong secrets; default: that of the run directory
    #[arg(long, env = "ZHIRONG_MIGRATE_SECRETS_DIR")]
    secrets: Option<PathBuf>,
    /// 数据库名称 / Name of the database
    #[arg(long, env = "ZHIRONG_MIGRATE_DATABASE", default_value = "zhirong")]
    database: String,
    /// 虚拟主机名称 / Name of the broker's virtual host
    #[arg(long, env = "ZHIRONG_MIGRATE_VHOST", default_value = "zhirong")]
    vhost: String,
    /// 数据库不存在时创建 / Create the database when it is absent
    #[arg(long)]
    create_database: bool,
    /// 最多等待服务器多少秒 / Seconds to wait for servers that are not there yet
    #[arg(long, default_value_t = 0)]
    wait: u64,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let admin = AdminUrls {
        postgres: given("postgres", arguments.postgres, arguments.postgres_file)?,
        management: given("management", arguments.management, arguments.management_file)?,
        database: arguments.database,
        create_database: arguments.create_database,
        vhost: arguments.vhost,
    };
    let secrets = match arguments.secrets {
        Some(directory) => Secrets::at(directory),
        None => RunDir::from_environment()?.secrets(),
    };
    let passwords = secrets.role_secrets()?;
    let until = Instant::now() + Duration::from_secs(arguments.wait);
    loop {
        match migrate::migrate(&admin, &crate::roles::ALL, &passwords).await {
            Ok(()) => break,
            Err(error) if Instant::now() >= until => return Err(anyhow!("{}", error.chain())),
            Err(error) => {
                remark(format_args!("尚未成功，稍后重试 (trying again): {}", error.chain()));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    say("数据库与消息代理已就绪 (database and broker are up to date)");
    Ok(ExitCode::SUCCESS)
}

fn given(what: &str, url: Option<String>, file: Option<PathBuf>) -> Result<Secret> {
    match (url, file) {
        (Some(url), _) => Ok(Secret::new(url)),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(&file);
            let text = text.with_context(|| format!("cannot read {}", file.display()))?;
            Ok(Secret::new(text.trim().to_owned()))
        }
        (None, None) => Err(anyhow!("请给出 --{what} 或 --{what}-file (give --{what} or --{what}-file)")),
    }
}
