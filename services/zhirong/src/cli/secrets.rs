//! `zhirong secrets [DIR]`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::terminal::say;
use crate::run_dir::RunDir;
use crate::secrets::{Existing, Places, Secrets};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 目标目录；默认是运行目录下的 secrets / Directory; default: secrets under the run directory
    directory: Option<PathBuf>,
    /// 重新生成已有的文件（原有密钥与口令随即失效）/ Replace what is there; the old keys and passwords stop working
    #[arg(long)]
    force: bool,
    /// PostgreSQL 地址 / host:port of PostgreSQL as the roles see it
    #[arg(long, default_value = "postgres:5432")]
    postgres: String,
    /// RabbitMQ 地址 / host:port of RabbitMQ as the roles see it
    #[arg(long, default_value = "rabbitmq:5672")]
    rabbitmq: String,
    /// RabbitMQ 管理接口地址 / host:port of RabbitMQ's management interface
    #[arg(long, default_value = "rabbitmq:15672")]
    management: String,
    /// 数据库名称 / Name of the database
    #[arg(long, default_value = "zhirong")]
    database: String,
    /// 虚拟主机名称 / Name of the broker's virtual host
    #[arg(long, default_value = "zhirong")]
    vhost: String,
    /// 机构网关的主机名或地址，可重复 / Host name or address of the partner face, repeatable
    #[arg(long = "partner-name", default_values_t = crate::system::partner_names())]
    partner_names: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let secrets = match &arguments.directory {
        Some(directory) => {
            Secrets::at(std::path::absolute(directory).context("the directory has no usable path")?)
        }
        None => RunDir::from_environment()?.secrets(),
    };
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    secrets.ensure_identity(existing, &arguments.partner_names)?;
    let places = Places {
        postgres: arguments.postgres.clone(),
        rabbitmq: arguments.rabbitmq.clone(),
        management: arguments.management.clone(),
        database: arguments.database.clone(),
        vhost: arguments.vhost.clone(),
    };
    secrets.ensure_deployment(existing, &places)?;
    say(format_args!(
        "密钥、口令与证书已写入 {0}，仅当前用户可读 (written to {0})",
        secrets.directory().display()
    ));
    if existing == Existing::Keep {
        say("已有的密钥与口令未被改动；如需更换请加 --force (what was there has been kept)");
    }
    Ok(ExitCode::SUCCESS)
}
