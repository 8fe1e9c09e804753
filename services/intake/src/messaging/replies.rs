//! Takes what institutions send through partner, a batch at a time: every reply is judged in memory, and all that follows is
//! written by one statement, which compares what its cases were when they were read or remembered; where that does not guard
//! everything, under their locks.

use std::sync::Arc;

use bus::{Handler, HandlerError, Message, Outcome, Way};
use chrono::{DateTime, Utc};
use kernel::{Clock, InstitutionId, leg::LegState};
use sqlx::PgConnection;
use writes::Writes;

use super::{
    failed,
    known::{KnownCase, KnownCases},
    publish::{Fate, reply_judged},
    round::Round,
    verdict::{Known, Reply, judge},
};
use crate::{
    domain::{Case, Command, CoverNeed, Leg, Offer, Phase, Valuation},
    journal::{Doer, Journal, Rules},
    wire::incoming::{Incoming, read},
};

#[derive(Clone)]
pub(crate) struct Replies {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    pub known: KnownCases,
}

impl Handler for Replies {
    /// Cases as they are once the batch is committed.
    type Prepared = Vec<KnownCase>;

    async fn prepare(&self, _batch: &[Message]) -> Vec<KnownCase> {
        Vec::new()
    }

    const GATHERS: bool = true;

    async fn gather(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        written: &mut Vec<KnownCase>,
        writes: &mut Writes,
        way: Way,
    ) -> Result<Vec<Outcome>, HandlerError> {
        let incoming: Vec<Result<Incoming, &'static str>> = batch.iter().map(read).collect();
        let journal = Journal::new(self.clock.now(), &self.rules);
        let mut round = Round::load(conn, &incoming, journal, &self.known, way).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, incoming) in batch.iter().zip(incoming) {
            outcomes.push(match incoming {
                Ok(incoming) => message.scope(|| round.take(incoming)),
                Err(reason) => Outcome::Park { reason },
            });
        }
        if way == Way::Alone && !round.stands_alone() {
            return Err(HandlerError::NeedsTransaction);
        }
        round.journal.gather(writes, conn).await.map_err(failed)?;
        *written = round.written();
        Ok(outcomes)
    }

    fn committed(&self, written: Vec<KnownCase>) {
        self.known.committed(written);
    }
}

impl Round {
    fn take(&mut self, incoming: Incoming) -> Outcome {
        let Incoming { leg: leg_id, institution, at, reply } = incoming;
        let case_id = self.case_of.get(&leg_id).copied();
        // Taken out for as long as it is worked on.
        let Some(mut roster) = case_id.and_then(|case| self.rosters.remove(&case)) else {
            return Outcome::Park { reason: "LEG_UNKNOWN" };
        };
        let outcome = match roster.iter().position(|leg| leg.id == leg_id) {
            Some(place) => self.judge(&mut roster, place, (institution, at), &reply),
            None => Outcome::Park { reason: "LEG_UNKNOWN" },
        };
        if let Some(case_id) = case_id {
            self.rosters.insert(case_id, roster);
        }
        outcome
    }

    fn judge(
        &mut self,
        roster: &mut [Leg],
        place: usize,
        (institution, at): (InstitutionId, DateTime<Utc>),
        reply: &Reply,
    ) -> Outcome {
        let Some(leg) = roster.get(place) else { return Outcome::Park { reason: "LEG_UNKNOWN" } };
        if leg.institution != institution {
            return Outcome::Park { reason: "LEG_OF_ANOTHER" };
        }
        let Some(mut case) = self.cases.get(&leg.case).cloned() else {
            return Outcome::Park { reason: "CASE_UNKNOWN" };
        };
        if self.is_overdue(leg, reply, at) {
            // Given after its time, which has not been looked at yet.
            let overdue = Command::BreachEvaluator { leg: leg.id };
            if self.journal.execute(&mut case, overdue, &Doer::intake(), roster).is_err() {
                return Outcome::Park { reason: "CASE_STATE" };
            }
            self.cases.insert(case.id, case.clone());
        }
        let Some(leg) = roster.get_mut(place) else { return Outcome::Park { reason: "LEG_UNKNOWN" } };
        // By its own window alone, also after a round that ended early because everyone had answered: what an
        // institution is told must not depend on others.
        let in_time = leg.due_at.is_none_or(|due_at| at <= due_at);
        let known = Known {
            offer: self.offers.get(&leg.id),
            quote: self.quotes.get(&leg.id),
            assets: self.assets.get(&(leg.case, leg.round)).map_or(&[], Vec::as_slice),
            reported: self.reported.contains(&leg.id),
        };
        let verdict = judge(leg, reply, known, in_time);
        let told_before = self.journal.changes.outgoing.len();

        if let Some(state) = verdict.moved {
            note_times(leg, reply, state, at);
            leg.change(state);
            self.journal.changes.note_leg(leg);
            if verdict.command.is_none() && matches!(case.phase, Phase::OffersReady(_)) {
                // A bettered offer may last longer or shorter than the one before.
                self.journal.changes.to_look_at.push((case.id, self.journal.now));
            }
        }
        let leg = leg.clone();
        if let Some(command) = verdict.command {
            let doer = Doer::institution(leg.role, leg.institution);
            let command = self.complete(command, &case, roster);
            let takes_back = matches!(command, Command::TakeBack { .. });
            match self.journal.execute(&mut case, command, &doer, roster) {
                Ok(_) => {
                    if takes_back && matches!(case.phase, Phase::OffersReady(_)) {
                        self.journal.changes.to_look_at.push((case.id, self.journal.now));
                    }
                    self.cases.insert(case.id, case);
                }
                // The leg's state and the case's contradict each other: for a person to look at.
                Err(_) => return Outcome::Park { reason: "CASE_STATE" },
            }
        }
        if let Some(late) = verdict.keep {
            self.keep(&leg, reply, late);
        }
        let version = roster.get(place).map_or(leg.version, |leg| leg.version);
        let told = (leg.id, institution, version);
        let superseded = verdict.displaced.map(|displaced| (displaced, Fate::Superseded));
        let judged = reply.id().zip(verdict.fate);
        let now = self.journal.now;
        let fates = superseded.into_iter().chain(judged).map(|(id, fate)| reply_judged(id, told, fate, now));
        // Before what it brought about: an institution is told the fate of its word, and then that its leg has ended.
        self.journal.changes.outgoing.splice(told_before..told_before, fates);
        Outcome::Done
    }

