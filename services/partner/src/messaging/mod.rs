//! What the partner edge hears from intake, and what it says to it.

mod assignments;
mod incoming;
mod outgoing;

pub use assignments::Assignments;
pub use incoming::{Unheard, read};
pub use outgoing::{PUBLISHES, accepted, received, submitted};

/// What intake tells about legs to banks and evaluators, and about the fate of replies.
pub static QUEUES: [bus::Queue; 1] = [bus::Queue {
    name: "partner.assignments.v1",
    binds: &[
        incoming::LEG_ISSUED,
        incoming::LEG_CLOSED,
        incoming::LEG_SUPPLEMENTED,
        incoming::REPLY_ACCEPTED,
        incoming::REPLY_LATE,
        incoming::REPLY_SUPERSEDED,
        incoming::REPLY_REFUSED,
    ],
}];
