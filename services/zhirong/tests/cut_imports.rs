//! A file on its way into the register while the process that takes it is killed (SIGKILL), at moments that are held still by
//! locks: while rows are staged, halfway through the rows, with all rows written and nothing committed, while rows are
//! changed, and once all is committed. What is there is always the whole file or nothing of it.

use std::fmt::Write as _;
use std::time::Duration;

use kernel::Uscc;
use proto::whitelist::v1::upload_file_request::Part;
use proto::whitelist::v1::{self as wire, file_service_client::FileServiceClient};
use rpc::{Actor, Duty};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};
use testkit::eventually;
use tokio::task::JoinHandle;
use tonic::{Request, Status};
use zhirong::system::{Options, System};

use crate::place::Place;

/// More than the loader and the connection hold back, so that a file is staged in many pieces.
const ROWS: u32 = 20_000;
/// The row at which rows are stopped halfway.
const MIDDLE: u32 = ROWS / 2;
const LIMIT: Duration = Duration::from_secs(90);

struct Stand {
    system: System,
    books: PgPool,
}

fn uscc(row: u32) -> String {
    Uscc::complete("91419001", &format!("MA{row:06}")).unwrap().as_str().to_owned()
}

/// `suffix` ends every name.
fn file(suffix: &str) -> String {
    let mut text = "uscc,name,size,industry,park,region\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "{},济源市第{row}厂{suffix},SMALL,C32,JY-GX,419001", uscc(row)).unwrap();
    }
    text
}

impl Stand {
    async fn new(place: &Place) -> Self {
        let mut options = Options::scratch(place.run_dir());
        options.roles = vec![&whitelist::ROLE];
        let database = options.database.clone();
        let system = System::start(options).await.unwrap();
        let admin: PgConnectOptions = system.admin().postgres.expose().parse().unwrap();
        let admin = admin.database(&database).options([("search_path", whitelist::ROLE.name)]);
        let books = PgPoolOptions::new().max_connections(4).connect_with(admin).await.unwrap();
        Self { system, books }
    }

    fn client(&self) -> FileServiceClient<zhirong::system::ActingChannel> {
        let actor = Actor::Staff { id: "keeper".to_owned(), duties: vec![Duty::Clerk, Duty::Supervisor] };
        FileServiceClient::new(self.system.channel("whitelist", actor).unwrap())
    }

    fn upload(&self, text: &str) -> JoinHandle<Result<wire::UploadFileResponse, Status>> {
        let header = wire::FileHeader { kind: 1, format: wire::FileFormat::Csv.into(), ..Default::default() };
        let chunks = text.as_bytes().chunks(500_000).map(|chunk| Part::Chunk(chunk.to_vec()));
        let parts: Vec<_> = std::iter::once(Part::Header(header))
            .chain(chunks)
            .map(|part| wire::UploadFileRequest { part: Some(part) })
            .collect();
        let mut request = Request::new(tokio_stream::iter(parts));
        request.set_timeout(LIMIT);
        let mut client = self.client();
        tokio::spawn(async move { Ok(client.upload_file(request).await?.into_inner()) })
    }

    fn accept(&self, request_id: &str, import_id: &str) -> JoinHandle<Result<wire::Import, Status>> {
        let request_id = request_id.to_owned();
        let mut request =
            Request::new(wire::AcceptImportRequest { request_id, import_id: import_id.to_owned() });
        request.set_timeout(LIMIT);
        let mut client = self.client();
        tokio::spawn(async move { Ok(client.accept_import(request).await?.into_inner().import.unwrap()) })
    }

