//! A role's life with and without its engines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engines::{Engines, Source};
use host::migrate::{amqp_url, database_url, derived_secrets, migrate};
use host::probe;
use host::{HostError, Role, Settings, Surroundings};
use kernel::SystemClock;
use rpc::identity::KeyRing;
use testkit::eventually;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ground::{BARE, EAST, NORTH, admin};

const ASK: Duration = Duration::from_secs(5);
/// The bus pauses at most 5 s between two attempts to connect; a busy machine may take much longer than that.
const LIMIT: Duration = Duration::from_secs(60);

/// Keys as files that go with the test.
struct Keys(PathBuf);

impl Keys {
    fn of(role: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("zhirong-life-{}-{role}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let key = rpc::identity::generate().unwrap();
        let mut ring = KeyRing::default();
        ring.insert(role, &key.public_key).unwrap();
        std::fs::write(directory.join("key.pem"), key.private_pem).unwrap();
        std::fs::write(directory.join("ring.json"), ring.to_json()).unwrap();
        Self(directory)
    }

    fn pairs(&self) -> [(String, String); 2] {
        let path = |name: &str| self.0.join(name).display().to_string();
        [
            ("ZHIRONG_SIGNING_KEY_FILE".to_owned(), path("key.pem")),
            ("ZHIRONG_VERIFY_KEYS_FILE".to_owned(), path("ring.json")),
        ]
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

struct Running {
    admin: String,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), HostError>>,
}

fn start(role: &'static Role, pairs: Vec<(String, String)>) -> Running {
    let [grpc, port] = engines::ports::free().unwrap();
    let mut pairs = pairs;
    pairs.push(("ZHIRONG_LISTEN".to_owned(), format!("127.0.0.1:{grpc}")));
    pairs.push(("ZHIRONG_ADMIN_LISTEN".to_owned(), format!("127.0.0.1:{port}")));
    pairs.push(("ZHIRONG_EAST_LIMIT".to_owned(), "1".to_owned()));
    let settings = Settings::from_environment(role, &[&EAST], pairs).unwrap();
    let shutdown = CancellationToken::new();
    let surroundings = Surroundings { clock: Arc::new(SystemClock), shutdown: shutdown.clone() };
    let task = tokio::spawn(host::run_until(role, settings, surroundings));
    Running { admin: format!("http://127.0.0.1:{port}"), shutdown, task }
}

impl Running {
    async fn page(&self, path: &str) -> Option<probe::Page> {
        probe::get(&format!("{}{path}", self.admin), ASK).await.ok()
    }

    async fn until_ready(&self) {
        eventually(LIMIT, async || probe::ready(&self.admin, ASK).await).await;
    }

    /// Waits until `/readyz` says no, for each of these reasons.
    async fn until_not_ready(&self, reasons: &[&str]) {
        eventually(LIMIT, async || {
            let page = self.page("/readyz").await.ok_or("no answer")?;
            let seen = page.status == 503 && reasons.iter().all(|reason| page.text.contains(reason));
            if seen { Ok(()) } else { Err(page.text) }
        })
        .await;
    }

    async fn stop(self) -> Result<(), HostError> {
        self.shutdown.cancel();
        tokio::time::timeout(LIMIT, self.task).await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_starts_without_its_engines_becomes_ready_with_them_and_outlives_their_absence() {
    let mut engines = Engines::start(Source::Private).await.unwrap();
    let admin = admin(&engines, "life");
    let secrets = derived_secrets(&admin, &[&EAST]);
    let url = database_url(&admin, &EAST, &secrets["east"].database).unwrap();
    let amqp = amqp_url(engines.rabbitmq.amqp_base(), &admin.vhost, &EAST, &secrets["east"].broker).unwrap();
    let keys = Keys::of("east");
    let mut pairs = keys.pairs().to_vec();
    pairs.push(("ZHIRONG_DATABASE_URL".to_owned(), url.expose().clone()));
    pairs.push(("ZHIRONG_AMQP_URL".to_owned(), amqp.expose().clone()));
    let (postgres, rabbitmq) = tokio::join!(engines.postgres.halt(), engines.rabbitmq.halt());
    postgres.unwrap();
    rabbitmq.unwrap();

    let role = start(&EAST, pairs);
    role.until_not_ready(&["fail database", "fail broker", "fail consumer east.thanks.v1", "ok   grpc"])
        .await;
    assert_eq!(role.page("/healthz").await.unwrap().status, 200);

    let (postgres, rabbitmq) = tokio::join!(engines.postgres.resume(), engines.rabbitmq.resume());
    postgres.unwrap();
    rabbitmq.unwrap();
    role.until_not_ready(&["fail database: refused with SQLSTATE"]).await;
    migrate(&admin, &[&EAST], &secrets).await.unwrap();
    role.until_ready().await;
    let metrics = role.page("/metrics").await.unwrap();
    assert!(metrics.text.ends_with("# EOF\n"), "{}", metrics.text);

    engines.postgres.kill9().await.unwrap();
    role.until_not_ready(&["fail database"]).await;
    engines.postgres.resume().await.unwrap();
    role.until_ready().await;
    engines.rabbitmq.kill9().await.unwrap();
    role.until_not_ready(&["ok   database", "fail broker"]).await;
    engines.rabbitmq.resume().await.unwrap();
    role.until_ready().await;

    role.stop().await.unwrap();
    engines.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_without_a_store_is_ready_by_itself_and_ends_when_asked() {
    let keys = Keys::of("bare");
    let role = start(&BARE, keys.pairs().to_vec());
    role.until_ready().await;
    let page = role.page("/readyz").await.unwrap();
    assert_eq!(page.text, "bare ready\nok   grpc\n");
    role.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_that_cannot_listen_ends_with_the_address() {
    let keys = Keys::of("busy");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut pairs = keys.pairs().to_vec();
    pairs.push(("ZHIRONG_ADMIN_LISTEN".to_owned(), taken.local_addr().unwrap().to_string()));
    let settings = Settings::from_environment(&BARE, &[], pairs).unwrap();
    let surroundings = Surroundings { clock: Arc::new(SystemClock), shutdown: CancellationToken::new() };
    let error = host::run_until(&BARE, settings, surroundings).await.unwrap_err();
    assert!(
        matches!(error, HostError::Listen { address, .. } if address == taken.local_addr().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn a_running_role_forgets_answers_that_are_older_than_configured() {
    let ground = testkit::ground(&[&NORTH]).await;
    let pool = ground.pool(&NORTH);
    let put =
        "INSERT INTO request_replay SELECT 'role:west', gen_random_uuid(), '/m', sha256(''), '', now() - age
               FROM unnest(ARRAY['1 hour', '3 hours']::interval[]) AS age";
    sqlx::query(put).execute(&pool).await.unwrap();
    let served = ground.serve(&NORTH, &[("ZHIRONG_REPLAY_KEEP", "2h")]).await;
    eventually(LIMIT, async || {
        let left = "SELECT count(*) FROM request_replay";
        sqlx::query_scalar::<_, i64>(left).fetch_one(&pool).await.unwrap() == 1
    })
    .await;
    served.stop().await.unwrap();
}
