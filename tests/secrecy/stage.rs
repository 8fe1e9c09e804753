//! The stage: a system of its own, one firm, the observed bank, and in one of two runs its rivals.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use engines::Source;
use kernel::DeclineReason;
use proto::catalog::v1::ProductTerms;
use proto::common::v1::InstitutionRole;
use proto::intake::v1::{Application, CaseHeader, CaseState, Channel};
use proto::whitelist::v1::RevokeConsentRequest;
use proto::whitelist::v1::whitelist_service_client::WhitelistServiceClient;
use rpc::Duty;
use zhirong::run_dir::RunDir;
use zhirong::simulate::data::{self, Loaded, Wanted};
use zhirong::simulate::{
    Casting, Choice, Clerk, Conduct, Crowd, Delays, Link, Manner, Part, Report, Script, Seed, Sequel, Trade,
    admit,
};
use zhirong::system::{Options, System};

use crate::bank::{Bank, Transcript};
use crate::{script, shelf};

const SEED: Seed = Seed(11);
const LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// Long enough for every answer of a slow machine, short enough to be waited for once.
const WINDOW: &str = "12s";

/// Who else takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// Only the observed bank's product is there.
    Alone,
    /// Five more banks, evaluators, insurers, guarantors.
    Rivals,
}

pub(crate) struct Stage {
    pub(crate) company: Company,
    system: System,
    link: Link,
    loaded: Loaded,
    clerk: Clerk,
    crowd: Crowd,
    scratch: PathBuf,
}

/// One whole run: the script from its first scene to its last.
pub(crate) async fn observe(company: Company) -> Transcript {
    let mut stage = Stage::set(company).await;
    let access = admit(&stage.link, stage.loaded.banks[0].id, InstitutionRole::Bank).await.unwrap();
    let mut bank = Bank::new(access.channel().unwrap());
    script::play(&mut stage, &mut bank).await;
    let mut known = shelf::play(&stage, &mut bank).await;
    let own = &stage.loaded.banks[0];
    known.extend([own.id.to_string(), own.product_id.clone()]);
    stage.strike().await;
    bank.finish(&known)
}

