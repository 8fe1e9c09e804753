//! Institutions (机构): banks, insurers, guarantors, evaluators and the others of the service centre.

use chrono::{DateTime, Utc};
use kernel::{InstitutionId, InstitutionRole, institution_codes::LicenceCode};

/// Longest name in characters.
pub const NAME_MAX: usize = 100;
/// Longest department in characters.
pub const DEPARTMENT_MAX: usize = 100;

/// An institution on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    pub id: InstitutionId,
    pub name: String,
    pub role: InstitutionRole,
    /// The department that answers for IP finance (专门部门). A bank without one receives no cases (C33).
    pub responsible_department: Option<String>,
    /// 金融许可证机构编码; only a bank has one.
    pub licence: Option<LicenceCode>,
    pub registered_at: DateTime<Utc>,
    /// Counts the changes, from 1.
    pub version: i32,
    /// Receives cases only while it is party to an agreement in force (C08).
    pub agreement_required: bool,
}

/// Only banks hold a financial licence and offer loan products.
pub fn is_bank(role: InstitutionRole) -> bool {
    role == InstitutionRole::Bank
}
