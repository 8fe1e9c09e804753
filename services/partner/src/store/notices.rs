//! Applies what the messages of intake and insurance say to assignments and feeds: a whole batch in a handful of statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use bus::Way;
use chrono::{DateTime, Utc};
use kernel::{EventId, InstitutionId, LegId, ReplyId};
use rand::RngCore;
use sqlx::PgConnection;
use uuid::Uuid;
use writes::Writes;

use super::assignments::Changed;
use super::polls::Reserved;
use super::{Delivery, Known, LongPolls, StoreError, assignments, events};
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

impl Told {
    /// Whether the leg is issued just now, and not again because its institution is silent.
    fn is_first_issue(&self) -> bool {
        matches!(&self.notice, Notice::Issued(terms) if terms.issued_at == self.occurred_at)
    }
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Applied,
    /// It names an institution that this leg does not belong to: a mistake somewhere, nobody is told anything.
    ForeignInstitution,
}

/// What is handed to a long poll once it is committed, which it is leased for.
#[derive(Debug)]
pub struct Handing {
    pub to: Reserved,
    pub deliveries: Vec<Delivery>,
    pub until: DateTime<Utc>,
}

/// A batch that was heard.
#[derive(Debug)]
pub struct Hearing {
    /// One for each message, in order.
    pub heard: Vec<Heard>,
    pub handing: Vec<Handing>,
    /// Assignments as they are once it is committed.
    pub written: Vec<Assignment>,
}

/// Applies a batch, in the order given; what is to be written is left in `writes`. That fails if another transaction inserts
/// the same new assignment at the same time; done again it finds the row.
pub async fn hear(
    conn: &mut PgConnection,
    told: &[Told],
    known: &Known,
    (polls, now): (&LongPolls, DateTime<Utc>),
    writes: &mut Writes,
    way: Way,
) -> Result<Hearing, StoreError> {
    let mut ledger = Ledger::new(standing(conn, told, known, way).await?);
    let heard: Vec<Heard> = told.iter().map(|notice| ledger.hear(notice, &mut rand::rng())).collect();
    let mut entries = std::mem::take(&mut ledger.entries);
    let (new, changed) = ledger.rows();
    assignments::insert(writes, &new);
    assignments::update(writes, &changed);
    let (handed, handing) = hand_over(&mut entries, &new, polls, now);
    let leases: Vec<_> = handing.iter().map(|one| (one.to.institution(), one.until)).collect();
    events::insert_leased(writes, &handed, &leases);
    // What is told but once is not looked for: if it was told before, the key refuses it, and a transaction looks. All by one
    // statement in any case, since they are numbered in their order.
    if way == Way::Alone && entries.iter().all(|entry| entry.kind.is_told_once()) {
        events::insert_new(writes, &entries);
    } else {
        events::insert(writes, &entries);
    }
    events::release(writes, &ledger.released);
    let written = new.into_iter().cloned().chain(changed.into_iter().map(|(assignment, _)| assignment));
    Ok(Hearing { heard, handing, written: written.collect() })
}

/// Takes out what may be handed to who waits: new assignments, before which there is nothing of the same assignment.
fn hand_over(
    entries: &mut Vec<FeedEntry>,
    new: &[&Assignment],
    polls: &LongPolls,
    now: DateTime<Utc>,
) -> (Vec<FeedEntry>, Vec<Handing>) {
    let new: HashSet<LegId> = new.iter().map(|assignment| assignment.id).collect();
    let is_first = |entry: &FeedEntry| {
        entry.kind == FeedKind::AssignmentIssued && !entry.held && new.contains(&entry.assignment_id)
    };
    let mut reserved: HashMap<InstitutionId, Option<Handing>> = HashMap::new();
    let handed: Vec<FeedEntry> = entries
        .extract_if(.., |entry| {
            if !is_first(entry) {
                return false;
            }
            let institution = entry.institution_id;
            let handing = reserved.entry(institution).or_insert_with(|| {
                let handing = |to: Reserved| Handing { until: now + to.lease(), to, deliveries: Vec::new() };
                polls.reserve(institution).map(handing)
            });
            match handing {
                Some(handing) if handing.deliveries.len() < handing.to.most() => {
                    handing.deliveries.push(first_delivery(entry));
                    true
                }
                Some(_) | None => false,
            }
        })
        .collect();
    (handed, reserved.into_values().flatten().collect())
}

fn first_delivery(entry: &FeedEntry) -> Delivery {
    Delivery {
        event_id: entry.id,
        assignment_id: entry.assignment_id,
        kind: entry.kind,
        created_at: entry.created_at,
        attempt: 1,
        reply_id: entry.reply_id,
        reason: entry.reason.clone(),
        trace: entry.trace.clone(),
    }
}

/// The assignments, locked where one of them may be changed and nothing else guards it. The fate of a reply changes none that
/// was issued, and what was issued stays so.
async fn standing(
    conn: &mut PgConnection,
    told: &[Told],
    known: &Known,
    way: Way,
) -> Result<Vec<Assignment>, StoreError> {
    let mut notices: BTreeMap<LegId, Vec<&Told>> = BTreeMap::new();
    for one in told {
        notices.entry(one.assignment_id).or_default().push(one);
    }
    let ids: Vec<LegId> = notices.keys().copied().collect();
    let are_judged = |id: &LegId| notices[id].iter().all(|told| told.notice == Notice::Judged);
    let begins = |id: &LegId| notices[id].first().is_some_and(|told| told.is_first_issue());
    let mut standing = Vec::with_capacity(ids.len());
    let mut unread = Vec::new();
    for (id, known) in ids.iter().zip(known.assignments(&ids)) {
        match known {
            Some(assignment) if assignment.terms.is_some() && are_judged(id) => standing.push(assignment),
            // Taken to be new: the key refuses it if it is not.
            None if way == Way::Alone && begins(id) => {}
            Some(_) | None => unread.push(*id),
        }
    }
    if unread.is_empty() {
        return Ok(standing);
    }
    let rows: Vec<Uuid> = unread.iter().map(|id| id.uuid()).collect();
    if way == Way::Alone || unread.iter().all(are_judged) {
        let read = assignments::read(conn, &rows).await?;
        let all_issued = read.iter().all(|assignment| assignment.terms.is_some());
        // What is kept back until an assignment is issued must not miss that.
        if all_issued && (way == Way::Alone || read.len() == rows.len()) {
            standing.extend(read);
            return Ok(standing);
        }
        if way == Way::Alone {
            return Err(StoreError::Raced);
        }
    }
    standing.extend(assignments::lock(conn, &rows).await?);
    Ok(standing)
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
        if was_issued && told.kind == FeedKind::AssignmentIssued {
            // Told again: it stays one event.
            return Heard::Applied;
        }
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
        id: EventId::new(told.occurred_at, random),
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
