//! Many institutions at once.

use std::collections::HashMap;

use anyhow::Result;
use kernel::InstitutionId;
use proto::common::v1::InstitutionRole;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::access::{admit, revoke};
use super::data::LoadedBank;
use super::deed::Report;
use super::institution::{Institution, Worker};
use super::ledger::Ledger;
use super::link::Link;
use super::script::{Delays, Manner};
use super::seed::Seed;

/// Institutions at work, each on its own tasks. Dropping it ends them.
#[derive(Debug)]
pub struct Crowd {
    ledger: Ledger,
    credentials: Vec<String>,
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
        let mut crowd = Self {
            ledger: Ledger::default(),
            credentials: Vec::with_capacity(banks.len()),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        for (index, bank) in banks.iter().enumerate() {
            let access = admit(link, bank.id, InstitutionRole::Bank).await?;
            crowd.credentials.push(access.credential_id.clone());
            let (manner, delays) = behaviour(index);
            let who = Institution {
                id: bank.id,
                name: bank.name.clone(),
                terms: bank.terms.clone(),
                access,
                manner,
                delays,
                seed,
            };
            crowd.set_to_work(who, report);
        }
        Ok(crowd)
    }

    fn set_to_work(&self, who: Institution, report: &Report) {
        let worker = Worker {
            who,
            ledger: self.ledger.clone(),
            report: report.clone(),
            shutdown: self.shutdown.clone(),
            open: HashMap::new(),
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
