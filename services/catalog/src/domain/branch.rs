//! Branches (分支机构、网点, C04) and technology branches (科技支行, C15).

use chrono::NaiveDate;
use kernel::{BranchId, InstitutionId};

use super::{
    choices::{BranchKind, TechOrigin},
    codes::Park,
};

/// Longest name in characters.
pub const NAME_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub id: BranchId,
    pub institution_id: InstitutionId,
    /// Counts the changes, from 1.
    pub version: i32,
    pub details: Details,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub name: String,
    pub kind: BranchKind,
    /// `None`: in none.
    pub park: Option<Park>,
    /// Of a technology branch, and only of one.
    pub tech: Option<(TechOrigin, NaiveDate)>,
    pub closed_on: Option<NaiveDate>,
}

/// Whether a branch of this kind can have this origin: a technology branch was opened or converted on a day, and no other
/// branch was.
pub fn origin_fits(kind: BranchKind, tech: Option<(TechOrigin, NaiveDate)>) -> bool {
    (kind == BranchKind::TechBranch) == tech.is_some()
}
