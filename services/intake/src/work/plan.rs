//! Planning of many cases at once: two questions (standings, products) without a transaction, then one transaction
//! that accepts, rejects or dispatches each case whose version is still the one that was planned for.

use std::collections::{HashMap, HashSet};

use kernel::{CaseId, InstitutionId, InstitutionRole, LegId, leg::LegState};
use proto::{catalog::v1 as catalog, whitelist::v1 as whitelist};
use tracing::{Instrument, info_span};

use super::{WorkError, Worker, is_away};
use crate::{
    domain::{
        Application, Case, Command, CoverNeed, Leg, Phase, ProductVersion,
        plan::{Fit, Screening, Standing, asked, evaluators, roster},
    },
    journal::{Doer, Journal},
    messaging::publish,
    store::{
        StoreError,
        cases::{self, Record},
        deadlines::{self, Deadline, Fired, Kind},
        dossiers::Dossier,
        legs,
    },
    wire::planning,
};

/// Banks and evaluators are asked in the first wave.
const FIRST_WAVE: u8 = 1;
/// When to plan a case that has changed while it was planned.
const REPLAN: chrono::TimeDelta = chrono::TimeDelta::seconds(1);
/// Needs in one question for reasons.
const EXPLAINED_AT_ONCE: usize = 4;

/// A case as it was looked at, and what is to become of it.
struct Draft {
    record: Record,
    application: Application,
    standing: Standing,
    fits: Vec<Fit>,
    /// Asked for a valuation, where a bank is asked.
    evaluators: Vec<InstitutionId>,
    /// Why nobody fits.
    reasons: Vec<String>,
}

impl Draft {
    /// What insurers and guarantors are asked together with the banks: only where the desk wants it, for a firm on the
    /// whitelist, and only where the application accepts cover.
    fn cover_at_once(&self) -> Option<CoverNeed> {
        let wanted = self.application.cover_at_once && self.standing.listed && !self.fits.is_empty();
        let application = &self.application;
        wanted
            .then(|| CoverNeed::at_once(&application.enhancement, application.amount, application.term))
            .flatten()
    }
}

impl Worker {
    pub(super) async fn plan(&self, fired: &[Fired]) -> Result<(), WorkError> {
        let ids: Vec<CaseId> = fired.iter().map(|fired| fired.case).collect();
        let (records, before) = {
            let mut conn = self.pool.acquire().await?;
            let records = cases::read(&mut conn, &ids).await?;
            let again: Vec<CaseId> =
                records.iter().filter(|record| record.case.round > 0).map(|record| record.case.id).collect();
            let before =
                if again.is_empty() { Vec::new() } else { legs::of_cases(&mut conn, &again).await? };
            (records, before)
        };
        let span = info_span!("case.plan", cases = records.len());
        match self.ask(records, &before).instrument(span).await {
            Ok(drafts) => self.carry_out(&ids, drafts, before).await,
            Err(status) if !is_away(&status) => Err(WorkError::Refused(status.code())),
            Err(status) => {
                let attempts = fired.iter().map(|fired| fired.attempts).max().unwrap_or_default();
                tracing::warn!(code = ?status.code(), cases = ids.len(), attempts, "planning waits for another role");
                let mut conn = self.pool.acquire().await?;
                let again = host::turns::try_again_at(self.clock.now(), attempts);
                Ok(deadlines::postpone(&mut conn, &ids, Kind::Plan, again).await?)
            }
        }
    }

    /// Standings of all, products for those that may go on.
    async fn ask(&self, records: Vec<Record>, before: &[Leg]) -> Result<Vec<Draft>, Box<tonic::Status>> {
        let complete: Vec<(Record, Application)> = records
            .into_iter()
            .filter_map(|record| record.form.complete().ok().map(|application| (record, application)))
            .collect();
        let queries = complete.iter().map(|(_, application)| planning::standing_query(application)).collect();
        let standings = self
            .whitelist
            .clone()
            .get_standings(whitelist::GetStandingsRequest { queries })
            .await
            .map_err(Box::new)?
            .into_inner()
            .standings;
        if standings.len() != complete.len() {
            return Err(Box::new(tonic::Status::internal("whitelist answered another number of standings")));
        }
        let mut drafts = Vec::with_capacity(complete.len());
        for ((record, application), standing) in complete.into_iter().zip(standings) {
            let standing = planning::standing(standing).map_err(Box::new)?;
            drafts.push(Draft {
                record,
                application,
                standing,
                fits: Vec::new(),
                evaluators: Vec::new(),
                reasons: Vec::new(),
            });
        }

        let clear: Vec<usize> =
            (0..drafts.len()).filter(|index| drafts[*index].standing.screen() == Screening::Clear).collect();
        self.match_products(&mut drafts, &clear, false).await?;
        let without: Vec<usize> =
            clear.iter().copied().filter(|index| drafts[*index].fits.is_empty()).collect();
        // Explanations are long where there are many products: few needs a question.
        for few in without.chunks(EXPLAINED_AT_ONCE) {
            self.match_products(&mut drafts, few, true).await?;
        }
        for draft in &mut drafts {
            let before: Vec<Leg> =
                before.iter().filter(|leg| leg.case == draft.record.case.id).cloned().collect();
            let found = draft.fits.len();
            draft.fits.retain(|fit| draft.standing.may_receive(fit.institution));
            let named = draft.fits.len();
            draft.fits = roster(&draft.fits, &asked(&before));
            if draft.fits.is_empty() && named > 0 {
                draft.reasons = vec!["NOTHING_CHANGED".to_owned()];
            } else if draft.fits.is_empty() && found > 0 {
                draft.reasons = vec!["CONSENT_RECIPIENT_NOT_NAMED".to_owned()];
            }
            if !draft.fits.is_empty() {
                let known = self.evaluators.list().await?;
                draft.evaluators = evaluators(&known, &draft.standing, &before, self.clock.now());
            }
        }
        Ok(drafts)
    }

