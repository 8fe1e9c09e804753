//! Plans cases: two questions (standings, products) without a transaction, and what follows from their answers. Nothing is
//! written here: whoever has a case planned does that.

use std::sync::Arc;

use kernel::{Clock, InstitutionId, InstitutionRole, LegId, leg::LegState};
use proto::{
    catalog::v1::{self as catalog, catalog_service_client::CatalogServiceClient},
    whitelist::v1::{self as whitelist, whitelist_service_client::WhitelistServiceClient},
};
use tracing::info_span;

use super::Evaluators;
use crate::{
    domain::{
        Application, Case, Command, CoverNeed, Leg, Phase, ProductVersion,
        plan::{Fit, Screening, Standing, asked, evaluators, roster},
    },
    journal::{Doer, Journal, Rules},
    messaging::publish,
    store::{
        cases::Record,
        deadlines::{Deadline, Kind},
        dossiers::Dossier,
    },
    wire::planning,
};

/// Banks and evaluators are asked in the first wave.
const FIRST_WAVE: u8 = 1;
/// Needs in one question for reasons.
const EXPLAINED_AT_ONCE: usize = 4;

/// What planning needs, for the worker and for submissions alike.
#[derive(Clone)]
pub(crate) struct Planner {
    pub clock: Arc<dyn Clock>,
    pub rules: Rules,
    pub whitelist: WhitelistServiceClient<rpc::client::Channel>,
    pub catalog: CatalogServiceClient<rpc::client::Channel>,
    pub evaluators: Evaluators,
}

/// A case as it was looked at, and what is to become of it.
pub(crate) struct Draft {
    pub record: Record,
    application: Application,
    standing: Standing,
    fits: Vec<Fit>,
    /// Asked for a valuation, where a bank is asked.
    evaluators: Vec<InstitutionId>,
    /// Why nobody fits.
    reasons: Vec<String>,
}

impl Draft {
    /// Whether the enterprise is on the register.
    pub(super) fn is_of_known(&self) -> bool {
        self.standing.profile.is_some()
    }

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

impl Planner {
    /// Standings of all, products for those that may go on; nothing of those whose form is incomplete. `before`: the legs
    /// of earlier rounds.
    ///
    /// # Errors
    /// Of whitelist or catalog, or INTERNAL where what they answered is none.
    pub(crate) async fn ask(
        &self,
        records: Vec<Record>,
        before: &[Leg],
    ) -> Result<Vec<Draft>, Box<tonic::Status>> {
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

    /// What becomes of one case, as part of its own trace.
    pub(crate) fn settle(&self, journal: &mut Journal, case: Case, draft: Draft, before: &mut [Leg]) {
        let span = info_span!("case.dispatch", case = %case.id, legs = draft.fits.len());
        if let Some(root) = &draft.record.root_traceparent {
            telemetry::context::child_of(&span, root);
        }
        span.in_scope(|| self.decide(journal, case, draft, before));
    }

    /// Whether planning is what comes next for it.
    pub(super) fn is_plannable(&self, case: &Case) -> bool {
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

    /// By the case's standing and the products found.
    fn decide(&self, journal: &mut Journal, mut case: Case, draft: Draft, before: &mut [Leg]) {
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
        // The state was looked at just above: a refusal here would be a fault of ours.
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
                id: LegId::new(now, &mut random),
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
        journal.changes.set(self.rules.next_look(window, now, closes_at));
    }
}
