//! The measurement: applications of registered enterprises, each to six banks and two evaluators that answer at once
//! through the partner gateway from another process; what every process spent on it; and the floor beside it.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use proto::intake::v1::intake_service_client::IntakeServiceClient;
use rpc::{Actor, Duty};
use sqlx::postgres::PgPoolOptions;
use tokio::{io::AsyncWriteExt as _, process::Command};
use uuid::Uuid;

use super::{
    chain,
    command::Fanout,
    floor,
    institutions::{Plan, Seen},
    latency::Latencies,
    load::{Measured, Shared, Until, closed_loop, hear, listen},
    machine::{self, Process, Usage},
    register::{self, Applicant},
    statements::Statements,
};
use crate::{
    run_dir::RunDir,
    secrets::PARTNER_TLS_CA,
    system::{Options, System},
};

/// Asked by every application.
const BANKS: usize = 6;
const EVALUATORS: usize = 2;
/// How long the system is watched while it has nothing to do.
const REST: Duration = Duration::from_secs(5);

pub(super) async fn run(options: &Fanout) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("zhirong-bench-{}", Uuid::new_v4().simple()));
    std::fs::create_dir_all(&scratch)?;
    let settings = Options::scratch(RunDir::at(&scratch)?)
        .set("ZHIRONG_INTAKE_WINDOW", "3600s")
        .set("ZHIRONG_INTAKE_AUTO_ACCEPT", "API")
        .set("ZHIRONG_LOG", "warn");
    println!("启动系统… (starting the system)");
    let mut system = System::start(settings).await?;
    let measured = measure(&mut system, options, &scratch).await;
    let floor = match (&measured, options.no_floor) {
        (Ok(_), false) => Some(beside(&mut system, options).await),
        _ => None,
    };
    system.stop().await?;
    std::fs::remove_dir_all(&scratch)?;
    let rate = measured?;
    if let Some(floor) = floor {
        let floor = floor?;
        println!("\n下限程序 (floor, same engines, same run)");
        println!(
            "  {:.0} cases/s; at load {}; one at a time {}",
            floor.cases_per_second,
            floor.at_load.text(),
            floor.one_at_a_time.text()
        );
        println!("  fan-out / floor = {:.1} %", 100.0 * rate / floor.cases_per_second);
    }
    Ok(())
}

async fn measure(system: &mut System, options: &Fanout, scratch: &std::path::Path) -> Result<f64> {
    let ways = register::institutions(system, BANKS, EVALUATORS).await?;
    let begun = Instant::now();
    let applicants: Arc<[Applicant]> = register::enterprises(system, options.enterprises).await?.into();
    println!("登记企业 {} 家，用时 {:.1} s (registered)", applicants.len(), begun.elapsed().as_secs_f64());
    let resting = machine::usage(&pids(system)?);
    tokio::time::sleep(REST).await;
    let rested = machine::usage(&pids(system)?);
    let idle = roles_memory(&rested, system);
    println!("  at rest:");
    print_usage(&resting, &rested, REST.as_secs_f64(), "s");

    let plan = Plan {
        url: system.place("partner")?.partner_url.clone().context("partner has no face for institutions")?,
        ca_pem: system.secrets().read(PARTNER_TLS_CA)?.expose().to_owned(),
        institutions: ways,
        seen: scratch.join("seen.json"),
    };
    let plan_file = scratch.join("plan.json");
    std::fs::write(&plan_file, serde_json::to_vec(&plan)?)?;
    let mut institutions = Command::new(std::env::current_exe()?)
        .args(["bench", "institutions", "--plan"])
        .arg(&plan_file)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;

    let board: Shared = Arc::default();
    let hearing = hear(listen(&database(system)?).await?, Arc::clone(&board));
    let listening = tokio::spawn(async move {
        if let Err(error) = hearing.await {
            eprintln!("the benchmark does not hear any more what is ready: {error:#}");
        }
    });
    let client = IntakeServiceClient::new(
        system.channel("intake", Actor::Staff { id: "bench".to_owned(), duties: vec![Duty::Clerk] })?,
    );

    let mut all = Measured::default();
    let singles = closed_loop(&client, &applicants, &board, 1, Until::Count(options.one_at_a_time)).await?;
    println!(
        "\n逐一提交 (one at a time, {} cases)\n  submit → offers ready {}",
        singles.decisions.count(),
        singles.decisions.text()
    );

    let pool = PgPoolOptions::new().max_connections(1).connect(&database(system)?).await?;
    let watch = |system: &mut System| -> Result<Vec<(String, u32)>> {
        let mut watched = pids(system)?;
        watched.extend(institutions.id().map(|pid| ("institutions".to_owned(), pid)));
        Ok(watched)
    };
    let statements = Statements::begin(&pool).await?;
    let mut rates = Vec::new();
    for number in 1..=options.runs {
        let (before, work) = (machine::usage(&watch(system)?), work_done(&pool, system).await?);
        let begun = Instant::now();
        let until = Until::Time(Duration::from_secs(options.seconds));
        let run = closed_loop(&client, &applicants, &board, options.in_flight, until).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let (after, work_after) = (machine::usage(&watch(system)?), work_done(&pool, system).await?);
        let cases = run.decisions.count() as f64;
        rates.push(cases / seconds);
        println!("\n第{number}轮 (run {number}, closed loop of {})", options.in_flight);
        println!(
            "  {:.1} cases/s; submit → offers ready {}; {} failed",
            cases / seconds,
            run.decisions.text(),
            run.failed
        );
        println!(
            "  per case: {:.1} commits, {:.1} messages",
            (work_after.0 - work.0) as f64 / cases,
            (work_after.1 - work.1) / cases
        );
        print_usage(&before, &after, cases, "case");
        println!("  roles together: {:.0} MiB at load, {idle:.0} MiB before", roles_memory(&after, system));
        all.decisions.extend(run.decisions);
        all.submitted.extend(run.submitted);
    }
    statements.print(&pool, all.decisions.count()).await?;
    all.submitted.extend(singles.submitted.iter().map(|(case, at)| (case.clone(), *at)));
    listening.abort();
    if let Some(mut stdin) = institutions.stdin.take() {
        stdin.shutdown().await?;
    }
    institutions.wait().await?;
    let seen: Seen = serde_json::from_slice(&std::fs::read(&plan.seen)?)?;
    println!(
        "\n全部轮次 (all): submit → last delivery {}",
        deliveries(&pool, &seen, &all.submitted).await?.text()
    );
    println!("逐一提交的各段 (one at a time, hop by hop)");
    chain::print(&pool, &singles.submitted, &seen).await?;
    rates.sort_by(f64::total_cmp);
    let median = rates.get(rates.len() / 2).copied().unwrap_or_default();
    println!("中位数 (median): {median:.1} cases/s");
    Ok(median)
}