    async fn match_products(
        &self,
        drafts: &mut [Draft],
        which: &[usize],
        explain: bool,
    ) -> Result<(), Box<tonic::Status>> {
        if which.is_empty() {
            return Ok(());
        }
        let needs = which
            .iter()
            .map(|index| planning::need(&drafts[*index].application, &drafts[*index].standing))
            .collect();
        let matches = self
            .catalog
            .clone()
            .match_products(catalog::MatchProductsRequest { needs, explain })
            .await
            .map_err(Box::new)?
            .into_inner()
            .matches;
        if matches.len() != which.len() {
            return Err(Box::new(tonic::Status::internal("catalog answered another number of matches")));
        }
        for (index, found) in which.iter().zip(matches) {
            drafts[*index].fits = planning::fits(&found).map_err(Box::new)?;
            drafts[*index].reasons = planning::reasons(&found);
        }
        Ok(())
    }

    /// `before`: the legs of earlier rounds, which a screening that fails releases.
    async fn carry_out(&self, ids: &[CaseId], drafts: Vec<Draft>, before: Vec<Leg>) -> Result<(), WorkError> {
        // Each of these is changed, and its version with it: that is what the one statement compares.
        let plain = |draft: &Draft| self.is_plannable(&draft.record.case) && draft.standing.profile.is_some();
        if before.is_empty() && drafts.len() == ids.len() && drafts.iter().all(plain) {
            self.carry_out_at_once(ids, drafts).await?;
        } else {
            self.carry_out_locked(ids, drafts, before).await?;
        }
        self.outbox.wake();
        self.alarm.timers();
        Ok(())
    }

    /// First rounds, by one statement that is a transaction by itself: it writes nothing if one of the cases has changed
    /// since it was read, and then their turn comes again.
    async fn carry_out_at_once(&self, ids: &[CaseId], drafts: Vec<Draft>) -> Result<(), WorkError> {
        let now = self.clock.now();
        let mut journal = Journal::new(now, &self.rules);
        for draft in drafts {
            let case = draft.record.case.clone();
            journal.changes.read.insert(case.id, case.version);
            self.settle_in_trace(&mut journal, case, draft, &mut []);
        }
        let mut conn = self.pool.acquire().await?;
        if journal.changes.cases.len() < ids.len() {
            return Ok(deadlines::postpone(&mut conn, ids, Kind::Plan, now + REPLAN).await?);
        }
        match journal.write(&mut conn).await {
            Err(StoreError::Database(error)) if writes::is_other_number(&error) => Ok(()),
            written => Ok(written?),
        }
    }

