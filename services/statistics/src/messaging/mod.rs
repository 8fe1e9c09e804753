//! The queue of facts: every case-level event of intake, what became of cover, and what whitelist and catalog publish.

mod decode;
mod handler;

pub use handler::FactHandler;

use crate::domain::fact::FactKind;

/// The only queue of this role. A new type of fact is bound to it by the next `zhirong migrate`.
pub static FACTS: bus::Queue = bus::Queue { name: "statistics.facts.v1", binds: FactKind::TYPES };
