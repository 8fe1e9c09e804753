//! What the partner edge hears from intake, insurance and whitelist, and what it says to them.

mod assignments;
mod incoming;
mod lists;
mod outgoing;

pub use assignments::Assignments;
pub use incoming::{Unheard, read};
pub use lists::Lists;
pub use outgoing::{PUBLISHES, accepted, list_acknowledged, received, submitted};

/// Every queue of this role. Legs and the fate of replies: what intake tells of banks and evaluators, and insurance of
/// insurers and guarantors, a queue each, so that neither waits behind the other. Versions of the whitelist.
pub static QUEUES: [bus::Queue; 3] = [
    bus::Queue { name: "partner.assignments.v1", binds: incoming::OF_INTAKE },
    bus::Queue { name: "partner.cover-assignments.v1", binds: incoming::OF_INSURANCE },
    bus::Queue { name: "partner.lists.v1", binds: &[lists::LIST_PUBLISHED] },
];
