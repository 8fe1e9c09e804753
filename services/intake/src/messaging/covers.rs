//! Takes what insurance tells of a round's cover: what was quoted, bound, released. Any order, any repetition.

use std::{collections::HashMap, sync::Arc};

use bus::{Handler, HandlerError, Message, Outcome};
use kernel::{CaseId, Clock, InstitutionId, InstitutionRole, LegId};
use sqlx::PgConnection;

use super::failed;
use crate::{
    domain::{Case, Command, CoverOption, Leg, Phase},
    journal::{Doer, Journal, Rules},
    store::{StoreError, cases, covers, legs},
    wire::covers::{News, Told, read},
};

#[derive(Clone)]
pub(crate) struct Covers {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
}

impl Handler for Covers {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): &mut (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        let told: Vec<Result<Told, &'static str>> = batch.iter().map(read).collect();
        let journal = Journal::new(self.clock.now(), &self.rules);
        let mut desk = Desk::load(conn, &told, journal).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, told) in batch.iter().zip(told) {
            outcomes.push(match told {
                Ok(told) => message.scope(|| desk.take(told, message)),
                Err(reason) => Outcome::Park { reason },
            });
        }
        desk.write(conn).await.map_err(failed)?;
        Ok(outcomes)
    }
}

/// What a batch works on.
struct Desk {
    cases: HashMap<CaseId, (Case, Vec<Leg>)>,
    asked: Vec<covers::Asked>,
    options: Vec<CoverOption>,
    journal: Journal,
}

impl Desk {
    async fn load(
        conn: &mut PgConnection,
        told: &[Result<Told, &'static str>],
        journal: Journal,
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<CaseId> = told.iter().flatten().map(|told| told.case).collect();
        ids.sort_unstable();
        ids.dedup();
        let records = cases::lock(conn, &ids).await?;
        let mut legs = legs::of_cases(conn, &ids).await?;
        let asked = covers::asked(conn, &ids).await?;
        let options = covers::options(conn, &ids).await?;
        let cases = records
            .into_iter()
            .map(|record| {
                let own = legs.extract_if(.., |leg| leg.case == record.case.id).collect();
                (record.case.id, (record.case, own))
            })
            .collect();
        Ok(Self { cases, asked, options, journal })
    }

    async fn write(mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        self.journal.write(conn).await?;
        for asked in &self.asked {
            if let Some(version) = asked.answered {
                covers::answered(conn, asked.case, asked.round, version).await?;
            }
        }
        Ok(())
    }

    fn take(&mut self, told: Told, message: &Message) -> Outcome {
        let Some((case, _)) = self.cases.get(&told.case) else {
            return Outcome::Park { reason: "CASE_UNKNOWN" };
        };
        let choice = case.phase.choice().filter(|_| case.round == told.round);
        let (chosen, open) =
            (choice.and_then(|choice| choice.cover), matches!(case.phase, Phase::OffersReady(_)));
        let Some(asked) = self.asked.iter_mut().find(|one| (one.case, one.round) == (told.case, told.round))
        else {
            return Outcome::Park { reason: "COVER_NOT_ASKED" };
        };
        match told.news {
            News::Quoted(options) => {
                if asked.answered.is_some_and(|version| version >= message.aggregate_version) {
                    return Outcome::Done;
                }
                asked.answered = Some(message.aggregate_version);
                self.quote((told.case, told.round), options, chosen);
                self.run(told.case, Command::QuoteCover { round: told.round });
            }
            News::Bound(leg) if chosen == Some(leg) => self.run(told.case, Command::BindCover { leg }),
            // It was confirmed before insurance heard that the choice is undone; with that it is released.
            News::Bound(leg) if open => self.end(told.case, |option| option.leg == leg),
            News::Bound(_) => {}
            News::Released { refused, ended, told: named } => {
                let of = |option: &CoverOption| is_of(&ended, option);
                self.end(told.case, |option| option.round == told.round && of(option));
                let is_gone = |leg: LegId| {
                    self.options.iter().any(|option| option.leg == leg && option.gone) || (refused && !named)
                };
                if let Some(leg) = chosen.filter(|leg| is_gone(*leg)) {
                    self.end(told.case, |option| option.leg == leg);
                    let left = self.is_offer_left(told.case);
                    self.run(told.case, Command::LoseCover { leg, left });
                }
            }
        }
        Outcome::Done
    }

    /// The newest answer says what stands. What has gone never comes back: a leg ends once.
    fn quote(&mut self, (case, round): (CaseId, u8), options: Vec<CoverOption>, chosen: Option<LegId>) {
        let stays = |leg: LegId| Some(leg) == chosen || options.iter().any(|option| option.leg == leg);
        let lost: Vec<LegId> = self
            .options
            .iter()
            .filter(|old| (old.case, old.round) == (case, round) && !stays(old.leg))
            .map(|old| old.leg)
            .collect();
        self.end(case, |old| lost.contains(&old.leg));
        for option in options {
            let gone = self.options.iter().any(|old| old.leg == option.leg && old.gone);
            let option = CoverOption { gone, ..option };
            self.options.retain(|old| old.leg != option.leg);
            self.options.push(option.clone());
            self.journal.changes.note_option(option);
        }
    }

    fn end(&mut self, case: CaseId, which: impl Fn(&CoverOption) -> bool) {
        for option in self.options.iter_mut().filter(|one| one.case == case && !one.gone && which(one)) {
            option.gone = true;
            self.journal.changes.note_option(option.clone());
        }
    }

    /// Whether an offer stands, the chosen one included.
    fn is_offer_left(&self, case: CaseId) -> bool {
        let Some((case, legs)) = self.cases.get(&case) else { return false };
        let now = self.journal.now;
        let chosen = case.phase.choice().map(|choice| choice.bank);
        legs.iter().any(|leg| {
            leg.round == case.round
                && (leg.is_offer_at(now) || (Some(leg.id) == chosen && leg.is_valid_at(now)))
        })
    }

    fn run(&mut self, id: CaseId, command: Command) {
        let Some((case, legs)) = self.cases.get_mut(&id) else { return };
        // A state that has nothing to do with cover any more is unaffected: insurance undoes by the case's own facts.
        if let Err(refusal) = self.journal.execute(case, command, &Doer::insurance(), legs) {
            tracing::info!(case = %id, %refusal, "news of cover came too late");
        }
    }
}

fn is_of(ended: &[(InstitutionRole, InstitutionId)], option: &CoverOption) -> bool {
    ended.contains(&(option.role, option.institution))
}
