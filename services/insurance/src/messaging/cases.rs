//! Takes the facts of cases, in any order and more than once: asks for cover, holds what was chosen, releases what is no
//! longer needed. A case without cover costs no row here.

use std::{collections::HashMap, sync::Arc};

use bus::{Handler, HandlerError, Message, Outcome};
use chrono::{DateTime, Utc};
use kernel::{Calendar, CaseId, Clock, Due, InstitutionId, LegId};
use sqlx::PgConnection;

use super::failed;
use crate::{
    domain::{
        Appetite, Command, CoverId, EndCause, Need, Policy, ReleaseCause,
        appetite::misfits,
        cover::Candidate,
        decide::{CaseFact, Request},
    },
    journal::{Doer, Journal},
    store::{
        self, StoreError, appetites,
        covers::{self, Record},
        ends::{self, End},
    },
    wire::facts::{Asked, Fact, What, read},
    work::Alarm,
};

#[derive(Clone)]
pub(crate) struct Cases {
    pub clock: Arc<dyn Clock>,
    pub calendar: Arc<Calendar>,
    pub policy: Policy,
    pub alarm: Alarm,
}

impl Handler for Cases {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        let facts: Vec<Result<Fact, &'static str>> = batch.iter().map(read).collect();
        let mut taking = self.load(conn, &facts).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, fact) in batch.iter().zip(facts) {
            outcomes.push(match fact {
                Ok(fact) => {
                    let root = message.traceparent.clone();
                    message.scope(|| taking.take(fact, root))
                }
                Err(reason) => Outcome::Park { reason },
            });
        }
        taking.journal.changes.write(conn).await.map_err(failed)?;
        Ok(outcomes)
    }

    fn committed(&self, (): ()) {
        self.alarm.wake();
    }
}

impl Cases {
    async fn load(
        &self,
        conn: &mut PgConnection,
        facts: &[Result<Fact, &'static str>],
    ) -> Result<Taking, StoreError> {
        store::keep_to_indexes(conn).await?;
        let mut ids: Vec<CaseId> =
            facts.iter().flatten().filter(|fact| fact.may_concern_cover()).map(|fact| fact.case).collect();
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        let asks = facts.iter().flatten().any(|fact| matches!(fact.what, What::Asked(_)));
        let mut rounds: HashMap<CaseId, Vec<Record>> = HashMap::new();
        let mut ended = Vec::new();
        if !ids.is_empty() {
            covers::lock_cases(conn, &ids).await?;
            for record in covers::lock_by_cases(conn, &ids).await? {
                rounds.entry(record.cover.case).or_default().push(record);
            }
        }
        let mut appetites = Vec::new();
        if asks {
            ended = ends::of_cases(conn, &ids).await?;
            appetites = appetites::all(conn).await?;
        }
        let now = self.clock.now();
        Ok(Taking {
            rounds,
            ended,
            appetites,
            window: self.calendar.deadline(now, self.policy.window),
            journal: Journal::new(now, self.policy),
        })
    }
}

/// What a batch works on: the locked cover requests of its cases, and what the institutions have declared.
struct Taking {
    rounds: HashMap<CaseId, Vec<Record>>,
    ended: Vec<(CaseId, u8)>,
    appetites: Vec<Appetite>,
    window: Due,
    journal: Journal,
}

impl Taking {
    fn take(&mut self, fact: Fact, root: Option<String>) -> Outcome {
        let Fact { case, version, at, what } = fact;
        match what {
            What::Asked(asked) => self.ask(case, version, asked, root),
            What::Selected { round, leg, due_at } => {
                self.tell(case, round, CaseFact::Selected { leg, due_at, at }, version)
            }
            What::Approved { round, leg, cover } => {
                if cover {
                    self.overtake((case, round), ReleaseCause::NotChosen, version);
                }
                self.tell(case, round, CaseFact::Approved { leg, at }, version)
            }
            What::Reopened { round } => self.tell(case, round, CaseFact::Reopened, version),
            What::Ended { round, cause, cover } => self.end(case, (round, cover), cause, version),
        }
    }

