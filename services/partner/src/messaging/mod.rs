//! What the partner edge hears from intake and insurance, and what it says to them.

mod assignments;
mod incoming;
mod outgoing;

pub use assignments::Assignments;
pub use incoming::{Unheard, read};
pub use outgoing::{PUBLISHES, accepted, received, submitted};

/// Legs and the fate of replies: what intake tells of banks and evaluators, and insurance of insurers and guarantors.
/// A queue each, so that neither waits behind the other.
pub static QUEUES: [bus::Queue; 2] = [
    bus::Queue { name: "partner.assignments.v1", binds: incoming::OF_INTAKE },
    bus::Queue { name: "partner.cover-assignments.v1", binds: incoming::OF_INSURANCE },
];
