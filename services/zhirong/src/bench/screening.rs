//! The register in full: 100,000 enterprises and 860,000 assets imported through the file service, screened, a list
//! published; beside the floor of the same rows by `COPY` into plain tables of the same columns and indexes, and of the same
//! scores by one statement, in the same run.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::TryStreamExt as _;
use proto::whitelist::v1::{
    self as wire, file_service_client::FileServiceClient, list_service_client::ListServiceClient,
    screening_service_client::ScreeningServiceClient, upload_file_request::Part,
};
use rpc::{Actor, Duty};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Request;
use uuid::Uuid;

use super::{
    command::Screening,
    fanout::named,
    machine, scores,
    tables::{self, Made},
};
use crate::{
    run_dir::RunDir,
    system::{ActingChannel, Options, System},
};

const CHUNK: usize = 256 * 1024;
/// Longer than a file of a million rows takes.
const LIMIT: Duration = Duration::from_secs(900);
/// The tables that are filled, and that the floor copies.
const TABLES: [&str; 2] = ["enterprise", "ip_asset"];

type Files = FileServiceClient<ActingChannel>;

pub(super) async fn run(options: &Screening) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("zhirong-bench-{}", Uuid::new_v4().simple()));
    std::fs::create_dir_all(&scratch)?;
    let settings = Options::scratch(RunDir::at(&scratch)?).set("ZHIRONG_LOG", "warn");
    println!("启动系统… (starting the system)");
    let mut system = System::start(settings).await?;
    let measured = measure(&mut system, options, &scratch).await;
    system.stop().await?;
    std::fs::remove_dir_all(&scratch)?;
    measured
}

async fn measure(system: &mut System, options: &Screening, scratch: &Path) -> Result<()> {
    let (enterprises, assets) = (scratch.join("enterprises.csv"), scratch.join("assets.csv"));
    let made = Made { enterprises: options.enterprises, assets: options.assets };
    ensure!(made.enterprises > 0, "at least one enterprise");
    tables::write(&enterprises, &assets, &made, options.seed)?;
    let duties = vec![Duty::Clerk, Duty::Supervisor];
    let staff = Actor::Staff { id: "bench".to_owned(), duties };
    let channel = system.channel("whitelist", staff)?;
    let client = FileServiceClient::new(channel.clone());
    let pid = system.pid("whitelist")?.context("whitelist does not run")?;
    println!("导入 (import): {} enterprises, {} assets", made.enterprises, made.assets);
    let rested = machine::peak_mebibytes(pid).unwrap_or_default();
    let first = import(&client, 1, &enterprises, made.enterprises).await?;
    let second = import(&client, 2, &assets, made.assets).await?;
    let imported = first + second;
    let peak = machine::peak_mebibytes(pid).unwrap_or_default();
    println!(
        "  together {:.2} s; whitelist's memory at most {peak:.0} MiB, {rested:.0} MiB before",
        imported.as_secs_f64()
    );
    let url = named(system.admin().postgres.expose(), &system.admin().database)?;
    let pool = PgPoolOptions::new().max_connections(2).connect(&url).await?;
    if !options.no_floor {
        let floor = floor(&pool, scratch).await?;
        println!(
            "下限 (floor, the same rows by COPY): {:.2} s; import / floor = {:.2} (at most 3)",
            floor.as_secs_f64(),
            imported.as_secs_f64() / floor.as_secs_f64()
        );
    }
    let (run_id, screened) = screen(channel.clone(), made.enterprises).await?;
    println!("筛查 (screening): {} enterprises in {:.2} s", made.enterprises, screened.as_secs_f64());
    if !options.no_floor {
        let (floor, same) = scores::floor(&pool, &run_id).await?;
        println!(
            "下限 (floor, the scores by one statement): {:.2} s, {same} of {} the same; screening / floor = {:.2} (at most 3)",
            floor.as_secs_f64(),
            made.enterprises,
            screened.as_secs_f64() / floor.as_secs_f64()
        );
    }
    pool.close().await;
    let list = scratch.join("list.csv");
    let listed = tables::write_list(&list, &made)?;
    import(&client, 4, &list, listed).await?;
    let published = publish(channel, listed).await?;
    println!("名单 (list): {listed} items published in {:.2} s", published.as_secs_f64());
    let peak = machine::peak_mebibytes(pid).unwrap_or_default();
    println!("whitelist's memory at most {peak:.0} MiB in all (at most 500)");
    Ok(())
}

