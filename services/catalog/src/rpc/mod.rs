//! The gRPC face: requests are checked and translated here, decided in `domain`, kept by `store`.

mod acting;
mod agreements;
mod conditions;
#[cfg(test)]
mod contract_tests;
mod costs;
mod institutions;
mod matching;
mod own;
mod policies;
mod policy;
mod pricing;
mod products;
mod publications;
mod quotes;
mod refusals;
mod review;
mod service;
mod shelf;
mod terms;
mod upkeep;
mod wire;

pub use policy::POLICY;
pub use service::Face;
pub use shelf::Shelf;

/// What everything here is done for, as audit rows name it.
const PURPOSE: &str = "CATALOG_UPKEEP";
/// How a change that is committed ended.
const DONE: &str = "DONE";
/// A change that was asked for again under another request id, and had been made before.
const ALREADY: &str = "ALREADY_APPLIED";