impl Stage {
    async fn set(company: Company) -> Self {
        let scratch = std::env::temp_dir().join(format!("zhirong-secrecy-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&scratch).unwrap();
        let mut options = Options::scratch(RunDir::at(&scratch).unwrap())
            .set("ZHIRONG_INTAKE_WINDOW", WINDOW)
            .set("ZHIRONG_INTAKE_GRACE_SECONDS", "1")
            .set("ZHIRONG_INTAKE_SELECTION", "60s")
            .set("ZHIRONG_INTAKE_APPROVAL", "60s")
            .set("ZHIRONG_INTAKE_COVER_WAIT", "30s")
            .set("ZHIRONG_INSURANCE_WINDOW", "10s")
            .set("ZHIRONG_INSURANCE_GRACE_SECONDS", "1")
            .set("ZHIRONG_INTAKE_AUTO_ACCEPT", "API");
        options.engines = Source::GivenOrPrivate;
        let system = System::start(options).await.unwrap();
        let link = Link::of(system.run_dir()).unwrap();
        let banks = if company == Company::Alone { 1 } else { 6 };
        let loaded = data::load(&link, SEED, Wanted { banks, enterprises: 1 }).await.unwrap();
        let crowd = rivals(&link, &loaded, company).await;
        let clerk = Clerk::new(&link).unwrap();
        Self { company, system, link, loaded, clerk, crowd, scratch }
    }

    async fn strike(self) {
        self.crowd.stop(&self.link).await;
        self.system.stop().await.unwrap();
        std::fs::remove_dir_all(&self.scratch).unwrap();
    }

    /// A case of the firm; everything that institutions read of it is the same in both runs.
    pub(crate) async fn submit(&mut self, scene: &str) -> CaseHeader {
        let drawn = data::application(&self.loaded.enterprises[0], &mut SEED.random("application", scene));
        let application =
            Application { amount_fen: 300_000_000, term_months: 12, purpose: scene.to_owned(), ..drawn };
        let request_id = uuid::Uuid::new_v4().to_string();
        self.clerk.submit(request_id, Channel::Api, application).await.unwrap()
    }

    pub(crate) async fn reaches(&mut self, case: &CaseHeader, states: &[CaseState]) -> CaseState {
        let begun = Instant::now();
        let mut last = None;
        while begun.elapsed() < LIMIT {
            let view = self.clerk.case(&case.case_id).await.unwrap();
            let state = view.header.as_ref().unwrap().state();
            if states.contains(&state) {
                return state;
            }
            last = Some(view.clone());
            self.clerk.answer_questions(&view).await.unwrap();
            tokio::time::sleep(LOOK).await;
        }
        panic!("{states:?} was not reached, last {last:#?}");
    }

    /// Answers the observed bank's question, and those of rivals.
    pub(crate) async fn answer_questions(&mut self, case: &CaseHeader) {
        let begun = Instant::now();
        let own = self.loaded.banks[0].id.to_string();
        while begun.elapsed() < LIMIT {
            let view = self.clerk.case(&case.case_id).await.unwrap();
            let answered = self.clerk.answer_questions(&view).await.unwrap();
            if answered.iter().any(|leg| leg.institution_id == own) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("the question never came");
    }

    pub(crate) async fn withdraw(&mut self, case: &CaseHeader) {
        self.clerk.withdraw(uuid::Uuid::new_v4().to_string(), &case.case_id).await.unwrap();
    }

    /// The enterprise chooses: the observed bank, or a rival. Waits until there is something to choose.
    pub(crate) async fn choose(&mut self, case: &CaseHeader, observed: bool) {
        self.reaches(case, &[CaseState::OffersReady]).await;
        let offers = self.clerk.offers(&case.case_id).await.unwrap();
        let own = self.loaded.banks[0].id.to_string();
        let nth = |nth| Choice::of(&offers, nth, self.company == Company::Rivals).unwrap();
        let bank_of = |choice: &Choice| {
            offers
                .offers
                .iter()
                .find(|offer| offer.leg_id == choice.bank_leg_id)
                .unwrap()
                .institution_id
                .clone()
        };
        let choice =
            (0..offers.offers.len()).map(nth).find(|choice| (bank_of(choice) == own) == observed).unwrap();
        self.clerk.select(uuid::Uuid::new_v4().to_string(), &case.case_id, &choice).await.unwrap();
    }

    pub(crate) fn own_product(&self) -> String {
        format!("products/{}", self.loaded.banks[0].product_id)
    }

    pub(crate) fn own_terms(&self) -> ProductTerms {
        self.loaded.banks[0].terms.clone()
    }

    /// One that is there; alone, where there is none, one that could be.
    pub(crate) fn rivals_product(&self) -> String {
        let id = self.loaded.banks.get(1).map(|rival| rival.product_id.clone());
        format!("products/{}", id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string()))
    }

    pub(crate) async fn revoke_consent(&mut self) {
        let mut whitelist =
            WhitelistServiceClient::new(self.link.staff("whitelist", &[Duty::Clerk]).unwrap());
        let request = RevokeConsentRequest {
            request_id: uuid::Uuid::new_v4().to_string(),
            consent_id: self.loaded.enterprises[0].consent_id.clone(),
        };
        whitelist.revoke_consent(request).await.unwrap();
    }
}

/// Rivals do everything that can be done, each in its own way, while the observed bank is at work.
async fn rivals(link: &Link, loaded: &Loaded, company: Company) -> Crowd {
    let mut crowd = Crowd::empty();
    if company == Company::Alone {
        return crowd;
    }
    let report = Report::new(|_, _, _| {});
    let delays = Delays { least: Duration::from_millis(100), most: Duration::from_millis(1200) };
    let ways = [
        Conduct { script: Script::Offer, sequel: Sequel::Confirm },
        Conduct { script: Script::OfferTwice, sequel: Sequel::Confirm },
        Conduct { script: Script::AskThenOffer, sequel: Sequel::Confirm },
        Conduct { script: Script::Decline(DeclineReason::R08), sequel: Sequel::Confirm },
        Conduct { script: Script::Offer, sequel: Sequel::TakeBack },
    ];
    for (bank, conduct) in loaded.banks.iter().skip(1).zip(ways) {
        let casting = Casting::new(move |_, _| Some(conduct));
        let part = Part { manner: Manner::Always(Script::Offer), delays, casting };
        let trade = Trade::Bank(Box::new(bank.terms.clone()));
        crowd.hire(link, (bank.id, &bank.name, trade), SEED, part, &report).await.unwrap();
    }
    for house in data::load_houses(link, SEED).await.unwrap() {
        let part = Part { manner: Manner::Always(Script::Offer), delays, casting: Casting::none() };
        let trade = Trade::House(house.terms.clone());
        crowd.hire(link, (house.id, &house.name, trade), SEED, part, &report).await.unwrap();
    }
    crowd
}
