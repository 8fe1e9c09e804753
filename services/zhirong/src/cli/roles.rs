//! `zhirong roles`: what this executable knows of itself. Deployment files are checked against it.

use std::process::ExitCode;

use anyhow::Result;
use host::settings::Need;
use host::{AnyKey, Role};
use serde::Serialize;

use super::terminal::say;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 以 JSON 输出，供脚本使用 / As JSON, for scripts
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Described {
    role: &'static str,
    has_store: bool,
    queues: Vec<DescribedQueue>,
    publishes: &'static [&'static str],
    peers: &'static [&'static str],
    settings: Vec<DescribedKey>,
    secrets: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DescribedQueue {
    name: &'static str,
    binds: &'static [&'static str],
}

#[derive(Debug, Serialize)]
struct DescribedKey {
    name: &'static str,
    expected: &'static str,
    required: bool,
    /// `<name>_FILE` is read too.
    secret: bool,
    default: Option<&'static str>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let roles: Vec<Described> = crate::roles::ALL.iter().map(|role| describe(role)).collect();
    if arguments.json {
        say(serde_json::to_string_pretty(&roles)?);
    } else {
        for role in &roles {
            say(table(role).trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(role: &'static Role) -> Described {
    Described {
        role: role.name,
        has_store: role.has_store,
        queues: role
            .queues
            .iter()
            .map(|queue| DescribedQueue { name: queue.name, binds: queue.binds })
            .collect(),
        publishes: role.publishes,
        peers: role.peers,
        settings: role.all_keys().into_iter().map(describe_key).collect(),
        secrets: crate::secrets::names_of(role),
    }
}

fn describe_key(key: &'static dyn AnyKey) -> DescribedKey {
    DescribedKey {
        name: key.name(),
        expected: key.expected(),
        required: key.need() == Need::Required,
        secret: key.is_secret(),
        default: match key.need() {
            Need::Default(text) => Some(text),
            Need::Required | Need::Optional => None,
        },
    }
}

fn table(role: &Described) -> String {
    let mut text = format!("{}{}\n", role.role, if role.has_store { "" } else { "  (无数据库 / no store)" });
    for queue in &role.queues {
        text.push_str(&format!("  队列 queue      {} <- {}\n", queue.name, queue.binds.join(", ")));
    }
    if !role.publishes.is_empty() {
        text.push_str(&format!("  发布 publishes  {}\n", role.publishes.join(", ")));
    }
    if !role.peers.is_empty() {
        text.push_str(&format!("  调用 calls      {}\n", role.peers.join(", ")));
    }
    for key in &role.settings {
        let need = match (key.required, key.default) {
            (true, _) => "必填 required".to_owned(),
            (false, Some(default)) => format!("默认 default {default}"),
            (false, None) => "可选 optional".to_owned(),
        };
        text.push_str(&format!("  配置 setting    {} ({need}): {}\n", key.name, key.expected));
    }
    text.push('\n');
    text
}
