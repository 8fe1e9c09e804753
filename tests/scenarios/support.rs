//! A town: a whole system as child processes, demo data, simulated banks and a clerk.

use std::{path::PathBuf, time::Duration};

use engines::Source;
use proto::intake::v1::{CaseHeader, CaseState, CaseView, Channel, ListOffersResponse};
use zhirong::{
    run_dir::RunDir,
    simulate::{
        Clerk, Crowd, Delays, Link, Manner, Report, Script, Seed,
        data::{self, Loaded, Wanted},
    },
    system::{Options, System},
};

pub(crate) const LIMIT: Duration = Duration::from_secs(90);
const SEED: Seed = Seed(7);

pub(crate) struct Town {
    pub(crate) system: System,
    pub(crate) link: Link,
    pub(crate) loaded: Loaded,
    pub(crate) clerk: Clerk,
    pub(crate) crowd: Crowd,
    scratch: PathBuf,
}

/// Six banks, which behave in turn as these scripts say.
pub(crate) async fn town(source: Source, scripts: &[Script], settings: &[(&str, &str)]) -> Town {
    let scratch = std::env::temp_dir().join(format!("zhirong-town-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&scratch).unwrap();
    let mut options = Options::scratch(RunDir::at(&scratch).unwrap())
        .set("ZHIRONG_INTAKE_WINDOW", "120s")
        .set("ZHIRONG_INTAKE_GRACE_SECONDS", "1")
        .set("ZHIRONG_INTAKE_ASK_AGAIN_SECONDS", "5")
        .set("ZHIRONG_INTAKE_AUTO_ACCEPT", "API");
    options.engines = source;
    for (key, value) in settings {
        options = options.set(key, *value);
    }
    let system = System::start(options).await.unwrap();
    let link = Link::of(system.run_dir()).unwrap();
    let loaded = data::load(&link, SEED, Wanted { banks: 6, enterprises: 2 }).await.unwrap();
    let delays = Delays { least: Duration::from_millis(20), most: Duration::from_millis(80) };
    let behaviour = |index: usize| (Manner::Always(scripts[index % scripts.len()]), delays);
    let report = Report::new(|_, _, _| {});
    let crowd = Crowd::start(&link, &loaded.banks, SEED, behaviour, &report).await.unwrap();
    let clerk = Clerk::new(&link).unwrap();
    Town { system, link, loaded, clerk, crowd, scratch }
}

impl Town {
    /// Submits an application of the first enterprise that all six banks' products fit.
    pub(crate) async fn submit(&mut self) -> CaseHeader {
        let mut application = data::application(&self.loaded.enterprises[0], &mut rand_for(&self.loaded));
        application.amount_fen = 300_000_000;
        application.term_months = 12;
        let request_id = uuid::Uuid::new_v4().to_string();
        self.clerk.submit(request_id, Channel::Api, application).await.unwrap()
    }

    /// Waits until the case is in this state, answering what banks ask on the way.
    pub(crate) async fn reaches(&mut self, case: &CaseHeader, state: CaseState) -> CaseView {
        let end = tokio::time::Instant::now() + LIMIT;
        let mut last = None;
        while tokio::time::Instant::now() < end {
            if let Ok(view) = self.clerk.case(&case.case_id).await {
                let header = view.header.clone().unwrap();
                if header.state() == state {
                    return view;
                }
                // An error here is another role away; the next look asks again.
                let _ = self.clerk.answer_questions(&view).await;
                last = Some(header);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not {state:?} within {LIMIT:?}; last seen {last:?}");
    }

    pub(crate) async fn offers(&mut self, case: &CaseHeader) -> ListOffersResponse {
        self.clerk.offers(&case.case_id).await.unwrap()
    }

    /// What the roles have logged.
    pub(crate) fn logs(&self) -> String {
        let roles: Vec<&str> = self.system.places().map(|(role, _)| role).collect();
        roles
            .iter()
            .filter_map(|role| std::fs::read_to_string(self.system.run_dir().log(role)).ok())
            .collect()
    }

    pub(crate) async fn stop(self) {
        self.crowd.stop(&self.link).await;
        self.system.stop().await.unwrap();
        std::fs::remove_dir_all(&self.scratch).unwrap();
    }
}

/// The applicants' random values are fixed: nothing in a journey depends on them.
fn rand_for(_: &Loaded) -> impl rand::Rng {
    SEED.random("application", "scenario")
}
