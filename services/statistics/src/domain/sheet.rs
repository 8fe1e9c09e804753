//! What is known of one case: the facts about it, folded. The order in which they came makes no difference.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use kernel::calendar::date_of;

use super::{
    step::{CaseState, Leg, Moment, Order, Step, Teller},
    tally::{Measure, TO_APPROVAL, TO_OFFERS, Tally},
};

/// How often something happened on a day, and the fen that went with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Happened {
    pub times: i64,
    pub fen: i64,
}

/// A case (or the cover of one whose own facts have not come yet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub facts: i64,
    /// The first of each.
    pub submitted_at: Option<DateTime<Utc>>,
    pub offers_ready_at: Option<DateTime<Utc>>,
    pub approved_at: Option<DateTime<Utc>>,
    /// By the fact that counts.
    pub state: Option<(Order, CaseState)>,
    pub park: Option<(Order, String)>,
    pub moments: BTreeMap<(NaiveDate, Moment), Happened>,
    /// Of each round, by the last fact that told of them.
    pub legs: BTreeMap<(Teller, i32), (Order, Vec<Leg>)>,
}

impl Sheet {
    /// Takes in one more fact. Each is to be taken once; in which order does not matter.
    pub fn take(&mut self, step: &Step) {
        let at = step.order.occurred_at;
        self.facts += 1;
        if let Some(state) = step.state {
            replace(&mut self.state, step.order, || state);
        }
        if let Some(park) = &step.park {
            replace(&mut self.park, step.order, || park.clone());
        }
        if let Some(told) = &step.legs {
            let mut known = self.legs.remove(&(told.teller, told.round));
            replace(&mut known, step.order, || told.legs.clone());
            self.legs.extend(known.map(|known| ((told.teller, told.round), known)));
        }
        if let Some((moment, fen)) = step.moment {
            let happened = self.moments.entry((date_of(at), moment)).or_default();
            happened.times += 1;
            happened.fen += fen;
            match moment {
                Moment::Submitted => earliest(&mut self.submitted_at, at),
                Moment::OffersReady => earliest(&mut self.offers_ready_at, at),
                Moment::Approved => earliest(&mut self.approved_at, at),
                Moment::NoOffer | Moment::Selected | Moment::Withdrawn => {}
            }
        }
    }

    /// Adds what this case contributes to the figures, `sign` times.
    pub fn tally(&self, sign: i64, tally: &mut Tally) {
        let park = self.park.as_ref().map_or("", |(_, park)| park.as_str());
        tally.add(Measure::Facts, 0, 0, park, sign * self.facts);
        if let Some((_, state)) = self.state {
            tally.add(Measure::Cases, state.number(), 0, park, sign);
        }
        for leg in self.legs.values().flat_map(|(_, legs)| legs) {
            tally.add(Measure::Legs, leg.role, leg.outcome.into(), park, sign);
            if let Some(ms) = leg.response_ms {
                tally.add_duration(leg.role, ms, park, sign);
            }
        }
        for ((day, moment), happened) in &self.moments {
            let day = day.num_days_from_ce().into();
            tally.add(Measure::Day, moment.number(), day, park, sign * happened.times);
            tally.add(Measure::DayAmount, moment.number(), day, park, sign * happened.fen);
            tally.add(Measure::Amount, moment.number(), 0, park, sign * happened.fen);
        }
        for (series, end) in [(TO_OFFERS, self.offers_ready_at), (TO_APPROVAL, self.approved_at)] {
            if let (Some(start), Some(end)) = (self.submitted_at, end) {
                tally.add_duration(series, (end - start).num_milliseconds().max(0), park, sign);
            }
        }
    }
}

fn replace<T>(known: &mut Option<(Order, T)>, order: Order, value: impl FnOnce() -> T) {
    if known.as_ref().is_none_or(|(standing, _)| *standing < order) {
        *known = Some((order, value()));
    }
}

fn earliest(known: &mut Option<DateTime<Utc>>, at: DateTime<Utc>) {
    *known = Some(known.map_or(at, |standing| standing.min(at)));
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
mod tests;
