//! Takes what institutions send through partner, a batch at a time: every reply is judged in memory under the lock of
//! its case, and all that follows is written by one statement for each table.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bus::{Handler, HandlerError, Message, Outcome};
use chrono::{DateTime, Utc};
use kernel::{CaseId, Clock, InstitutionRole, LegId, ReplyId, leg::LegState};
use sqlx::PgConnection;

use super::{
    failed,
    publish::{Fate, reply_judged},
    verdict::{Known, Reply, judge},
};
use crate::{
    domain::{Case, Command, CoverNeed, Leg, Offer, Phase, Valuation},
    journal::{Doer, Journal, Rules},
    store::{StoreError, cases, dossiers, legs, offers, valuations},
    wire::{
        incoming::{Incoming, read},
        planning,
    },
};

#[derive(Clone)]
pub(crate) struct Replies {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
}

impl Handler for Replies {
    type Prepared = ();

    async fn prepare(&self, _batch: &[Message]) {}

    async fn apply(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        (): (),
    ) -> Result<Vec<Outcome>, HandlerError> {
        let incoming: Vec<Result<Incoming, &'static str>> = batch.iter().map(read).collect();
        let journal = Journal::new(self.clock.now(), &self.rules);
        let mut round = Round::load(conn, &incoming, journal).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, incoming) in batch.iter().zip(incoming) {
            outcomes.push(match incoming {
                Ok(incoming) => message.span().in_scope(|| round.take(incoming)),
                Err(reason) => Outcome::Park { reason },
            });
        }
        round.journal.write(conn).await.map_err(failed)?;
        Ok(outcomes)
    }
}

/// What a batch works on: locked cases, their legs, the answers that stand.
struct Round {
    cases: HashMap<CaseId, Case>,
    legs: HashMap<LegId, Leg>,
    offers: HashMap<LegId, Offer>,
    quotes: HashMap<LegId, Valuation>,
    /// Of cases for which a report has come, by round.
    assets: HashMap<(CaseId, u8), Vec<String>>,
    journal: Journal,
}

impl Round {
    async fn load(
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
        journal: Journal,
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<LegId> = incoming.iter().flatten().map(|incoming| incoming.leg).collect();
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        let cases: HashMap<CaseId, Case> = cases::lock_by_legs(conn, &ids)
            .await?
            .into_iter()
            .map(|locked| (locked.case.id, locked.case))
            .collect();
        let mut legs: HashMap<LegId, Leg> =
            legs::by_ids(conn, &ids).await?.into_iter().map(|leg| (leg.id, leg)).collect();
        let whole = whole_rosters(incoming, &cases, &legs);
        if !whole.is_empty() {
            legs.extend(legs::of_cases(conn, &whole).await?.into_iter().map(|leg| (leg.id, leg)));
        }
        let mut round = Self {
            cases,
            legs,
            offers: HashMap::new(),
            quotes: HashMap::new(),
            assets: HashMap::new(),
            journal,
        };
        round.load_standing(conn, incoming).await?;
        Ok(round)
    }

    /// The answers that stand, where a reply is judged against them: bettered, confirmed, fulfilled.
    async fn load_standing(
        &mut self,
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
    ) -> Result<(), StoreError> {
        let asked: HashSet<LegId> =
            incoming.iter().flatten().filter(|i| i.reply.needs_standing()).map(|i| i.leg).collect();
        let replies = |role: InstitutionRole| -> Vec<ReplyId> {
            self.legs
                .values()
                .filter(|leg| asked.contains(&leg.id) && leg.role == role && stands(leg.state))
                .filter_map(|leg| leg.standing_reply)
                .collect()
        };
        let (of_banks, of_evaluators) = (replies(InstitutionRole::Bank), replies(InstitutionRole::Evaluator));
        if !of_banks.is_empty() {
            let offers = offers::by_replies(conn, &of_banks).await?;
            self.offers = offers.into_iter().map(|offer| (offer.leg, offer)).collect();
        }
        if !of_evaluators.is_empty() {
            let quotes = valuations::by_replies(conn, &of_evaluators).await?;
            self.quotes = quotes.into_iter().map(|quote| (quote.leg, quote)).collect();
        }
        let reported: Vec<CaseId> = incoming
            .iter()
            .flatten()
            .filter(|incoming| matches!(incoming.reply, Reply::Report(_)))
            .filter_map(|incoming| self.legs.get(&incoming.leg).map(|leg| leg.case))
            .collect();
        if !reported.is_empty() {
            for dossier in dossiers::of_cases(conn, &reported, InstitutionRole::Evaluator).await? {
                self.assets.insert((dossier.case, dossier.round), planning::asset_numbers(&dossier.body));
            }
        }
        Ok(())
    }

