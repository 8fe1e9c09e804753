//! Applies what the messages of intake and insurance say to assignments and feeds: a whole batch in a handful of statements.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId, ReplyId};
use rand::RngCore;
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::assignments::Changed;
use super::{StoreError, assignments, events};
use crate::domain::{Assignment, FeedEntry, FeedKind, Notice};

/// One message about one leg, understood.
#[derive(Debug, Clone)]
pub struct Told {
    pub assignment_id: LegId,
    pub institution_id: InstitutionId,
    /// The leg's version that the message is of.
    pub leg_version: i64,
    pub occurred_at: DateTime<Utc>,
    pub message_id: Uuid,
    pub notice: Notice,
    /// What the institution is told of it.
    pub kind: FeedKind,
    pub reply_id: Option<ReplyId>,
    pub reason: Option<String>,
    /// The trace of the message's effect.
    pub trace: Option<String>,
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Applied,
    /// It names an institution that this leg does not belong to: a mistake somewhere, nobody is told anything.
    ForeignInstitution,
}

/// Applies a batch, in the order given; what is to be written is left in `writes`. That fails if another transaction inserts the same new assignment at the same time;
/// done again it finds the row.
pub async fn hear(
    conn: &mut PgConnection,
    told: &[Told],
    writes: &mut Writes,
) -> Result<Vec<Heard>, StoreError> {
    let mut ids: Vec<Uuid> = told.iter().map(|notice| notice.assignment_id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = known(conn, &ids, told).await?;
    let mut ledger = Ledger::new(known);
    let heard: Vec<Heard> = told.iter().map(|notice| ledger.hear(notice, &mut rand::rng())).collect();
    let (new, changed) = ledger.rows();
    assignments::insert(writes, &new);
    assignments::update(writes, &changed);
    events::insert(writes, &ledger.entries);
    events::release(writes, &ledger.released);
    Ok(heard)
}

/// The assignments, locked where one of them may be changed. The fate of a reply changes none that was issued, and what was
/// issued stays so.
async fn known(conn: &mut PgConnection, ids: &[Uuid], told: &[Told]) -> Result<Vec<Assignment>, StoreError> {
    if told.iter().all(|notice| notice.notice == Notice::Judged) {
        let known = assignments::read(conn, ids).await?;
        if known.len() == ids.len() && known.iter().all(|assignment| assignment.terms.is_some()) {
            return Ok(known);
        }
    }
    assignments::lock(conn, ids).await
}

struct Slot {
    assignment: Assignment,
    stored_version: Option<i64>,
}

struct Ledger {
    slots: HashMap<LegId, Slot>,
    entries: Vec<FeedEntry>,
    /// Assignments that were known before they were issued, and now are.
    released: Vec<Uuid>,
}

impl Ledger {
    fn new(known: Vec<Assignment>) -> Self {
        let slots = known.into_iter().map(|assignment| {
            let stored_version = Some(assignment.version);
            (assignment.id, Slot { assignment, stored_version })
        });
        Self { slots: slots.collect(), entries: Vec::new(), released: Vec::new() }
    }

    fn hear(&mut self, told: &Told, random: &mut impl RngCore) -> Heard {
        let slot = self.slots.entry(told.assignment_id).or_insert_with(|| Slot {
            assignment: Assignment::unheard_of(told.assignment_id, told.institution_id),
            stored_version: None,
        });
        if slot.assignment.institution_id != told.institution_id {
            return Heard::ForeignInstitution;
        }
        let was_issued = slot.assignment.terms.is_some();
        if let Some(change) = slot.assignment.heed(told.notice.clone()) {
            slot.assignment = slot.assignment.clone().apply(&change);
        } else if slot.assignment.version == 0 {
            // Something to tell about a leg of which nothing else is known yet: the row has to begin somewhere.
            slot.assignment.version = 1;
        }
        let issued = slot.assignment.terms.is_some();
        if issued && !was_issued {
            if slot.stored_version.is_some() {
                self.released.push(told.assignment_id.uuid());
            }
            self.entries
                .iter_mut()
                .filter(|e| e.assignment_id == told.assignment_id)
                .for_each(|e| e.held = false);
        }
        self.entries.push(entry(told, !issued, random));
        Heard::Applied
    }

    /// New rows and changed ones, both sorted, so that everyone meets them in the same order.
    fn rows(&self) -> (Vec<&Assignment>, Vec<Changed>) {
        let mut slots: Vec<&Slot> = self.slots.values().collect();
        slots.sort_unstable_by_key(|slot| slot.assignment.id);
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for slot in slots {
            match slot.stored_version {
                None => new.push(&slot.assignment),
                Some(version) if version == slot.assignment.version => {}
                Some(version) => changed.push((slot.assignment.clone(), version)),
            }
        }
        (new, changed)
    }
}

fn entry(told: &Told, held: bool, random: &mut impl RngCore) -> FeedEntry {
    let subject = match told.kind {
        FeedKind::AssignmentIssued | FeedKind::AssignmentClosed => told.assignment_id.uuid(),
        FeedKind::SupplementAnswered => told.message_id,
        // A leg may be chosen, let go and chosen again: each is of its own version, however often it is told.
        FeedKind::AssignmentSelected | FeedKind::AssignmentUnselected => {
            Uuid::from_u64_pair(0, told.leg_version.unsigned_abs())
        }
        FeedKind::ReplyAccepted
        | FeedKind::ReplyLate
        | FeedKind::ReplySuperseded
        | FeedKind::ReplyRefused
        // No leg tells of lists.
        | FeedKind::ListPublished => told.reply_id.map_or(told.message_id, ReplyId::uuid),
    };
    FeedEntry {
        id: EventId::random(random),
        institution_id: told.institution_id,
        assignment_id: told.assignment_id,
        kind: told.kind,
        ordinal: told.kind.ordinal(told.leg_version),
        subject,
        reply_id: told.reply_id,
        reason: told.reason.clone(),
        created_at: told.occurred_at,
        trace: told.trace.clone(),
        held,
    }
}