    /// A report that was given, `at`, after the time that its evaluator had promised.
    fn is_overdue(&self, leg: &Leg, reply: &Reply, at: DateTime<Utc>) -> bool {
        matches!(reply, Reply::Report(_))
            && matches!(leg.state, LegState::Confirmed { .. })
            && self.report_by.get(&leg.id).is_some_and(|by| at > *by)
    }

    /// Adds to a command what depends on the other legs of its case.
    fn complete(&self, command: Command, case: &Case, roster: &[Leg]) -> Command {
        match command {
            Command::CountAnswer { leg, offered, .. } => {
                Command::CountAnswer { leg, offered, need: CoverNeed::of(roster, case.round) }
            }
            Command::LoseBank { cause, .. } => {
                let now = self.journal.now;
                let left = roster.iter().any(|leg| leg.round == case.round && leg.is_offer_at(now));
                Command::LoseBank { cause, left }
            }
            command => command,
        }
    }

    fn keep(&mut self, leg: &Leg, reply: &Reply, late: bool) {
        let changes = &mut self.journal.changes;
        match reply {
            Reply::Offer(offer) => {
                let offer = Offer { case: leg.case, late, ..offer.as_ref().clone() };
                if !late {
                    self.offers.insert(leg.id, offer.clone());
                }
                changes.offers.push(offer);
            }
            Reply::Valuation(quote) => {
                let quote = Valuation { case: leg.case, late, ..quote.as_ref().clone() };
                if !late {
                    self.quotes.insert(leg.id, quote.clone());
                }
                changes.valuations.push(quote);
            }
            Reply::Report(report) => {
                self.reported.insert(leg.id);
                changes.reports.push(crate::domain::Report { case: leg.case, ..report.as_ref().clone() });
            }
            Reply::Received
            | Reply::Accepted
            | Reply::Decline { .. }
            | Reply::Question { .. }
            | Reply::TakenBack { .. }
            | Reply::Approval { .. }
            | Reply::Confirmed { .. }
            | Reply::Refused { .. }
            | Reply::Foreign { .. } => {}
        }
    }
}

fn note_times(leg: &mut Leg, reply: &Reply, state: LegState, at: DateTime<Utc>) {
    leg.delivered_at.get_or_insert(at);
    if reply.is_answer() {
        leg.replied_at.get_or_insert(at);
        leg.standing_reply = reply.id();
    }
    match reply {
        Reply::Offer(offer) => leg.standing = Some(offer.standing()),
        Reply::Valuation(quote) => leg.standing = Some(quote.standing()),
        Reply::Question { asked, note, .. } => {
            leg.asked = asked.clone();
            leg.asked_note = note.clone();
        }
        Reply::Received
        | Reply::Accepted
        | Reply::Decline { .. }
        | Reply::TakenBack { .. }
        | Reply::Approval { .. }
        | Reply::Confirmed { .. }
        | Reply::Refused { .. }
        | Reply::Report(_)
        | Reply::Foreign { .. } => {}
    }
    if !matches!(state, LegState::InfoRequested) {
        leg.asked.clear();
        leg.asked_note.clear();
    }
}
