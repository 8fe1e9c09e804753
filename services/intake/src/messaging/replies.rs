//! Takes what institutions send through partner, a batch at a time: every reply is judged in memory under the lock of
//! its case, and all that follows is written by one statement for each table.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bus::{Handler, HandlerError, Message, Outcome};
use chrono::{DateTime, Utc};
use kernel::{CaseId, Clock, LegId, ReplyId, leg::LegState};
use sqlx::PgConnection;

use super::{
    failed,
    publish::reply_judged,
    verdict::{Reply, judge},
};
use crate::{
    domain::{Case, Event, Leg, Offer, Phase},
    journal::{Doer, Journal},
    store::{cases, deadlines::Kind, legs, offers},
    wire::incoming::{Incoming, read},
};

#[derive(Clone)]
pub(crate) struct Replies {
    pub clock: Arc<dyn Clock>,
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
        let mut round = Round::load(conn, &incoming, self.clock.now()).await.map_err(failed)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for (message, incoming) in batch.iter().zip(incoming) {
            outcomes.push(match incoming {
                Ok(incoming) => message.span().in_scope(|| round.take(incoming)),
                Err(reason) => Outcome::Park { reason },
            });
        }
        round.journal.changes.write(conn).await.map_err(failed)?;
        Ok(outcomes)
    }
}

/// What a batch works on: locked cases, their legs, the offers that stand.
struct Round {
    cases: HashMap<CaseId, Case>,
    legs: HashMap<LegId, Leg>,
    standing: HashMap<LegId, Offer>,
    journal: Journal,
}

impl Round {
    async fn load(
        conn: &mut PgConnection,
        incoming: &[Result<Incoming, &'static str>],
        now: DateTime<Utc>,
    ) -> Result<Self, crate::store::StoreError> {
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

        // Where this batch may bring a round to its end, the public fact needs the whole roster.
        let mut answers: HashMap<CaseId, u16> = HashMap::new();
        for incoming in incoming.iter().flatten().filter(|incoming| incoming.is_answer()) {
            if let Some(leg) = legs.get(&incoming.leg) {
                *answers.entry(leg.case).or_default() += 1;
            }
        }
        let ending: Vec<CaseId> = answers
            .into_iter()
            .filter(|(id, count)| match cases.get(id).map(|case| &case.phase) {
                Some(Phase::Collecting(round)) => round.answered + count >= round.legs,
                _ => false,
            })
            .map(|(id, _)| id)
            .collect();
        if !ending.is_empty() {
            legs.extend(legs::of_cases(conn, &ending).await?.into_iter().map(|leg| (leg.id, leg)));
        }

        let offering: HashSet<LegId> =
            incoming.iter().flatten().filter(|i| matches!(i.reply, Reply::Offer(_))).map(|i| i.leg).collect();
        let replies: Vec<ReplyId> = legs
            .values()
            .filter(|leg| offering.contains(&leg.id) && matches!(leg.state, LegState::Offered { .. }))
            .filter_map(|leg| leg.standing_reply)
            .collect();
        let standing = if replies.is_empty() {
            HashMap::new()
        } else {
            offers::by_replies(conn, &replies).await?.into_iter().map(|offer| (offer.leg, offer)).collect()
        };
        Ok(Self { cases, legs, standing, journal: Journal::new(now) })
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
        let in_time = match &case.phase {
            // Also after a round that ended early, because everyone had answered: what a bank is told of its own window
            // must not depend on others.
            Phase::Collecting(round)
            | Phase::OffersReady(round)
            | Phase::NoOffer { last: Some(round), again: false, .. } => {
                leg.round == case.round && round.closes_at.is_none_or(|closes_at| at <= closes_at)
            }
            Phase::Draft
            | Phase::Submitted { .. }
            | Phase::Supplement { .. }
            | Phase::Accepted
            | Phase::NoOffer { .. }
            | Phase::Rejected { .. }
            | Phase::Withdrawn { .. } => false,
        };
        let verdict = judge(&leg, &reply, self.standing.get(&leg_id), in_time);

        if let Some(state) = verdict.moved {
            note_times(&mut leg, &reply, state, at);
            leg.change(state);
            self.journal.changes.note_leg(&leg);
            self.legs.insert(leg_id, leg.clone());
        }
        if let Some(command) = verdict.command {
            let doer = Doer::institution(leg.role, leg.institution);
            let roster: Vec<Leg> =
                self.legs.values().filter(|other| other.case == case.id).cloned().collect();
            match self.journal.execute(&mut case, command, &doer, &roster) {
                Ok(events) => {
                    if events.iter().any(|event| matches!(event, Event::OffersReady | Event::NoOffer)) {
                        self.journal.changes.cleared.push((case.id, Kind::Window));
                    }
                    self.cases.insert(case.id, case);
                }
                // The leg's state and the case's contradict each other: for a person to look at.
                Err(_) => return Outcome::Park { reason: "CASE_STATE" },
            }
        }
        let told = (leg.id, institution, leg.version);
        if let (Reply::Offer(offer), Some(late)) = (&reply, verdict.keep_offer) {
            let offer = Offer { case: leg.case, late, ..offer.as_ref().clone() };
            if !late {
                self.standing.insert(leg_id, offer.clone());
            }
            self.journal.changes.offers.push(offer);
        }
        if let Some(displaced) = verdict.displaced {
            let superseded = super::publish::Fate::Superseded;
            self.journal.changes.outgoing.push(reply_judged(displaced, told, superseded, self.journal.now));
        }
        if let (Some(fate), Some(reply)) = (verdict.fate, reply.id()) {
            self.journal.changes.outgoing.push(reply_judged(reply, told, fate, self.journal.now));
        }
        Outcome::Done
    }
}

fn note_times(leg: &mut Leg, reply: &Reply, state: LegState, at: DateTime<Utc>) {
    leg.delivered_at.get_or_insert(at);
    match reply {
        Reply::Received | Reply::Accepted => {}
        Reply::Offer(offer) => {
            leg.replied_at.get_or_insert(at);
            leg.standing_reply = Some(offer.reply);
        }
        Reply::Decline { reply, .. } => {
            leg.replied_at.get_or_insert(at);
            leg.standing_reply = Some(*reply);
        }
        Reply::Question { asked, note, .. } => {
            leg.asked = asked.clone();
            leg.asked_note = note.clone();
        }
    }
    if !matches!(state, LegState::InfoRequested) {
        leg.asked.clear();
        leg.asked_note.clear();
    }
}

impl Reply {
    /// The id by which the institution is told what became of it; signs of life have none.
    pub(crate) fn id(&self) -> Option<ReplyId> {
        match self {
            Self::Received | Self::Accepted => None,
            Self::Offer(offer) => Some(offer.reply),
            Self::Decline { reply, .. } | Self::Question { reply, .. } => Some(*reply),
        }
    }
}

impl Incoming {
    fn is_answer(&self) -> bool {
        matches!(self.reply, Reply::Offer(_) | Reply::Decline { .. })
    }
}
