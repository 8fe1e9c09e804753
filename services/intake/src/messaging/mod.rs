//! What intake tells others (`publish`) and what it takes from them (`replies`, `consents`, `covers`).

pub(crate) mod consents;
pub(crate) mod cover_request;
pub(crate) mod covers;
pub(crate) mod known;
pub(crate) mod publish;
pub(crate) mod replies;
mod round;
pub(crate) mod verdict;

use bus::{HandlerError, Queue};

use crate::store::StoreError;

/// Replies and signs of life of institutions, from partner.
pub(crate) static REPLIES: Queue = Queue {
    name: "intake.replies.v1",
    binds: &[
        "partner.reply-submitted.v1",
        "partner.assignment-received.v1",
        "partner.assignment-accepted.v1",
    ],
};

/// Revoked consents, from whitelist.
pub(crate) static CONSENTS: Queue =
    Queue { name: "intake.consents.v1", binds: &["whitelist.consent-revoked.v1"] };

/// What was quoted, bound and released of a round's cover, from insurance.
pub(crate) static COVERS: Queue = Queue {
    name: "intake.cover.v1",
    binds: &["insurance.cover-quoted.v1", "insurance.cover-bound.v1", "insurance.cover-released.v1"],
};

/// A store that failed: the bus decides by the cause whether to wait or to try the messages one by one.
fn failed(error: StoreError) -> HandlerError {
    match error {
        StoreError::Database(error) => HandlerError::Store(error),
        broken @ (StoreError::Corrupt { .. } | StoreError::Number(_)) => {
            HandlerError::failed("STORE_BROKEN", broken)
        }
    }
}
