//! A backup is taken while answers are between partner and intake, the database is destroyed, and the backup restored:
//! what was there at the backup is there again and comes to its end, and nothing has happened twice.

use std::path::{Path, PathBuf};
use std::process::Output;

use engines::Source;
use proto::intake::v1::{CaseHeader, CaseState, ListOffersResponse};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use zhirong::roles;
use zhirong::secrets::database_url;
use zhirong::simulate::Script;

use crate::support::{LIMIT, Town, town};

const OFFERS: usize = 3;

/// The scripts of `deploy/backup` against a town's database.
struct Keeper {
    folder: PathBuf,
    server: String,
    database: String,
}

impl Keeper {
    fn of(town: &mut Town) -> Self {
        let server = town.system.engines().postgres.admin_url().to_owned();
        let folder = std::env::temp_dir().join(format!("zhirong-backup-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, server, database: town.system.admin().database.clone() }
    }

    async fn run(&self, script: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy/backup").join(script);
        let mut command = tokio::process::Command::new("sh");
        command.arg(path).args(arguments).env("ZHIRONG_BACKUP_POSTGRES_URL", &self.server);
        command.env("ZHIRONG_BACKUP_DATABASE", &self.database).env("ZHIRONG_BACKUP_DIR", &self.folder);
        command.envs(settings.iter().copied());
        command.output().await.unwrap()
    }

    async fn does(&self, script: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
        let output = self.run(script, arguments, settings).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{script} {arguments:?}: {told}");
        told + &String::from_utf8_lossy(&output.stdout)
    }

    async fn refuses(&self, script: &str, arguments: &[&str], because: &str) {
        let output = self.run(script, arguments, &[]).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{script} {arguments:?} should have refused");
        assert!(told.contains(because), "{told}");
    }

    /// Folders of finished backups, oldest first.
    fn backups(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<PathBuf> = entries.filter(|path| path.join("SHA256SUMS").exists()).collect();
        found.sort();
        found
    }

    /// As the administrator, in `postgres` or in the database itself.
    async fn admin(&self, database: &str) -> PgPool {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        PgPoolOptions::new().max_connections(2).connect(&format!("{server}/{database}")).await.unwrap()
    }
}

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

/// Replies by their institutions: what the enterprise sees.
fn replies(offers: &ListOffersResponse) -> Vec<(String, String)> {
    let of = |view: &proto::intake::v1::OfferView| (view.institution_id.clone(), format!("{:?}", view.offer));
    let mut all: Vec<(String, String)> = offers.offers.iter().map(of).collect();
    all.sort();
    all
}

async fn settled(town: &mut Town, case: &CaseHeader) -> Vec<(String, String)> {
    town.reaches(case, CaseState::OffersReady).await;
    let offers = town.offers(case).await;
    assert_eq!(offers.offers.len(), OFFERS);
    assert!(offers.late_offers.is_empty());
    replies(&offers)
}

/// The broker's virtual host is emptied and made anew, and users get their passwords: `zhirong migrate`.
async fn migrate_anew(town: &Town) {
    let admin = town.system.admin();
    let broker = bus::topology::BrokerAdmin::new(admin.management.expose()).unwrap();
    broker.delete_vhost(&admin.vhost).await.unwrap();
    let passwords = host::migrate::derived_secrets(admin, &roles::ALL);
    host::migrate::migrate(admin, &roles::ALL, &passwords).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_in_mid_fan_out_is_restored_whole_and_every_case_in_it_comes_to_its_end_once() {
    let mut town =
        town(Source::Private, &[Script::Offer, Script::Decline(kernel::DeclineReason::R03)], &[]).await;
    let keeper = Keeper::of(&mut town);
    let before = town.submit().await;
    let before_offers = settled(&mut town, &before).await;

    // Offers cannot be written: answers are taken by partner, confirmed by the broker, and wait in intake's hand.
    let database = keeper.admin(&keeper.database).await;
    let mut barrier = database.begin().await.unwrap();
    sqlx::query("LOCK TABLE intake.offer IN EXCLUSIVE MODE").execute(&mut *barrier).await.unwrap();
    let in_flight = town.submit().await;
    let answered = "SELECT count(*) FROM partner.reply WHERE kind IN (1, 2)";
    let unsent = "SELECT count(*) FROM partner.outbox";
    testkit::eventually(LIMIT, || async {
        count(&database, answered).await == 12 && count(&database, unsent).await == 0
    })
    .await;
    let lost = count(
        &database,
        "SELECT count(*) FROM partner.reply \
         WHERE kind = 1 AND reply_id NOT IN (SELECT reply_id FROM intake.offer)",
    )
    .await;
    assert_eq!(lost, 3, "three offers are on their way");
    keeper.does("backup.sh", &[], &[]).await;
    barrier.rollback().await.unwrap();

    // Life goes on, and ends.
    let in_flight_offers = settled(&mut town, &in_flight).await;
    let after = town.submit().await;
    settled(&mut town, &after).await;
    let names: Vec<&'static str> = roles::names().into_iter().collect();
    let backup = keeper.backups().pop().unwrap();
    let backup = backup.to_str().unwrap();
    keeper.refuses("restore.sh", &["--aside", backup], "stop them first").await;
    for role in &names {
        town.system.stop_role(role).await.unwrap();
    }
    database.close().await;
    keeper.refuses("restore.sh", &[backup], "exists").await;
    let server = keeper.admin("postgres").await;
    let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", keeper.database);
    sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&server).await.unwrap();
    server.close().await;

    let told = keeper.does("restore.sh", &[backup], &[]).await;
    assert!(told.contains("answers of institutions were on their way from partner"), "{told}");
    migrate_anew(&town).await;
    for role in &names {
        town.system.start_role(role).await.unwrap();
    }
    for role in &names {
        town.system.wait_ready(role, LIMIT).await.unwrap();
    }

    assert_eq!(settled(&mut town, &before).await, before_offers);
    assert_eq!(settled(&mut town, &in_flight).await, in_flight_offers, "offers in flight were not lost");
    assert!(town.clerk.case(&after.case_id).await.is_err(), "nothing is left of what came after the backup");
    let anew = town.submit().await;
    settled(&mut town, &anew).await;
    nothing_happened_twice(&town, &keeper).await;
    std::fs::remove_dir_all(&keeper.folder).unwrap();
    town.stop().await;
}

async fn nothing_happened_twice(town: &Town, keeper: &Keeper) {
    let database = keeper.admin(&keeper.database).await;
    for question in [
        "SELECT count(*) FROM (SELECT leg_id FROM intake.offer GROUP BY leg_id HAVING count(*) > 1) AS twice",
        "SELECT count(*) FROM intake.leg WHERE state = 'OFFERED' AND id NOT IN (SELECT leg_id FROM intake.offer)",
        "SELECT count(*) FROM intake.offer AS o JOIN intake.leg AS l ON l.id = o.leg_id WHERE l.state <> 'OFFERED'",
        "SELECT count(*) FROM partner.assignment WHERE assignment_id NOT IN (SELECT id FROM intake.leg)",
        "SELECT count(*) FROM intake.held WHERE kind = 'parked'",
        "SELECT count(*) FROM partner.held WHERE kind = 'parked'",
        "SELECT count(*) FROM statistics.held WHERE kind = 'parked'",
    ] {
        assert_eq!(count(&database, question).await, 0, "{question}");
    }
    database.close().await;
    for role in roles::ALL.iter().filter(|role| role.has_store) {
        let url = std::fs::read_to_string(town.system.run_dir().running(&database_url(role.name))).unwrap();
        let pool = PgPoolOptions::new().max_connections(1).connect(url.trim()).await.unwrap();
        let chain = rpc::audit::verify_chain(&pool).await;
        assert!(chain.is_ok(), "the audit chain of {}: {chain:?}", role.name);
        pool.close().await;
    }
}

/// Questions that the manual tells people to ask the database, as one finds them between backquotes.
fn questions(manual: &str) -> Vec<String> {
    let joined = manual.replace("\n  ", " ").replace('\n', " ");
    let spans = joined.split('`').filter(|span| span.starts_with("SELECT "));
    spans.map(|span| span.trim_end_matches(';').to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_checked_before_it_is_used_and_the_questions_of_the_manual_can_be_asked() {
    let mut town = town(Source::GivenOrPrivate, &[Script::Offer], &[]).await;
    let keeper = Keeper::of(&mut town);
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/OPERATIONS.md");
    let asked = questions(&std::fs::read_to_string(manual).unwrap());
    assert!(asked.len() > 5);
    let database = keeper.admin(&keeper.database).await;
    for question in asked {
        let answer = sqlx::query(sqlx::AssertSqlSafe(question.clone())).fetch_all(&database).await;
        assert!(answer.is_ok(), "{question}: {answer:?}");
    }
    database.close().await;
    let seal = [("ZHIRONG_BACKUP_ENCRYPT", "tr a-z n-za-m"), ("ZHIRONG_BACKUP_KEEP", "2")];
    keeper.does("backup.sh", &[], &seal).await;
    let first = keeper.backups().pop().unwrap();
    assert!(first.join("database.dump.sealed").exists() && !first.join("database.dump").exists());
    keeper.refuses("restore.sh", &["--check", first.to_str().unwrap()], "is sealed").await;
    let open = [("ZHIRONG_BACKUP_DECRYPT", "tr a-z n-za-m")];
    keeper.does("restore.sh", &["--check", first.to_str().unwrap()], &open).await;
    let noted = std::fs::read_to_string(keeper.folder.join("metrics/backup.prom")).unwrap();
    assert!(noted.contains("\nzhirong_backup_last_success_timestamp_seconds "), "{noted}");

    // No more than are to be kept, and the newest of them.
    for name in ["20200101T000000Z", "20200102T000000Z", "20200103T000000Z"] {
        std::fs::create_dir(keeper.folder.join(name)).unwrap();
        std::fs::write(keeper.folder.join(name).join("SHA256SUMS"), "").unwrap();
    }
    keeper.does("backup.sh", &[], &[("ZHIRONG_BACKUP_KEEP", "2")]).await;
    let kept = keeper.backups();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0], first);

    // One changed byte.
    let dump = kept[1].join("database.dump");
    let mut bytes = std::fs::read(&dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&dump, bytes).unwrap();
    keeper.refuses("restore.sh", &["--check", kept[1].to_str().unwrap()], "not what it was").await;

    // Without a server there is no backup, and the number of those that are there stays.
    let away = Keeper {
        server: "postgres://nobody:nothing@127.0.0.1:1/postgres".to_owned(),
        folder: keeper.folder.clone(),
        database: keeper.database.clone(),
    };
    away.refuses("backup.sh", &[], "onnection").await;
    assert_eq!(keeper.backups(), kept);
    std::fs::remove_dir_all(&keeper.folder).unwrap();
    town.stop().await;
}
