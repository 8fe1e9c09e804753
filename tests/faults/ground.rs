//! The ground of a run: a whole system on engines of its own, windows of seconds, everyone of the demo data at work.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use engines::Source;
use kernel::DeclineReason;
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use rand::Rng as _;
use rpc::Duty;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use zhirong::run_dir::RunDir;
use zhirong::simulate::data::{self, HouseTerms, Loaded, LoadedHouse, Wanted};
use zhirong::simulate::{
    Casting, Clerk, Conduct, Crowd, Delays, Link, Manner, Part, Report, Script, Seed, Sequel, StaffChannel,
    Trade,
};
use zhirong::system::{Options, System};

use crate::plan;
use crate::witness;

const BANKS: usize = 12;
/// Enough for the firms that a screening excludes, which stand behind the first forty.
const ENTERPRISES: usize = 60;
/// What a run without wishes does; `./dev test` has no time for more.
const CASES: usize = 60;
const SECONDS: u64 = 45;

/// How much is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub(crate) seed: Seed,
    pub(crate) cases: usize,
    /// In which all cases are submitted and all faults fire.
    pub(crate) time: Duration,
}

impl Measure {
    /// `FAULTS_SEED`, `FAULTS_CASES`, `FAULTS_SECONDS`; a seed by chance, and little of the rest.
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
        };
        let seed = number("FAULTS_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
        Self {
            seed: Seed(seed),
            cases: number("FAULTS_CASES").map_or(CASES, |cases| usize::try_from(cases).unwrap()),
            time: Duration::from_secs(number("FAULTS_SECONDS").unwrap_or(SECONDS)),
        }
    }
}

pub(crate) struct Ground {
    pub(crate) measure: Measure,
    pub(crate) system: System,
    pub(crate) link: Link,
    pub(crate) loaded: Loaded,
    pub(crate) clerk: Clerk,
    pub(crate) whitelist: WhitelistServiceClient<StaffChannel>,
    pub(crate) crowd: Crowd,
    /// A superuser's, which sees every schema.
    pub(crate) books: PgPool,
    scratch: PathBuf,
    begun: Instant,
}

