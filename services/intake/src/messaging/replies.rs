//! Takes what institutions send through partner, a batch at a time: every reply is judged in memory, and all that follows is
//! written by one statement, which compares what its cases were when they were read; where that does not guard everything,
//! under their locks.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bus::{Handler, HandlerError, Message, Outcome, Way};
use chrono::{DateTime, Utc};
use kernel::{CaseId, Clock, InstitutionId, InstitutionRole, LegId, ReplyId, leg::LegState};
use sqlx::PgConnection;
use writes::Writes;

use super::{
    failed,
    known::{KnownCase, KnownCases},
    publish::{Fate, reply_judged},
    verdict::{Known, Reply, judge},
};
use crate::{
    domain::{Case, Command, CoverNeed, Leg, Offer, Phase, Valuation},
    journal::{Doer, Journal, Rules},
    store::{StoreError, cases, dossiers, engagements, legs, offers, valuations},
    wire::{
        incoming::{Incoming, read},
        planning,
    },
};

#[derive(Clone)]
pub(crate) struct Replies {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    pub known: KnownCases,
}

/// What one attempt at a batch leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// As they are once it is committed.
    cases: Vec<KnownCase>,
    /// To be told if it never is: some were judged as they were known here.
    by_heart: Option<KnownCases>,
}

impl Drop for Judged {
    fn drop(&mut self) {
        if let Some(known) = &self.by_heart {
            known.was_refused();
        }
    }
}

impl Handler for Replies {
    type Prepared = Judged;

    async fn prepare(&self, _batch: &[Message]) -> Judged {
        Judged::default()
    }

    const GATHERS: bool = true;

    async fn gather(
        &self,
        conn: &mut PgConnection,
        batch: &[Message],
        judged: &mut Judged,
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
        judged.by_heart = round.by_heart.then(|| self.known.clone());
        judged.cases = round.written();
        Ok(outcomes)
    }

    fn committed(&self, mut judged: Judged) {
        judged.by_heart = None;
        self.known.committed(std::mem::take(&mut judged.cases));
    }
}

/// What a batch works on: cases, locked or of versions that are compared, their legs, the answers that stand.
struct Round {
    cases: HashMap<CaseId, Case>,
    /// How often legs of them had changed without them.
    touched: HashMap<CaseId, i64>,
    /// Some of them were not read, but known.
    by_heart: bool,
    /// Every leg of these cases, in the order of their ids.
    rosters: HashMap<CaseId, Vec<Leg>>,
    /// Of the legs in the rosters.
    case_of: HashMap<LegId, CaseId>,
    offers: HashMap<LegId, Offer>,
    quotes: HashMap<LegId, Valuation>,
    /// Whose report is here already.
    reported: HashSet<LegId>,
    /// Until when these are to deliver.
    report_by: HashMap<LegId, DateTime<Utc>>,
    /// Of cases for which a report has come, by round.
    assets: HashMap<(CaseId, u8), Vec<String>>,
    journal: Journal,
}

impl Round {
    async fn load(
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
        mut journal: Journal,
        known: &KnownCases,
        way: Way,
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<LegId> = incoming.iter().flatten().map(|incoming| incoming.leg).collect();
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        let (known, unknown) = match way {
            Way::Alone => known.take(&ids),
            Way::InTransaction => (Vec::new(), ids),
        };
        let by_heart = !known.is_empty();
        let mut cases = HashMap::new();
        let mut touched = HashMap::new();
        let mut rosters: HashMap<CaseId, Vec<Leg>> = HashMap::new();
        for one in known {
            touched.insert(one.case.id, one.touched);
            rosters.insert(one.case.id, one.legs);
            cases.insert(one.case.id, one.case);
        }
        if !unknown.is_empty() {
            let found = match way {
                Way::Alone => cases::read_by_legs(conn, &unknown).await?,
                Way::InTransaction => cases::lock_by_legs(conn, &unknown).await?,
            };
            let of: Vec<CaseId> = found.iter().map(|found| found.case.id).collect();
            for found in found {
                touched.insert(found.case.id, found.touched);
                // What was read is newer than what is known: it has legs that are not.
                rosters.insert(found.case.id, Vec::new());
                cases.insert(found.case.id, found.case);
            }
            for leg in legs::of_cases(conn, &of).await? {
                rosters.entry(leg.case).or_default().push(leg);
            }
        }
        if way == Way::Alone {
            let read =
                |case: &Case| cases::Read { version: case.version, touched: touched.get(&case.id).copied() };
            journal.changes.read = cases.values().map(|case| (case.id, read(case))).collect();
        }
        let case_of = rosters.values().flatten().map(|leg| (leg.id, leg.case)).collect();
        rosters.values_mut().for_each(|roster| roster.sort_by_key(|leg| leg.id.uuid()));
        let mut round = Self {
            cases,
            touched,
            by_heart,
            rosters,
            case_of,
            offers: HashMap::new(),
            quotes: HashMap::new(),
            reported: HashSet::new(),
            report_by: HashMap::new(),
            assets: HashMap::new(),
            journal,
        };
        round.load_standing(conn, incoming).await?;
        Ok(round)
    }

    /// Whether comparing the versions of the cases that are written guards all that is written: each of them is, and once.
    fn stands_alone(&self) -> bool {
        let written: HashSet<CaseId> = self.journal.changes.cases.iter().map(|(case, _)| case.id).collect();
        self.cases.keys().all(|case| written.contains(case)) && self.journal.changes.is_one_statement()
    }

    /// The cases that are written, as they are once that is committed.
    fn written(mut self) -> Vec<KnownCase> {
        let written = self.journal.changes.cases.into_iter();
        let known = written.filter_map(|(case, _)| {
            Some(KnownCase {
                touched: *self.touched.get(&case.id)?,
                legs: self.rosters.remove(&case.id)?,
                case,
            })
        });
        known.collect()
    }

    fn leg(&self, id: LegId) -> Option<&Leg> {
        self.rosters.get(self.case_of.get(&id)?)?.iter().find(|leg| leg.id == id)
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
            asked
                .iter()
                .filter_map(|id| self.leg(*id))
                .filter(|leg| leg.role == role && stands(leg.state))
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
        let reports: Vec<LegId> = incoming
            .iter()
            .flatten()
            .filter(|incoming| matches!(incoming.reply, Reply::Report(_)))
            .map(|incoming| incoming.leg)
            .collect();
        if !reports.is_empty() {
            self.reported.extend(valuations::reported(conn, &reports).await?);
            let of: Vec<CaseId> = reports.iter().filter_map(|leg| self.case_of.get(leg).copied()).collect();
            for engaged in engagements::of_cases(conn, &of).await? {
                self.report_by.extend(self.journal.rules.report_by(&engaged).map(|by| (engaged.leg, by)));
            }
            for dossier in dossiers::of_cases(conn, &of, InstitutionRole::Evaluator).await? {
                self.assets.insert((dossier.case, dossier.round), planning::asset_numbers(&dossier.body));
            }
        }
        Ok(())
    }

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

/// Whether an answer stands in this state, chosen or not, or is still owed what it promised.
fn stands(state: LegState) -> bool {
    matches!(
        state,
        LegState::Offered { .. }
            | LegState::Selected { .. }
            | LegState::Confirmed { .. }
            | LegState::Breached { .. }
    )
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
