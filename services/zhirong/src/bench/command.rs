//! The command line of the benchmarks.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;

use super::{fanout, floor, institutions, matching, screening};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// 测量一窗扇出：吞吐、时延、CPU、内存，并与同机下限程序对照 / Measure the fan-out beside its floor
    Fanout(Fanout),
    /// 测量名册：导入、筛查与名单，并与同机下限对照 / Measure import, screening and list beside their floor
    Screening(Screening),
    /// 测量产品匹配的时延 / Measure MatchProducts over a full shelf
    Matching(Matching),
    /// The institutions' process; started by `fanout`
    #[command(hide = true)]
    Institutions {
        #[arg(long)]
        plan: PathBuf,
    },
    /// The floor's answering process; started by `fanout`
    #[command(hide = true)]
    FloorAnswers {
        #[arg(long)]
        amqp: String,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Fanout {
    /// 轮数，取中位数 / Runs; the median counts
    #[arg(long, default_value_t = 3)]
    pub(super) runs: usize,
    /// 每轮秒数 / Seconds for each run
    #[arg(long, default_value_t = 30)]
    pub(super) seconds: u64,
    /// 同时在途的申请数 / Applications under way at once
    #[arg(long, default_value_t = 64)]
    pub(super) in_flight: usize,
    /// 企业数，依次轮流申请 / Registered enterprises, which apply in turn
    #[arg(long, default_value_t = 3_000)]
    pub(super) enterprises: usize,
    /// 逐一提交的次数 / Applications submitted one at a time
    #[arg(long, default_value_t = 200)]
    pub(super) one_at_a_time: usize,
    /// 不测下限程序 / Leave the floor out
    #[arg(long)]
    pub(super) no_floor: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Screening {
    /// 企业数 / Enterprises
    #[arg(long, default_value_t = 100_000)]
    pub(super) enterprises: usize,
    /// 知识产权数 / Assets
    #[arg(long, default_value_t = 860_000)]
    pub(super) assets: usize,
    /// 随机种子 / Seed of the made-up rows
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// 不测下限 / Leave the floor out
    #[arg(long)]
    pub(super) no_floor: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Matching {
    /// 产品数 / Published products
    #[arg(long, default_value_t = 2_000)]
    pub(super) products: usize,
    /// 提问次数 / Questions, one need each, one at a time
    #[arg(long, default_value_t = 2_000)]
    pub(super) questions: usize,
}

pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.what {
        What::Fanout(options) => fanout::run(&options).await?,
        What::Screening(options) => screening::run(&options).await?,
        What::Matching(options) => matching::run(&options).await?,
        What::Institutions { plan } => institutions::run(&plan).await?,
        What::FloorAnswers { amqp } => floor::answer(&amqp).await?,
    }
    Ok(ExitCode::SUCCESS)
}