fn pids(system: &mut System) -> Result<Vec<(String, u32)>> {
    let mut pids = Vec::new();
    for (role, _) in system.places() {
        if let Some(pid) = system.pid(role)? {
            pids.push((role.to_owned(), pid));
        }
    }
    let engines = system.engines();
    pids.extend(engines.postgres.pid().map(|pid| ("postgresql".to_owned(), pid.unsigned_abs())));
    pids.extend(engines.rabbitmq.pid().map(|pid| ("rabbitmq".to_owned(), pid.unsigned_abs())));
    pids.push(("load".to_owned(), std::process::id()));
    Ok(pids)
}

fn roles_memory(usage: &Usage, system: &System) -> f64 {
    system.places().filter_map(|(role, _)| usage.0.get(role)).map(|process| process.mebibytes).sum()
}

fn print_usage(before: &Usage, after: &Usage, units: f64, unit: &str) {
    let mut total = 0.0;
    for (name, now) in &after.0 {
        let then = before.0.get(name).copied().unwrap_or(Process::default());
        let spent = (now.cpu_seconds - then.cpu_seconds).max(0.0);
        total += spent;
        println!("    {name:<12} {:>6.2} ms CPU/{unit} {:>7.0} MiB", 1_000.0 * spent / units, now.mebibytes);
    }
    println!("    {:<12} {:>6.2} ms CPU/{unit}", "all", 1_000.0 * total / units);
}

fn database(system: &System) -> Result<String> {
    named(system.admin().postgres.expose(), &system.admin().database)
}

/// The same server's URL with another database.
pub(super) fn named(url: &str, database: &str) -> Result<String> {
    let (server, _) = url.rsplit_once('/').context("the URL of PostgreSQL names no database")?;
    Ok(format!("{server}/{database}"))
}

/// Commits of the database, and messages that the roles have published, so far.
async fn work_done(pool: &sqlx::PgPool, system: &System) -> Result<(i64, f64)> {
    let commits: i64 =
        sqlx::query_scalar("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(pool)
            .await?;
    let mut published = 0.0;
    for (_, place) in system.places() {
        let page = host::probe::get(&format!("{}/metrics", place.admin_url), Duration::from_secs(5)).await;
        let text = page.map_err(|cause| anyhow::anyhow!("no metrics: {cause}"))?.text;
        let values = text.lines().filter(|line| line.starts_with("zhirong_outbox_published_total"));
        published += values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
    }
    Ok((commits, published))
}

/// From each submission to the moment at which the last of its institutions first saw the assignment.
async fn deliveries(
    pool: &sqlx::PgPool,
    seen: &Seen,
    submitted: &HashMap<String, u128>,
) -> Result<Latencies> {
    let legs: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT id, case_id FROM intake.leg").fetch_all(pool).await?;
    let mut last: HashMap<String, u128> = HashMap::new();
    for (leg, case) in legs {
        if let Some(at) = seen.get(&format!("assignments/{leg}")) {
            let latest = last.entry(case.to_string()).or_default();
            *latest = (*latest).max(*at);
        }
    }
    let mut latencies = Latencies::default();
    for (case, at) in submitted {
        if let Some(delivered) = last.get(case) {
            latencies.add(Duration::from_micros(u64::try_from(delivered.saturating_sub(*at))?));
        }
    }
    Ok(latencies)
}

/// The floor on the same engines, in a database and a virtual host of its own.
async fn beside(system: &mut System, options: &Fanout) -> Result<floor::Floor> {
    println!("\n测量下限程序… (measuring the floor)");
    for (role, _) in system.places().map(|(role, place)| (role, place.clone())).collect::<Vec<_>>() {
        system.stop_role(role).await?;
    }
    let name = format!("floor_{}", Uuid::new_v4().simple());
    let server = system.admin().postgres.expose().clone();
    let admin = PgPoolOptions::new().max_connections(1).connect(&server).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await?;
    let vhost = system.admin().vhost.clone();
    let amqp = system.engines().rabbitmq.amqp_url(&vhost);
    let floor =
        floor::run(&named(&server, &name)?, &amqp, options.seconds, options.in_flight, options.one_at_a_time)
            .await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&admin).await?;
    floor
}
