//! The institutions' own books: what each has sent and what it was told about it. The demo holds the system to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{DeclineReason, InstitutionId};
use proto::insurance::v1::{GuaranteeCommitment, InsurerQuote};
use proto::intake::v1::{Approval, Offer, ValuationQuote, ValuationReport};

use super::deed::Fate;

/// What was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Offer { offer: Offer, product_id: String, product_version: i32 },
    Decline(DeclineReason),
    Question,
}

/// One reply that the gateway took.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub institution: InstitutionId,
    /// `assignments/{id}`
    pub assignment: String,
    /// Empty for a question: the answer to it names no reply.
    pub reply_id: String,
    pub content: Content,
    /// Absent until the event about it has come.
    pub fate: Option<Fate>,
}

/// What was sent beside the first answers of banks: quotes, commitments, confirmations.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Valuation(ValuationQuote),
    Insurance(InsurerQuote),
    Guarantee(GuaranteeCommitment),
    Declined(DeclineReason),
    TakenBack,
    Approved(Approval),
    Confirmed,
    Refused(DeclineReason),
    Reported(ValuationReport),
}

/// One act that the gateway took.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    pub institution: InstitutionId,
    /// `assignments/{id}`
    pub assignment: String,
    pub reply_id: String,
    pub act: Act,
    /// Absent until the event about it has come.
    pub fate: Option<Fate>,
}

/// All institutions' books, shared between them.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Record>,
    acted: Vec<Acted>,
    /// By reply; an event may come before the answer to the call that it is about.
    fates: HashMap<String, Fate>,
    faults: Vec<String>,
}

impl Ledger {
    pub(super) fn sent(&self, record: Record) {
        self.with(|inner| inner.sent.push(record));
    }

    pub(super) fn acted(&self, acted: Acted) {
        self.with(|inner| inner.acted.push(acted));
    }

    /// Events come at least once; that an offer was superseded is the last that is said of it.
    pub(super) fn heard(&self, reply_id: &str, fate: Fate) {
        self.with(|inner| {
            let known = inner.fates.entry(reply_id.to_owned()).or_insert(fate);
            if *known != Fate::Superseded {
                *known = fate;
            }
        });
    }

    /// Something that must not be.
    pub(super) fn fault(&self, text: String) {
        self.with(|inner| inner.faults.push(text));
    }

    /// Everything sent so far with its fate.
    pub fn records(&self) -> Vec<Record> {
        self.with(|inner| {
            let with_fate = |record: &Record| {
                let fate = inner.fates.get(&record.reply_id).copied();
                Record { fate, ..record.clone() }
            };
            inner.sent.iter().map(with_fate).collect()
        })
    }

    /// Everything else that was done, likewise.
    pub fn acts(&self) -> Vec<Acted> {
        self.with(|inner| {
            let with_fate = |acted: &Acted| {
                let fate = inner.fates.get(&acted.reply_id).copied();
                Acted { fate, ..acted.clone() }
            };
            inner.acted.iter().map(with_fate).collect()
        })
    }

    /// What institutions met that must not be.
    pub fn faults(&self) -> Vec<String> {
        self.with(|inner| inner.faults.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_fate_may_come_before_the_record_and_superseded_is_final() {
        let ledger = Ledger::default();
        ledger.heard("r1", Fate::Superseded);
        ledger.heard("r1", Fate::Accepted);
        let record = |reply: &str| Record {
            institution: InstitutionId::from_uuid(Uuid::nil()),
            assignment: "assignments/a".to_owned(),
            reply_id: reply.to_owned(),
            content: Content::Decline(DeclineReason::R01),
            fate: None,
        };
        ledger.sent(record("r1"));
        ledger.sent(record("r2"));
        let fates: Vec<Option<Fate>> = ledger.records().into_iter().map(|record| record.fate).collect();
        assert_eq!(fates, [Some(Fate::Superseded), None]);
    }
}
