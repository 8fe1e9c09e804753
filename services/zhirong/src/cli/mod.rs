//! The command line. Each command is a module of its own with its arguments and its `run`.

mod engines;
mod healthcheck;
mod migrate;
mod parked;
mod roles;
mod secrets;
mod serve;
mod staff;
mod terminal;
mod token;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// 知融：知识产权金融服务平台 / Zhirong: the platform of an IP finance service centre
#[derive(Debug, Parser)]
#[command(name = "zhirong", version, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 运行一个角色，直到收到 SIGTERM / Run one role until SIGTERM
    Serve(serve::Arguments),
    /// 在本机启动全部角色（缺少数据库或消息代理时一并启动）/ Run every role on this machine, with private engines unless given
    Up(up::Arguments),
    /// 建立或更新数据库与消息代理的结构和权限 / Bring database and broker up to date
    Migrate(migrate::Arguments),
    /// 生成密钥、口令与证书，供部署使用 / Generate keys, passwords and certificates for a deployment
    Secrets(secrets::Arguments),
    /// 为开发系统签发短期令牌 / Mint a short-lived token for a development system
    Token(token::Arguments),
    /// 开设、重置、停用服务台账号 / Accounts of the front desk
    Staff(staff::Arguments),
    /// 启动私有 PostgreSQL 与 RabbitMQ，运行一条命令后停止 / Run a command beside private PostgreSQL and RabbitMQ
    Engines(engines::Arguments),
    /// 查看与处置被搁置的消息（每个动作都记入审计）/ Look at and settle parked messages; every act is audited
    Parked(parked::Arguments),
    /// 检查一个角色是否就绪，退出码 0 或 1 / Ask whether a role is ready: exit code 0 or 1
    Healthcheck(healthcheck::Arguments),
    /// 测量扇出与产品匹配的性能 / Measure the fan-out or the matching of products
    Bench(crate::bench::Arguments),
    /// 演示：启动一套系统，十二家银行对一份申请同时作答 / A live demo: one application, twelve banks
    Demo(crate::demo::Arguments),
    /// 以模拟机构在运行中的系统上作答 / Simulated institutions that answer on a running system
    Simulate(crate::simulate::Arguments),
    /// 运行外部平台的替身服务（仅限本机，供测试与演示）/ Run a stand-in of an outside platform, for tests and demos
    StandIn(crate::standin::Arguments),
    /// 列出角色、队列、消息类型与配置项 / List roles, queues, message types and settings
    Roles(roles::Arguments),
}

/// Runs the command; the exit code is its own when it has one.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Up(arguments) => up::run(arguments).await,
        Command::Migrate(arguments) => migrate::run(arguments).await,
        Command::Secrets(arguments) => secrets::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Staff(arguments) => staff::run(arguments).await,
        Command::Engines(arguments) => engines::run(arguments).await,
        Command::Parked(arguments) => parked::run(arguments).await,
        Command::Healthcheck(arguments) => healthcheck::run(arguments).await,
        Command::Bench(arguments) => crate::bench::run(arguments).await,
        Command::Demo(arguments) => crate::demo::run(arguments).await,
        // Its state is large for a stack: it registers the whole demonstration.
        Command::Simulate(arguments) => Box::pin(crate::simulate::run(arguments)).await,
        Command::StandIn(arguments) => crate::standin::run(arguments).await,
        Command::Roles(arguments) => roles::run(&arguments),
    }
}

/// Turns a role's name into the role, for clap.
fn role(name: &str) -> Result<&'static host::Role, String> {
    crate::roles::find(name).ok_or_else(|| format!("one of: {}", crate::roles::names().join(", ")))
}
