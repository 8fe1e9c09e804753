//! What insurance tells others (`publish`) and what it takes from them (`cases`, `replies`).

pub(crate) mod cases;
pub(crate) mod publish;
pub(crate) mod replies;

use bus::{HandlerError, Queue};

use crate::store::StoreError;

/// Facts of cases that cover depends on, from intake.
pub(crate) static CASES: Queue = Queue {
    name: "insurance.cases.v1",
    binds: &[
        "intake.cover-requested.v1",
        "intake.case-selected.v1",
        "intake.case-approved.v1",
        "intake.case-reopened.v1",
        "intake.case-withdrawn.v1",
        "intake.case-expired.v1",
        "intake.case-rejected.v1",
        "intake.case-no-offer.v1",
    ],
};

/// Replies and signs of life of insurers and guarantors, from partner.
pub(crate) static REPLIES: Queue = Queue {
    name: "insurance.replies.v1",
    binds: &[
        "partner.cover-reply-submitted.v1",
        "partner.cover-assignment-received.v1",
        "partner.cover-assignment-accepted.v1",
    ],
};

/// A store that failed: the bus decides by the cause whether to wait or to try the messages one by one.
fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        broken @ StoreError::Corrupt { .. } => HandlerError::failed("STORE_BROKEN", broken),
    }
}
