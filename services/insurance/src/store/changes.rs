//! Everything one transaction writes for any number of cover requests: gathered in memory by the rules, written by one
//! multi-row statement for each table.

use std::collections::HashMap;

use bus::Outgoing;
use kernel::leg::LegState;
use sqlx::PgConnection;

use super::{
    StoreError,
    covers::{self, Record},
    deadlines::{self, Deadline, Kind},
    ends::{self, End},
    entries::{self, Entry},
    legs,
    quotes::{self, Kept},
};
use crate::domain::{Cover, CoverId, Leg};

#[derive(Debug, Default)]
pub struct Changes {
    pub new_covers: Vec<Record>,
    pub covers: Vec<Cover>,
    pub new_legs: Vec<(CoverId, Leg)>,
    pub legs: Vec<Leg>,
    pub quotes: Vec<Kept>,
    pub ends: Vec<End>,
    pub entries: Vec<Entry>,
    /// The last word on each deadline: set, or done.
    pub deadlines: HashMap<(CoverId, Kind), Option<Deadline>>,
    pub outgoing: Vec<Outgoing>,
}

impl Changes {
    /// Writes all of it into the caller's transaction; the rows of changed cover requests must be locked.
    pub async fn write(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        covers::insert(conn, &self.new_covers).await?;
        covers::update(conn, &self.covers).await?;
        legs::insert(conn, &self.new_legs).await?;
        quotes::insert(conn, &self.quotes).await?;
        legs::update(conn, &self.legs).await?;
        ends::insert(conn, &self.ends).await?;
        entries::insert(conn, &self.entries).await?;
        let done: Vec<(CoverId, Kind)> =
            self.deadlines.iter().filter(|(_, set)| set.is_none()).map(|(key, _)| *key).collect();
        deadlines::clear(conn, &done).await?;
        let set: Vec<Deadline> = self.deadlines.values().flatten().cloned().collect();
        deadlines::put(conn, &set).await?;
        if !self.outgoing.is_empty() {
            bus::enqueue(conn, &self.outgoing).await?;
        }
        self.count();
        Ok(())
    }

    /// Counts the states that legs come into. A transaction that is tried again is counted again: these are rates for
    /// dashboards, not figures.
    fn count(&self) {
        for leg in self.new_legs.iter().map(|(_, leg)| leg).chain(&self.legs) {
            telemetry::metrics::add_legs(leg.role.code(), leg.state.code(), 1);
            let decided = matches!(leg.state, LegState::Offered { seq: 1 } | LegState::Declined { .. });
            if let (true, Some(replied_at)) = (decided, leg.replied_at) {
                let seconds = (replied_at - leg.issued_at).as_seconds_f64();
                telemetry::metrics::observe_leg_answer(leg.role.code(), seconds);
            }
        }
    }

    /// Notes the newest state of a cover request; an older note of the same one is replaced.
    pub fn note_cover(&mut self, cover: &Cover) {
        match self.covers.iter_mut().find(|noted| noted.id == cover.id) {
            Some(noted) => *noted = cover.clone(),
            None => self.covers.push(cover.clone()),
        }
    }

    /// Notes the newest state of a leg; an older note of the same leg is replaced.
    pub fn note_leg(&mut self, leg: &Leg) {
        match self.legs.iter_mut().find(|noted| noted.id == leg.id) {
            Some(noted) => *noted = leg.clone(),
            None => self.legs.push(leg.clone()),
        }
    }

    pub fn set(&mut self, deadline: Deadline) {
        self.deadlines.insert((deadline.cover, deadline.kind), Some(deadline));
    }

    pub fn done(&mut self, cover: CoverId, kind: Kind) {
        self.deadlines.insert((cover, kind), None);
    }
}