    async fn carry_out_locked(
        &self,
        ids: &[CaseId],
        drafts: Vec<Draft>,
        mut before: Vec<Leg>,
    ) -> Result<(), WorkError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let locked: HashMap<CaseId, Case> = cases::lock(&mut tx, ids)
            .await?
            .into_iter()
            .map(|record| (record.case.id, record.case))
            .collect();
        let mut journal = Journal::new(now, &self.rules);
        let mut moved_on: HashSet<CaseId> = ids.iter().copied().collect();
        for draft in drafts {
            let id = draft.record.case.id;
            let Some(case) = locked.get(&id).filter(|case| case.version == draft.record.case.version) else {
                continue;
            };
            moved_on.remove(&id);
            let mut own: Vec<Leg> = before.extract_if(.., |leg| leg.case == id).collect();
            self.settle_in_trace(&mut journal, case.clone(), draft, &mut own);
        }
        // Whoever changed a case in the meantime has also said what is next for it; only what nobody will plan any
        // more loses its row.
        for id in moved_on {
            if locked.get(&id).is_some_and(|case| self.is_plannable(case)) {
                let soon = Deadline { due_at: Some(now + REPLAN), ..Deadline::now(id, Kind::Plan, now) };
                journal.changes.set(soon);
            } else {
                journal.changes.clear(id, Kind::Plan);
            }
        }
        journal.write(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    fn settle_in_trace(&self, journal: &mut Journal, case: Case, draft: Draft, before: &mut [Leg]) {
        let span = info_span!("case.dispatch", case = %case.id, legs = draft.fits.len());
        if let Some(root) = &draft.record.root_traceparent {
            telemetry::context::child_of(&span, root);
        }
        span.in_scope(|| self.settle(journal, case, draft, before));
    }

    fn is_plannable(&self, case: &Case) -> bool {
        match &case.phase {
            Phase::Submitted { held } => held.is_empty() && self.rules.policy.accepts_by_itself(case.channel),
            Phase::Accepted => true,
            Phase::NoOffer { again, .. } => *again,
            Phase::Draft
            | Phase::Supplement { .. }
            | Phase::Collecting(_)
            | Phase::OffersReady(_)
            | Phase::Selected { .. }
            | Phase::Approved { .. }
            | Phase::Rejected { .. }
            | Phase::Withdrawn { .. }
            | Phase::Expired { .. } => false,
        }
    }

    /// What becomes of one case, by its standing and the products found.
    fn settle(&self, journal: &mut Journal, mut case: Case, draft: Draft, before: &mut [Leg]) {
        journal.changes.clear(case.id, Kind::Plan);
        if !self.is_plannable(&case) {
            return;
        }
        let screening = draft.standing.screen();
        let mut commands = Vec::new();
        if matches!(case.phase, Phase::Submitted { .. }) {
            match (&screening, &draft.standing.profile) {
                (Screening::Clear | Screening::Excluded(_), Some(profile)) => {
                    commands.push(Command::Accept {
                        automatic: true,
                        enterprise: profile.id,
                        park: profile.park.clone(),
                    })
                }
                (Screening::Held(reasons), _) => {
                    self.command(journal, &mut case, Command::Hold { reasons: reasons.clone() }, before);
                    return;
                }
                (Screening::Clear | Screening::Excluded(_), None) => return,
            }
        }
        let closes = self.rules.calendar.deadline(journal.now, self.rules.policy.window);
        let closes_at = match closes {
            kernel::Due::At(at) => Some(at),
            kernel::Due::Pending { .. } => None,
        };
        commands.push(match screening {
            Screening::Excluded(reasons) => Command::FailScreen { reasons },
            Screening::Held(reasons) => Command::Dispatch { legs: 0, closes_at: None, reasons, cover: None },
            Screening::Clear => Command::Dispatch {
                legs: u16::try_from(draft.fits.len() + draft.evaluators.len()).unwrap_or(u16::MAX),
                closes_at,
                reasons: draft.reasons.clone(),
                cover: draft.cover_at_once(),
            },
        });
        for command in commands {
            self.command(journal, &mut case, command, before);
        }
        if matches!(case.phase, Phase::Collecting(_)) {
            self.dispatch(journal, &case, &draft, closes_at, closes);
        }
    }

    fn command(&self, journal: &mut Journal, case: &mut Case, command: Command, before: &mut [Leg]) {
        // The state was looked at just above, under the lock: a refusal here would be a fault of ours.
        if let Err(refusal) = journal.execute(case, command, &Doer::intake(), before) {
            tracing::error!(case = %case.id, %refusal, "planning met a state that it did not expect");
        }
    }

    /// Freezes the roster and the dossier, and issues the legs.
    fn dispatch(
        &self,
        journal: &mut Journal,
        case: &Case,
        draft: &Draft,
        closes_at: Option<chrono::DateTime<chrono::Utc>>,
        closes: kernel::Due,
    ) {
        let now = journal.now;
        let Some(profile) = &draft.standing.profile else { return };
        let mut random = rand::rng();
        let banks = draft.fits.iter().map(|fit| {
            let product = ProductVersion { id: fit.product, version: fit.version };
            (InstitutionRole::Bank, fit.institution, Some(product))
        });
        let others = draft.evaluators.iter().map(|id| (InstitutionRole::Evaluator, *id, None));
        for (role, institution, product) in banks.chain(others) {
            let leg = Leg {
                id: LegId::random(&mut random),
                case: case.id,
                round: case.round,
                wave: FIRST_WAVE,
                role,
                institution,
                product,
                state: LegState::Created,
                version: 1,
                issued_at: now,
                due_at: closes_at,
                delivered_at: None,
                replied_at: None,
                standing_reply: None,
                standing: None,
                asked: Vec::new(),
                asked_note: String::new(),
            };
            let span = info_span!("inst.request", role = leg.role.code(), wave = FIRST_WAVE, leg = %leg.id);
            journal.changes.outgoing.push(span.in_scope(|| publish::leg_issued(&leg, closes_at, now)));
            journal.changes.new_legs.push(leg);
        }
        let asked = |role| role == InstitutionRole::Bank || !draft.evaluators.is_empty();
        for role in
            [InstitutionRole::Bank, InstitutionRole::Evaluator].into_iter().filter(|role| asked(*role))
        {
            journal.changes.dossiers.push(Dossier {
                case: case.id,
                round: case.round,
                role,
                consent: draft.application.consent,
                enterprise: profile.id,
                body: planning::dossier(
                    role,
                    &draft.record.number,
                    &draft.application,
                    &draft.standing,
                    profile,
                ),
                recipients: draft.standing.recipients.clone(),
            });
        }
        let window = Deadline::due(case.id, Kind::Window, now, self.rules.policy.window, closes);
        journal.changes.set(self.next_look(window, now, closes_at));
    }
}