    async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.books).await.unwrap()
    }

    /// Until somebody waits for the lock that `held` holds.
    async fn stopped(&self, held: &mut Transaction<'static, Postgres>) {
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut **held).await.unwrap();
        eventually(LIMIT, async || {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
            )
            .bind(pid)
            .fetch_one(&self.books)
            .await
            .unwrap();
            waiting > 0
        })
        .await;
    }

    /// Kills the process where it stands, lets go what it waited for, and waits until it is there again.
    async fn kill(&mut self, held: Option<Transaction<'static, Postgres>>) {
        self.system.kill_role("whitelist", true).await.unwrap();
        if let Some(held) = held {
            held.rollback().await.unwrap();
        }
        self.system.wait_ready("whitelist", LIMIT).await.unwrap();
        // What the killed process had asked the server for has ended too.
        eventually(LIMIT, async || {
            self.number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND (query LIKE 'INSERT INTO enterprise%' OR query LIKE 'UPDATE enterprise%' OR query LIKE 'COPY %')
                    AND state <> 'idle'",
            )
            .await
                == 0
        })
        .await;
    }

    /// Rows of the register, versions that were replaced, acceptances on record.
    async fn seen(&self) -> [i64; 3] {
        [
            self.number("SELECT count(*) FROM enterprise").await,
            self.number("SELECT count(*) FROM enterprise_version").await,
            self.number("SELECT count(*) FROM audit_entry WHERE action = 'ACCEPT_IMPORT'").await,
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_taker_is_killed_at_any_moment_is_there_once_and_whole_or_not_at_all() {
    let place = Place::new("cut-imports");
    let mut stand = Stand::new(&place).await;
    let rows = i64::from(ROWS);
    let first = file("");

    // While rows are staged: of the rows nothing stays, and the same file is read anew.
    let mut held = stand.books.begin().await.unwrap();
    sqlx::query("LOCK TABLE staged_enterprise IN SHARE MODE").execute(&mut *held).await.unwrap();
    let cut = stand.upload(&first);
    stand.stopped(&mut held).await;
    stand.kill(Some(held)).await;
    assert!(cut.await.unwrap().is_err());
    assert_eq!(stand.number("SELECT count(*) FROM staged_enterprise").await, 0);
    assert_eq!(stand.number("SELECT count(*) FROM file_import WHERE state = 'READING'").await, 1);
    let uploaded = stand.upload(&first).await.unwrap().unwrap();
    assert!(!uploaded.repeated);
    let import = uploaded.import.unwrap();
    assert_eq!((import.rows, import.rows_new), (20_000, 20_000));

    // Halfway through the rows: the server waits for one of them, which somebody else is registering.
    let request_id = uuid::Uuid::new_v4().to_string();
    let mut held = stand.books.begin().await.unwrap();
    let middle =
        "INSERT INTO enterprise (enterprise_id, uscc, name, size, industry, park, region, registered_at)
        VALUES (gen_random_uuid(), $1, 'x', 'SMALL', 'C32', 'JY-GX', '419001', now())";
    sqlx::query(middle).bind(uscc(MIDDLE)).execute(&mut *held).await.unwrap();
    let cut = stand.accept(&request_id, &import.import_id);
    stand.stopped(&mut held).await;
    stand.kill(Some(held)).await;
    assert!(cut.await.unwrap().is_err());
    assert_eq!(stand.seen().await, [0, 0, 0]);

    // With every row written, before the commit.
    let mut held = stand.books.begin().await.unwrap();
    sqlx::query("LOCK TABLE audit_entry IN SHARE MODE").execute(&mut *held).await.unwrap();
    let cut = stand.accept(&request_id, &import.import_id);
    stand.stopped(&mut held).await;
    stand.kill(Some(held)).await;
    assert!(cut.await.unwrap().is_err());
    assert_eq!(stand.seen().await, [0, 0, 0]);

    // As soon as it is committed, whether or not the answer was given: asked again, it is the same answer.
    let cut = stand.accept(&request_id, &import.import_id);
    eventually(LIMIT, async || stand.number("SELECT count(*) FROM enterprise").await > 0).await;
    stand.kill(None).await;
    let told = cut.await.unwrap();
    assert_eq!(stand.seen().await, [rows, 0, 1]);
    let accepted = stand.accept(&request_id, &import.import_id).await.unwrap().unwrap();
    assert_eq!(accepted.state(), wire::ImportState::Accepted);
    assert_eq!(accepted.rows_new, 20_000);
    assert!(told.is_err() || told.unwrap() == accepted);
    assert_eq!(stand.seen().await, [rows, 0, 1]);
    let again = stand.upload(&first).await.unwrap().unwrap();
    assert!(again.repeated && again.import.unwrap() == accepted);

    // While rows are changed: a changed row and its replaced version come together or not at all.
    let second = file("（新）");
    let import = stand.upload(&second).await.unwrap().unwrap().import.unwrap();
    assert_eq!((import.rows_new, import.rows_changed), (0, 20_000));
    let request_id = uuid::Uuid::new_v4().to_string();
    let mut held = stand.books.begin().await.unwrap();
    sqlx::query("SELECT FROM enterprise WHERE uscc = $1 FOR UPDATE")
        .bind(uscc(MIDDLE))
        .execute(&mut *held)
        .await
        .unwrap();
    let cut = stand.accept(&request_id, &import.import_id);
    stand.stopped(&mut held).await;
    stand.kill(Some(held)).await;
    assert!(cut.await.unwrap().is_err());
    assert_eq!(stand.seen().await, [rows, 0, 1]);
    let accepted = stand.accept(&request_id, &import.import_id).await.unwrap().unwrap();
    assert_eq!((accepted.rows_new, accepted.rows_changed), (0, 20_000));
    assert_eq!(stand.seen().await, [rows, rows, 2]);
    let twice =
        stand.number("SELECT count(*) FROM enterprise WHERE version <> 2 OR name NOT LIKE '%（新）'").await;
    assert_eq!(twice, 0);
    assert_eq!(stand.system.restarts("whitelist").unwrap(), 5);

    stand.books.close().await;
    stand.system.stop().await.unwrap();
}
