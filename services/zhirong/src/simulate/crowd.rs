//! Many institutions at once.

use std::collections::HashMap;

use anyhow::Result;
use kernel::InstitutionId;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::{admit, revoke};
use super::answer::Signal;
use super::data::LoadedBank;
use super::deed::Report;
use super::institution::{Hands, Institution, Trade, Worker};
use super::ledger::Ledger;
use super::link::Link;
use super::script::{Casting, Delays, Manner};
use super::seed::Seed;

/// How an institution behaves.
#[derive(Clone, Debug)]
pub struct Part {
    pub manner: Manner,
    pub delays: Delays,
    /// Goes before the manner where it has something to say.
    pub casting: Casting,
}

/// Institutions at work, each on its own tasks. Dropping it ends them.
#[derive(Debug)]
pub struct Crowd {
    ledger: Ledger,
    credentials: Vec<String>,
    hands: Hands,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Crowd {
    /// Gives each bank its credential and sets it to work. `behaviour` says how the bank with this index behaves.
    pub async fn start(
        link: &Link,
        banks: &[LoadedBank],
        seed: Seed,
        behaviour: impl Fn(usize) -> (Manner, Delays),
        report: &Report,
    ) -> Result<Self> {
        let mut crowd = Self::empty();
        for (index, bank) in banks.iter().enumerate() {
            let trade = Trade::Bank(Box::new(bank.terms.clone()));
            let (manner, delays) = behaviour(index);
            let part = Part { manner, delays, casting: Casting::none() };
            crowd.hire(link, (bank.id, &bank.name, trade), seed, part, report).await?;
        }
        Ok(crowd)
    }

    /// Nobody yet.
    pub fn empty() -> Self {
        Self {
            ledger: Ledger::default(),
            credentials: Vec::new(),
            hands: Hands::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Gives one more institution its credential and sets it to work.
    pub async fn hire(
        &mut self,
        link: &Link,
        (id, name, trade): (InstitutionId, &str, Trade),
        seed: Seed,
        part: Part,
        report: &Report,
    ) -> Result<()> {
        let access = admit(link, id, trade.role()).await?;
        self.credentials.push(access.credential_id.clone());
        let Part { manner, delays, casting } = part;
        let who = Institution { id, name: name.to_owned(), trade, access, manner, delays, casting, seed };
        self.set_to_work(who, report);
        Ok(())
    }

    /// Makes the institution take its answer to this leg back; whether anybody works on it.
    pub async fn take_back(&self, leg_id: &str) -> bool {
        self.hands.signal(&format!("assignments/{leg_id}"), Signal::TakeBack).await
    }

    fn set_to_work(&self, who: Institution, report: &Report) {
        let worker = Worker {
            who,
            ledger: self.ledger.clone(),
            report: report.clone(),
            shutdown: self.shutdown.clone(),
            hands: self.hands.clone(),
            tasks: TaskTracker::new(),
            count: 0,
        };
        self.tasks.spawn(worker.run());
    }

    /// What all of them have sent and heard.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Lets them finish, and takes their credentials back as far as the system still answers.
    pub async fn stop(self, link: &Link) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        for credential in &self.credentials {
            if let Err(error) = revoke(link, credential).await {
                tracing::warn!(%credential, error = format!("{error:#}"), "a credential was not taken back");
                return;
            }
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Names by id, for reports.
pub(super) fn names(banks: &[LoadedBank]) -> HashMap<InstitutionId, String> {
    banks.iter().map(|bank| (bank.id, bank.name.clone())).collect()
}