impl Ground {
    pub(crate) async fn start(measure: Measure) -> Self {
        let begun = Instant::now();
        let scratch = std::env::temp_dir().join(format!("zhirong-faults-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&scratch).unwrap();
        // Many cases at once need more time each.
        let (window, patience) = if measure.cases > 100 { ("20s", "14s") } else { ("10s", "8s") };
        let mut options = Options::scratch(RunDir::at(&scratch).unwrap())
            .set("ZHIRONG_INTAKE_WINDOW", window)
            .set("ZHIRONG_INTAKE_GRACE_SECONDS", "2")
            .set("ZHIRONG_INTAKE_SUPPLEMENT", "6s")
            .set("ZHIRONG_INTAKE_ASK_AGAIN_SECONDS", "4")
            .set("ZHIRONG_INTAKE_AUTO_ACCEPT", "API")
            .set("ZHIRONG_INTAKE_COVER_WAIT", window)
            .set("ZHIRONG_INTAKE_SELECTION", patience)
            .set("ZHIRONG_INTAKE_APPROVAL", patience)
            .set("ZHIRONG_INTAKE_NO_OFFER", "8s")
            .set("ZHIRONG_INSURANCE_WINDOW", patience)
            .set("ZHIRONG_INSURANCE_ASK_AGAIN_SECONDS", "4")
            .set("ZHIRONG_INSURANCE_GRACE_SECONDS", "1");
        options.engines = Source::Private;
        let database = options.database.clone();
        let system = System::start(options).await.unwrap();
        let link = Link::of(system.run_dir()).unwrap();
        let wanted = Wanted { banks: BANKS, enterprises: ENTERPRISES };
        let books = books(system.admin().postgres.expose(), &database).await;
        witness::install(&books).await;
        let loaded = data::load(&link, measure.seed, wanted).await.unwrap();
        let houses = data::load_houses(&link, measure.seed).await.unwrap();
        let crowd = everyone(&link, &loaded, &houses, measure.seed).await;
        let clerk = Clerk::new(&link).unwrap();
        let whitelist = WhitelistServiceClient::new(link.staff("whitelist", &[Duty::Clerk]).unwrap());
        Self { measure, system, link, loaded, clerk, whitelist, crowd, books, scratch, begun }
    }

    /// Time since the start, for the lines of progress.
    pub(crate) fn clock(&self) -> String {
        clock(self.begun)
    }

    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// Ends everything. The logs stay where something was found.
    pub(crate) async fn stop(self, clean: bool) {
        self.crowd.stop(&self.link).await;
        self.books.close().await;
        self.system.stop().await.unwrap();
        if clean {
            std::fs::remove_dir_all(&self.scratch).unwrap();
        } else {
            println!("the roles' logs are in {}", self.scratch.display());
        }
    }
}

pub(crate) fn clock(begun: Instant) -> String {
    format!("[{:>5.1} s]", begun.elapsed().as_secs_f64())
}

/// A pool whose connections are made anew after each death of the server.
async fn books(admin: &str, database: &str) -> PgPool {
    let options: PgConnectOptions = admin.parse().unwrap();
    let pool = PgPoolOptions::new().max_connections(3).acquire_timeout(Duration::from_secs(30));
    pool.connect_with(options.database(database)).await.unwrap()
}

/// All institutions at work; what each does with a case follows from the seed, the case and its name.
async fn everyone(link: &Link, loaded: &Loaded, houses: &[LoadedHouse], seed: Seed) -> Crowd {
    let report = Report::new(|_, _, _| {});
    let delays = Delays { least: Duration::from_millis(50), most: Duration::from_millis(2500) };
    let mut crowd = Crowd::empty();
    let part = |name: &str, sound: bool| {
        let name = name.to_owned();
        let casting = Casting::new(move |dossier, _| {
            let case = plan::index_of(&dossier.purpose)?;
            Some(conduct(seed, case, &name, sound))
        });
        Part { manner: Manner::Always(Script::Offer), delays, casting }
    };
    for bank in &loaded.banks {
        let trade = Trade::Bank(Box::new(bank.terms.clone()));
        crowd.hire(link, (bank.id, &bank.name, trade), seed, part(&bank.name, false), &report).await.unwrap();
    }
    for house in houses {
        let trade = Trade::House(house.terms.clone());
        // Insurers and guarantors mostly keep their word: the deeper states are to be reached as well.
        let sound = !matches!(house.terms, HouseTerms::Evaluator(_));
        crowd
            .hire(link, (house.id, &house.name, trade), seed, part(&house.name, sound), &report)
            .await
            .unwrap();
    }
    crowd
}

fn conduct(seed: Seed, case: usize, name: &str, sound: bool) -> Conduct {
    if case >= plan::CALM {
        return Conduct { script: Script::Offer, sequel: Sequel::Confirm };
    }
    let mut random = seed.random("conduct", &format!("{case} {name}"));
    let script = if plan::nobody_offers(seed, case) {
        Script::Decline(DeclineReason::R08)
    } else {
        match random.random_range(0..100_u32) {
            0..=57 => Script::Offer,
            58..=67 => Script::Decline(DeclineReason::R03),
            68..=76 => Script::AskThenOffer,
            77..=86 => Script::OfferTwice,
            87..=93 => Script::Silent,
            _ => Script::Late,
        }
    };
    let sequel = match random.random_range(0..100_u32) {
        0..=69 => Sequel::Confirm,
        70..=81 => Sequel::Refuse,
        82..=88 => Sequel::Ignore,
        _ if sound => Sequel::Confirm,
        _ => Sequel::TakeBack,
    };
    Conduct { script, sequel }
}
