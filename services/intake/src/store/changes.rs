//! Everything one transaction writes for any number of cases: gathered in memory by the rules, written by one
//! multi-row statement for each table.

use std::collections::{BTreeSet, HashMap, HashSet};

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::{CaseId, leg::LegState};
use sqlx::PgConnection;
use writes::Writes;

use super::{
    StoreError,
    cases::{self, Read, Record},
    covers::{self, Asked},
    deadlines::{self, Deadline, Kind},
    dossiers::{self, Dossier},
    engagements, legs, offers,
    timeline::{self, Entry},
    valuations,
};
use crate::domain::{Case, CoverOption, Engagement, Form, Leg, Offer, Report, Valuation};

/// The state in which a submission begins.
const SUBMITTED: &str = "SUBMITTED";

#[derive(Debug, Default)]
pub struct Changes {
    /// Cases that are stored just now, in the state in which they are left; none of them is among `cases`.
    pub new_cases: Vec<Record>,
    /// Present state, with the time of submission where it was set just now.
    pub cases: Vec<(Case, Option<DateTime<Utc>>)>,
    /// What those were that were read without a lock.
    pub read: HashMap<CaseId, Read>,
    pub forms: Vec<(CaseId, Form)>,
    pub entries: Vec<Entry>,
    pub new_legs: Vec<Leg>,
    pub legs: Vec<Leg>,
    pub dossiers: Vec<Dossier>,
    pub offers: Vec<Offer>,
    pub valuations: Vec<Valuation>,
    pub reports: Vec<Report>,
    pub engagements: Vec<Engagement>,
    pub cover_requests: Vec<Asked>,
    /// New or changed options of cover.
    cover_options: Vec<CoverOption>,
    deadlines: Vec<Deadline>,
    cleared: Vec<(CaseId, Kind)>,
    /// Cases whose time to choose is to be computed anew.
    pub to_look_at: Vec<(CaseId, DateTime<Utc>)>,
    pub outgoing: Vec<Outgoing>,
}

impl Changes {
    /// Leaves all of it in `writes`, but for what has to be written before, which `conn` does; the rows of changed cases must
    /// be locked, or their versions compared by `writes`.
    pub async fn gather(&self, writes: &mut Writes, conn: &mut PgConnection) -> Result<(), StoreError> {
        // Rows of cases that are written once more by the one statement.
        cases::update_choice(conn, self.cases.iter().map(|(case, _)| case)).await?;
        for (case, form) in &self.forms {
            cases::update_form(conn, *case, form).await?;
        }
        cases::insert(writes, &self.new_cases);
        cases::update(writes, &self.cases, &self.read);
        cases::touch(writes, &self.touched());
        timeline::insert(writes, &self.entries);
        legs::insert(writes, &self.new_legs);
        legs::update(writes, &self.legs.iter().collect::<Vec<_>>());
        dossiers::insert(writes, &self.dossiers);
        offers::insert(writes, &self.offers);
        valuations::insert(writes, &self.valuations);
        valuations::insert_reports(writes, &self.reports);
        engagements::insert(writes, &self.engagements);
        covers::insert(writes, &self.cover_requests);
        covers::put_options(writes, &self.cover_options);
        self.write_deadlines(writes);
        bus::enqueue_together_with(writes, &self.outgoing);
        self.count();
        Ok(())
    }

    /// Cases whose legs change without them.
    fn touched(&self) -> BTreeSet<CaseId> {
        let written: HashSet<CaseId> = self.cases.iter().map(|(case, _)| case.id).collect();
        self.legs.iter().map(|leg| leg.case).filter(|case| !written.contains(case)).collect()
    }

    /// Whether [`Self::gather`] writes nothing by itself, and nothing that depends on rows beside case and legs.
    pub fn is_one_statement(&self) -> bool {
        self.forms.is_empty()
            && self.to_look_at.is_empty()
            && !self.cases.iter().any(|(case, _)| case.phase.choice().is_some())
    }

    /// A time to choose that is put or cleared just now is not hastened a second time.
    fn write_deadlines(&self, writes: &mut Writes) {
        let mut put = self.deadlines.clone();
        let mut hastened = Vec::new();
        for (case, at) in &self.to_look_at {
            let of_case = |noted: &(CaseId, Kind)| *noted == (*case, Kind::Selection);
            if let Some(deadline) = put.iter_mut().find(|d| of_case(&(d.case, d.kind))) {
                deadline.due_at = Some(deadline.due_at.map_or(*at, |due_at| due_at.min(*at)));
            } else if !self.cleared.iter().any(of_case) {
                hastened.push((*case, *at));
            }
        }
        deadlines::put_and_clear(writes, &put, &self.cleared);
        deadlines::hasten(writes, Kind::Selection, &hastened);
    }

