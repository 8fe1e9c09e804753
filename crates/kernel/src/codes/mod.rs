//! The code tables of the field (domain.md §4.1). Numbers equal those of the contracts and are never reused.

mod enterprise;
mod financing;
mod institution;
mod ip;
pub(crate) mod table;

pub use enterprise::{EnterpriseSize, Grade, Qualification};
pub use financing::{EnhancementMode, RateKind, RepaymentMethod};
pub use institution::{DeclineReason, InstitutionRole};
pub use ip::IpType;

#[cfg(test)]
mod tests;
