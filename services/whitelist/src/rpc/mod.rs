//! The gRPC face: requests are checked and translated here, decided in `domain`, kept by `store`.

mod amend;
mod assets;
mod consents;
mod detail;
mod enterprises;
mod entries;
mod files;
mod identifiers;
mod listing;
mod lists;
mod persons;
mod pledge;
mod policy;
mod profile;
mod refusals;
mod register;
mod reveals;
mod screening;
mod screening_wire;
mod service;
mod snapshots;
mod standings;
mod wire;

pub use files::FilesFace;
pub use listing::Listing;
pub use persons::Persons;
pub use policy::POLICY;
pub use service::Face;

/// What everything here is done for, as audit rows name it.
pub(crate) const PURPOSE: &str = "IP_PLEDGE_FINANCING";
/// What platforms are asked for.
const SCREENING: &str = "CREDIT_SCREENING";
/// How a change that is committed ended.
pub(crate) const DONE: &str = "DONE";
/// A change that was asked for again under another request id, and had been made before.
const ALREADY: &str = "ALREADY_APPLIED";

/// Methods that may take longer than others, each with its limit.
pub fn slow_methods() -> Vec<(&'static str, std::time::Duration)> {
    [files::SLOW_METHODS, listing::SLOW_METHODS].concat()
}