    /// Adds a case that is stored just now: its row as it is left, and what each of its steps has noted, in their order. A row
    /// cannot be stored and changed by one statement, so of the steps' own states only the last one is written.
    pub fn note_new_case<'a>(&mut self, record: Record, steps: impl IntoIterator<Item = &'a Self>) {
        for step in steps {
            // Nobody has been asked yet, so nobody has answered.
            debug_assert!(step.legs.is_empty() && step.forms.is_empty() && step.to_look_at.is_empty());
            debug_assert!(step.offers.is_empty() && step.valuations.is_empty() && step.reports.is_empty());
            debug_assert!(step.engagements.is_empty() && step.cover_options.is_empty());
            self.entries.extend_from_slice(&step.entries);
            self.new_legs.extend_from_slice(&step.new_legs);
            self.dossiers.extend_from_slice(&step.dossiers);
            self.cover_requests.extend_from_slice(&step.cover_requests);
            self.outgoing.extend_from_slice(&step.outgoing);
            for done in &step.cleared {
                self.forget(*done);
            }
            for deadline in &step.deadlines {
                self.set(deadline.clone());
            }
        }
        self.new_cases.push(record);
    }

    /// Counts the states that cases and legs come into. A transaction that is tried again is counted again: these are
    /// rates for dashboards, not figures.
    fn count(&self) {
        for record in &self.new_cases {
            // A submission is counted as one, planned just now or not.
            if record.submitted_at.is_some() {
                telemetry::metrics::add_cases(SUBMITTED, 1);
            }
            let state = record.case.phase.code();
            if state != SUBMITTED {
                telemetry::metrics::add_cases(state, 1);
            }
        }
        for (case, _) in &self.cases {
            telemetry::metrics::add_cases(case.phase.code(), 1);
        }
        for leg in self.new_legs.iter().chain(&self.legs) {
            telemetry::metrics::add_legs(leg.role.code(), leg.state.code(), 1);
            let decided = matches!(leg.state, LegState::Offered { seq: 1 } | LegState::Declined { .. });
            if let (true, Some(replied_at)) = (decided, leg.replied_at) {
                let seconds = (replied_at - leg.issued_at).as_seconds_f64();
                telemetry::metrics::observe_leg_answer(leg.role.code(), seconds);
            }
        }
    }

    /// The deadline stands from now on; what was noted of the same kind before is forgotten.
    pub fn set(&mut self, deadline: Deadline) {
        let key = (deadline.case, deadline.kind);
        self.forget(key);
        self.deadlines.push(deadline);
    }

    /// There is no such deadline any more; what was noted of the same kind before is forgotten.
    pub fn clear(&mut self, case: CaseId, kind: Kind) {
        self.forget((case, kind));
        self.cleared.push((case, kind));
    }

    /// Notes an option of cover; an older note of the same leg is replaced.
    pub fn note_option(&mut self, option: CoverOption) {
        self.cover_options.retain(|noted| noted.leg != option.leg);
        self.cover_options.push(option);
    }

    /// Whether one of the deadlines that are set here comes before this time.
    pub fn is_due_before(&self, at: DateTime<Utc>) -> bool {
        self.deadlines.iter().any(|deadline| deadline.due_at.is_some_and(|due_at| due_at < at))
    }

    fn forget(&mut self, key: (CaseId, Kind)) {
        self.deadlines.retain(|noted| (noted.case, noted.kind) != key);
        self.cleared.retain(|noted| *noted != key);
    }

    /// Notes the newest state of a case; an older note of the same case is replaced.
    pub fn note_case(&mut self, case: &Case, submitted_at: Option<DateTime<Utc>>) {
        match self.cases.iter_mut().find(|(noted, _)| noted.id == case.id) {
            Some(noted) => *noted = (case.clone(), submitted_at.or(noted.1)),
            None => self.cases.push((case.clone(), submitted_at)),
        }
    }

    /// Notes the newest state of a leg; an older note of the same leg is replaced.
    pub fn note_leg(&mut self, leg: &Leg) {
        match self.legs.iter_mut().find(|noted| noted.id == leg.id) {
            Some(noted) => *noted = leg.clone(),
            None => self.legs.push(leg.clone()),
        }
    }
}
