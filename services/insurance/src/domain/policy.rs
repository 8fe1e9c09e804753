//! Settings that are policy, not rule: given by configuration (domain.md §3.1).

use chrono::TimeDelta;
use kernel::calendar::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long insurers and guarantors have for their answers.
    pub window: Span,
    /// After how many seconds what shows no sign of life is told again, in case its message was lost.
    pub ask_again_seconds: u32,
    /// How long after a time limit what was said before it may still arrive.
    pub grace_seconds: u32,
}

impl Policy {
    pub fn grace(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.grace_seconds))
    }

    pub fn ask_again(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.ask_again_seconds))
    }
}
