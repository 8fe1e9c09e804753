//! All cases of a run: set going, waited for, and what they have to have met together.

use std::time::Instant;

use proto::intake::v1::CaseState;
use tokio::task::JoinSet;

use crate::driver::Driver;
use crate::ground::Ground;
use crate::plan::{self, Kind, Plan};
use crate::tally::Tally;

/// All cases of a run.
pub(crate) struct Running {
    pub(crate) tally: Tally,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

/// Sets all cases going.
pub(crate) fn start(ground: &Ground) -> Running {
    let tally = Tally::default();
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    let measure = ground.measure;
    for index in 0..measure.cases {
        let plan = Plan::of(measure.seed, index, measure.cases, measure.time, &ground.loaded);
        let driver = Driver::of(ground, &tally);
        tasks.spawn(async move {
            tokio::time::sleep_until((begun + plan.submitted_after).into()).await;
            driver.run(plan).await;
        });
    }
    Running { tally, tasks: tokio::sync::Mutex::new(tasks) }
}

/// How many cases the system has to take through when all faults have fired.
const CALM: usize = 8;

/// Takes some cases through after everything: nothing may have broken for good.
pub(crate) fn start_calm(ground: &Ground) -> Running {
    let tally = Tally::default();
    let mut tasks = JoinSet::new();
    for index in plan::CALM..plan::CALM + CALM {
        let plan = Plan::calm(ground.measure.seed, index, &ground.loaded);
        tasks.spawn(Driver::of(ground, &tally).run(plan));
    }
    Running { tally, tasks: tokio::sync::Mutex::new(tasks) }
}

impl Running {
    /// Calm cases that were not approved.
    pub(crate) fn unapproved(&self) -> Vec<String> {
        let approved = self.tally.last_states().get(CaseState::Approved.as_str_name()).copied();
        let approved = approved.unwrap_or_default();
        if approved == CALM {
            return Vec::new();
        }
        let last = self.tally.last_states();
        vec![format!("after all faults only {approved} of {CALM} cases were approved: {last:?}")]
    }

    /// Waits until every case is through.
    pub(crate) async fn finish(&self, begun: Instant) {
        let mut tasks = self.tasks.lock().await;
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
            if tasks.len().is_multiple_of(50) && !tasks.is_empty() {
                println!("{} {} cases are left", crate::ground::clock(begun), tasks.len());
            }
        }
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.tally.complaints()
    }

    /// Kinds of cases and states that a run has to have met, and has not: it would prove less than it says.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let (kinds, states) = (self.tally.kinds_done(), self.tally.states_seen());
        let lacking = Kind::all().filter(|kind| !kinds.contains_key(kind));
        let states_wanted = [
            CaseState::Draft,
            CaseState::Submitted,
            CaseState::Supplement,
            CaseState::Collecting,
            CaseState::OffersReady,
            CaseState::Selected,
            CaseState::Approved,
            CaseState::NoOffer,
            CaseState::Rejected,
            CaseState::Withdrawn,
            CaseState::Expired,
        ];
        let unmet = states_wanted.into_iter().filter(|state| !states.contains_key(state.as_str_name()));
        let kinds = lacking.map(|kind| format!("no case of kind {kind:?} came to its end"));
        kinds.chain(unmet.map(|state| format!("no case was seen in {}", state.as_str_name()))).collect()
    }

    pub(crate) fn print(&self) {
        self.tally.print();
    }
}