    fn take(&mut self, incoming: Incoming) -> Outcome {
        let Incoming { leg: leg_id, institution, at, reply } = incoming;
        let Some(mut leg) = self.legs.get(&leg_id).cloned() else {
            return Outcome::Park { reason: "LEG_UNKNOWN" };
        };
        if leg.institution != institution {
            return Outcome::Park { reason: "LEG_OF_ANOTHER" };
        }
        let Some(mut case) = self.cases.get(&leg.case).cloned() else {
            return Outcome::Park { reason: "CASE_UNKNOWN" };
        };
        // By its own window alone, also after a round that ended early because everyone had answered: what an
        // institution is told must not depend on others.
        let in_time = leg.due_at.is_none_or(|due_at| at <= due_at);
        let known = Known {
            offer: self.offers.get(&leg_id),
            quote: self.quotes.get(&leg_id),
            assets: self.assets.get(&(leg.case, leg.round)).map_or(&[], Vec::as_slice),
        };
        let verdict = judge(&leg, &reply, known, in_time);

        if let Some(state) = verdict.moved {
            note_times(&mut leg, &reply, state, at);
            leg.change(state);
            self.journal.changes.note_leg(&leg);
            self.legs.insert(leg_id, leg.clone());
            if verdict.command.is_none() && matches!(case.phase, Phase::OffersReady(_)) {
                // A bettered offer may last longer or shorter than the one before.
                self.journal.changes.to_look_at.push((case.id, self.journal.now));
            }
        }
        if let Some(command) = verdict.command {
            let doer = Doer::institution(leg.role, leg.institution);
            let mut roster: Vec<Leg> =
                self.legs.values().filter(|other| other.case == case.id).cloned().collect();
            roster.sort_by_key(|one| one.id.uuid());
            let command = self.complete(command, &case, &roster);
            let takes_back = matches!(command, Command::TakeBack { .. });
            match self.journal.execute(&mut case, command, &doer, &mut roster) {
                Ok(_) => {
                    if takes_back && matches!(case.phase, Phase::OffersReady(_)) {
                        self.journal.changes.to_look_at.push((case.id, self.journal.now));
                    }
                    self.cases.insert(case.id, case);
                    self.legs.extend(roster.into_iter().map(|one| (one.id, one)));
                }
                // The leg's state and the case's contradict each other: for a person to look at.
                Err(_) => return Outcome::Park { reason: "CASE_STATE" },
            }
        }
        if let Some(late) = verdict.keep {
            self.keep(&leg, &reply, late);
        }
        let version = self.legs.get(&leg_id).map_or(leg.version, |leg| leg.version);
        let told = (leg.id, institution, version);
        if let Some(displaced) = verdict.displaced {
            let superseded = reply_judged(displaced, told, Fate::Superseded, self.journal.now);
            self.journal.changes.outgoing.push(superseded);
        }
        if let (Some(fate), Some(reply)) = (verdict.fate, reply.id()) {
            self.journal.changes.outgoing.push(reply_judged(reply, told, fate, self.journal.now));
        }
        Outcome::Done
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

/// Cases whose whole roster is needed: this batch may end their round, for which the public fact names every leg, or
/// what it brings moves other legs.
fn whole_rosters(
    incoming: &[Result<Incoming, &'static str>],
    cases: &HashMap<CaseId, Case>,
    legs: &HashMap<LegId, Leg>,
) -> Vec<CaseId> {
    let mut answers: HashMap<CaseId, u16> = HashMap::new();
    let mut whole: HashSet<CaseId> = HashSet::new();
    for incoming in incoming.iter().flatten() {
        let Some(leg) = legs.get(&incoming.leg) else { continue };
        if incoming.reply.is_answer() {
            *answers.entry(leg.case).or_default() += 1;
        }
        if incoming.reply.concerns_all() {
            whole.insert(leg.case);
        }
    }
    let ending = answers.into_iter().filter(|(id, count)| match cases.get(id).map(|case| &case.phase) {
        Some(Phase::Collecting(round)) => round.answered + count >= round.legs,
        _ => false,
    });
    whole.extend(ending.map(|(id, _)| id));
    whole.into_iter().collect()
}

/// Whether an answer stands in this state, chosen or not.
fn stands(state: LegState) -> bool {
    matches!(state, LegState::Offered { .. } | LegState::Selected { .. } | LegState::Confirmed { .. })
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
