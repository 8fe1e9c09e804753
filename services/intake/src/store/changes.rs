//! Everything one transaction writes for any number of cases: gathered in memory by the rules, written by one
//! multi-row statement for each table.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::CaseId;
use sqlx::PgConnection;

use super::{
    StoreError, cases,
    deadlines::{self, Deadline, Kind},
    dossiers::{self, Dossier},
    legs, offers,
    timeline::{self, Entry},
};
use crate::domain::{Case, Form, Leg, Offer};

#[derive(Debug, Default)]
pub struct Changes {
    /// Present state, with the time of submission where it was set just now.
    pub cases: Vec<(Case, Option<DateTime<Utc>>)>,
    pub forms: Vec<(CaseId, Form)>,
    pub entries: Vec<Entry>,
    pub new_legs: Vec<Leg>,
    pub legs: Vec<Leg>,
    pub dossiers: Vec<Dossier>,
    pub offers: Vec<Offer>,
    pub deadlines: Vec<Deadline>,
    pub cleared: Vec<(CaseId, Kind)>,
    pub outgoing: Vec<Outgoing>,
}

impl Changes {
    /// Writes all of it into the caller's transaction; the rows of changed cases must be locked.
    pub async fn write(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        cases::update(conn, &self.cases).await?;
        for (case, form) in &self.forms {
            cases::update_form(conn, *case, form).await?;
        }
        timeline::insert(conn, &self.entries).await?;
        legs::insert(conn, &self.new_legs).await?;
        legs::update(conn, &self.legs.iter().collect::<Vec<_>>()).await?;
        dossiers::insert(conn, &self.dossiers).await?;
        offers::insert(conn, &self.offers).await?;
        deadlines::clear(conn, &self.cleared).await?;
        deadlines::put(conn, &self.deadlines).await?;
        if !self.outgoing.is_empty() {
            bus::enqueue_together(conn, &self.outgoing).await?;
        }
        self.count();
        Ok(())
    }

    /// Counts the states that cases and legs come into. A transaction that is tried again is counted again: these are
    /// rates for dashboards, not figures.
    fn count(&self) {
        for (case, _) in &self.cases {
            telemetry::metrics::add_cases(case.phase.code(), 1);
        }
        for leg in self.new_legs.iter().chain(&self.legs) {
            telemetry::metrics::add_legs(leg.role.code(), leg.state.code(), 1);
        }
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
