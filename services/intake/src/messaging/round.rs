//! What a batch of replies is judged upon: cases as this process knows them, as they are read, or as they are locked.

use std::collections::{HashMap, HashSet};

use bus::Way;
use chrono::{DateTime, Utc};
use kernel::{CaseId, InstitutionRole, LegId, ReplyId, leg::LegState};
use sqlx::PgConnection;

use super::{
    known::{KnownCase, KnownCases},
    verdict::Reply,
};
use crate::{
    domain::{Case, Leg, Offer, Valuation},
    journal::Journal,
    store::{StoreError, cases, dossiers, engagements, legs, offers, valuations},
    wire::{incoming::Incoming, planning},
};

/// What a batch works on: cases, locked or of versions that are compared, their legs, the answers that stand.
pub(super) struct Round {
    pub(super) cases: HashMap<CaseId, Case>,
    /// How often legs of them had changed without them.
    touched: HashMap<CaseId, i64>,
    /// Every leg of these cases, in the order of their ids.
    pub(super) rosters: HashMap<CaseId, Vec<Leg>>,
    /// Of the legs in the rosters.
    pub(super) case_of: HashMap<LegId, CaseId>,
    pub(super) offers: HashMap<LegId, Offer>,
    pub(super) quotes: HashMap<LegId, Valuation>,
    /// Whose report is here already.
    pub(super) reported: HashSet<LegId>,
    /// Until when these are to deliver.
    pub(super) report_by: HashMap<LegId, DateTime<Utc>>,
    /// Of cases for which a report has come, by round.
    pub(super) assets: HashMap<(CaseId, u8), Vec<String>>,
    pub(super) journal: Journal,
}

impl Round {
    /// What these replies are judged upon.
    pub(super) async fn load(
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
        mut journal: Journal,
        known: &KnownCases,
        way: Way,
    ) -> Result<Self, StoreError> {
        let mut ids: Vec<LegId> = incoming.iter().flatten().map(|incoming| incoming.leg).collect();
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        let (known_cases, unknown) = match way {
            Way::Alone => known.of_legs(&ids, journal.now),
            Way::InTransaction => (Vec::new(), ids),
        };
        let mut cases = HashMap::new();
        let mut touched = HashMap::new();
        let mut rosters: HashMap<CaseId, Vec<Leg>> = HashMap::new();
        for one in known_cases {
            touched.insert(one.case.id, one.touched);
            rosters.insert(one.case.id, one.legs);
            cases.insert(one.case.id, one.case);
        }
        if !unknown.is_empty() {
            let found = match way {
                Way::Alone => cases::read_by_legs(conn, &unknown).await?,
                Way::InTransaction => cases::lock_by_legs(conn, &unknown).await?,
            };
            if way == Way::InTransaction {
                known.compare(&found);
            }
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
    pub(super) fn stands_alone(&self) -> bool {
        let written: HashSet<CaseId> = self.journal.changes.cases.iter().map(|(case, _)| case.id).collect();
        self.cases.keys().all(|case| written.contains(case)) && self.journal.changes.is_one_statement()
    }

    /// The cases that are written, as they are once that is committed.
    pub(super) fn written(mut self) -> Vec<KnownCase> {
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
