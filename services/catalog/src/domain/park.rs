//! Parks (园区): data, so that a new one needs no new build.

use super::codes::Park as Code;

/// Longest name in characters.
pub const NAME_MAX: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Park {
    pub code: Code,
    pub name: String,
    /// Its cases go only to institutions with an agreement in force.
    pub agreement_required: bool,
    /// Counts the changes, from 1.
    pub version: i32,
}