    fn ask(&mut self, case: CaseId, version: i64, asked: Asked, root: Option<String>) -> Outcome {
        let known = self.rounds.entry(case).or_default();
        if let Some(record) = known.iter_mut().find(|record| record.cover.round == asked.round) {
            // Nobody has heard of the answer, or it is still on its way.
            let again = self.journal.execute(&mut record.cover, Command::AskAgain, &Doer::intake());
            return done(again);
        }
        let overtaken = known.iter().any(|record| record.cover.ended && record.cover.case_version > version);
        let ended = self.ended.contains(&(case, asked.round))
            || self.journal.changes.ends.iter().any(|end| (end.case, end.round) == (case, asked.round));
        if overtaken || ended {
            return Outcome::Done;
        }
        let roster = roster(&self.appetites, &asked.need, &asked.recipients, self.journal.now);
        let closes_at = match self.window {
            Due::At(at) => Some(at),
            Due::Pending { .. } => None,
        };
        let request = Request {
            id: CoverId::random(&mut rand::rng()),
            case,
            round: asked.round,
            case_version: version,
            need: asked.need,
            closes_at,
        };
        let record = self.journal.begin(request, &roster, self.window, root);
        known.push(record);
        Outcome::Done
    }

    fn tell(&mut self, case: CaseId, round: u8, fact: CaseFact, version: i64) -> Outcome {
        let known = self.rounds.get_mut(&case);
        let Some(record) = known.and_then(|all| all.iter_mut().find(|one| one.cover.round == round)) else {
            return Outcome::Done;
        };
        let command = Command::TakeFact { fact, version };
        done(self.journal.execute(&mut record.cover, command, &Doer::intake()))
    }

    fn end(
        &mut self,
        case: CaseId,
        (round, cover): (Option<u8>, bool),
        cause: EndCause,
        version: i64,
    ) -> Outcome {
        let known = self.rounds.entry(case).or_default();
        for record in known.iter_mut().filter(|one| round.is_none_or(|round| one.cover.round <= round)) {
            let command = Command::TakeFact { fact: CaseFact::Ended(cause), version };
            let ended = self.journal.execute(&mut record.cover, command, &Doer::intake());
            if done(ended) != Outcome::Done {
                return Outcome::Park { reason: "COVER_STATE" };
            }
        }
        if let Some(round) = round.filter(|_| cover) {
            self.overtake((case, round), ReleaseCause::Case(cause), version);
        }
        Outcome::Done
    }

    /// A request for cover that has not come yet has been overtaken: when it comes, it starts nothing.
    fn overtake(&mut self, (case, round): (CaseId, u8), cause: ReleaseCause, version: i64) {
        let known = self.rounds.entry(case).or_default();
        if known.iter().all(|record| record.cover.round != round) {
            self.journal.changes.ends.push(End { case, round, cause, version, at: self.journal.now });
        }
    }
}

/// The state and what is told of the case contradict each other: for a person to look at.
fn done<T>(executed: Result<T, crate::domain::Refusal>) -> Outcome {
    match executed {
        Ok(_) => Outcome::Done,
        Err(_) => Outcome::Park { reason: "COVER_STATE" },
    }
}

/// Everyone whose declaration fits, once.
fn roster(
    appetites: &[Appetite],
    need: &Need,
    recipients: &[InstitutionId],
    now: DateTime<Utc>,
) -> Vec<Candidate> {
    let mut random = rand::rng();
    appetites
        .iter()
        .filter(|appetite| misfits(appetite, need, recipients).is_empty())
        .map(|appetite| Candidate {
            leg: LegId::new(now, &mut random),
            institution: appetite.institution,
            role: appetite.role,
            government_backed: appetite.government_backed,
        })
        .collect()
}