/// Screens the whole register; how long until the run is done.
async fn screen(channel: ActingChannel, enterprises: usize) -> Result<(String, Duration)> {
    let mut client = ScreeningServiceClient::new(channel);
    let start = Instant::now();
    let request =
        wire::StartRunRequest { request_id: Uuid::now_v7().to_string(), ..wire::StartRunRequest::default() };
    let run_id = client.start_run(request).await?.into_inner().run_id;
    loop {
        let run = client.get_run(wire::GetRunRequest { run_id: run_id.clone() }).await?.into_inner();
        if run.state() == wire::RunState::Done {
            ensure!(usize::try_from(run.screened) == Ok(enterprises), "{} were screened", run.screened);
            return Ok((run_id, start.elapsed()));
        }
        ensure!(start.elapsed() < LIMIT, "the run is not done after {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Publishes the province's list.
async fn publish(channel: ActingChannel, items: usize) -> Result<Duration> {
    let start = Instant::now();
    let mut request = Request::new(wire::PublishListRequest {
        request_id: Uuid::now_v7().to_string(),
        kind: wire::ListKind::Province.into(),
    });
    request.set_timeout(LIMIT);
    let version = ListServiceClient::new(channel).publish_list(request).await?.into_inner();
    ensure!(usize::try_from(version.items) == Ok(items), "{} of {items} items", version.items);
    Ok(start.elapsed())
}

/// Uploads a file and accepts it; how long both took.
async fn import(client: &Files, kind: i32, file: &PathBuf, rows: usize) -> Result<Duration> {
    let mut client = client.clone();
    let header =
        wire::FileHeader { kind, format: wire::FileFormat::Csv.into(), ..wire::FileHeader::default() };
    let mut source = std::fs::File::open(file)?;
    let chunks = std::iter::from_fn(move || {
        let mut chunk = vec![0; CHUNK];
        let read = source.read(&mut chunk).ok().filter(|read| *read > 0)?;
        chunk.truncate(read);
        Some(Part::Chunk(chunk))
    });
    let parts = std::iter::once(Part::Header(header)).chain(chunks);
    let parts = parts.map(|part| wire::UploadFileRequest { part: Some(part) });
    let start = Instant::now();
    let mut request = Request::new(tokio_stream::iter(parts));
    request.set_timeout(LIMIT);
    let import = client.upload_file(request).await?.into_inner().import.context("no import")?;
    let uploaded = start.elapsed();
    ensure!(import.faults == 0, "{} faults in the made-up rows", import.faults);
    ensure!(usize::try_from(import.rows_new) == Ok(rows), "{} new rows of {rows}", import.rows_new);
    let accept =
        wire::AcceptImportRequest { request_id: Uuid::now_v7().to_string(), import_id: import.import_id };
    let start = Instant::now();
    let mut request = Request::new(accept);
    request.set_timeout(LIMIT);
    let accepted = client.accept_import(request).await?.into_inner().import.context("no import")?;
    let taken = start.elapsed();
    ensure!(usize::try_from(accepted.rows_new) == Ok(rows), "{} rows of {rows} taken", accepted.rows_new);
    println!(
        "  {rows} rows of {:.1} MB: read, checked and staged in {:.2} s, accepted in {:.2} s",
        import.bytes as f64 / 1e6,
        uploaded.as_secs_f64(),
        taken.as_secs_f64()
    );
    Ok(uploaded + taken)
}

/// The very rows that are in the register now, by `COPY` into tables of the same columns and indexes that nothing checks.
async fn floor(pool: &PgPool, scratch: &Path) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for table in TABLES {
        let file = scratch.join(format!("{table}.copy"));
        fetch(pool, table, &file).await?;
        let like = format!(
            "CREATE TABLE floor_{table} (LIKE whitelist.{table} INCLUDING DEFAULTS INCLUDING INDEXES)"
        );
        sqlx::raw_sql(AssertSqlSafe(like)).execute(pool).await?;
        let start = Instant::now();
        let mut conn = pool.acquire().await?;
        let mut copy = conn.copy_in_raw(&format!("COPY floor_{table} FROM STDIN")).await?;
        let mut source = tokio::fs::File::open(&file).await?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = source.read(&mut chunk).await?;
            if read == 0 {
                break;
            }
            copy.send(&chunk[..read]).await?;
        }
        copy.finish().await?;
        took += start.elapsed();
    }
    Ok(took)
}

async fn fetch(pool: &PgPool, table: &str, file: &Path) -> Result<()> {
    let mut conn = pool.acquire().await?;
    let mut rows = conn.copy_out_raw(&format!("COPY whitelist.{table} TO STDOUT")).await?;
    let mut to = tokio::fs::File::create(file).await?;
    while let Some(bytes) = rows.try_next().await? {
        to.write_all(&bytes).await?;
    }
    to.flush().await?;
    Ok(())
}
