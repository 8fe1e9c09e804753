//! The leg machine: one question to one institution, from issue to its end (domain.md §3.2 b).
//! Used by every role that asks institutions. What counts as the end of a round is the case's matter, not the leg's.

mod command;
mod decide;
mod state;
mod steps;

pub use command::LegCommand;
pub use decide::{LegRefusal, LegRefusalReason, LegStep};
pub use state::{LegPartsError, LegState};

#[cfg(test)]
mod convergence;
#[cfg(test)]
mod table;
