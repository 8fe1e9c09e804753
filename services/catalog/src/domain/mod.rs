//! The rules of institutions and loan products. Pure: no async, SQL, protobuf or clock.

pub mod agreement;
pub mod branch;
pub mod choices;
pub mod codes;
pub mod conditions;
pub mod cost;
pub mod desk;
pub mod institution;
pub mod lpr;
pub mod matching;
#[cfg(test)]
mod matching_tests;
pub mod park;
pub mod pledge;
pub mod policy;
pub mod product;
pub mod publication;
pub mod rank;
#[cfg(test)]
mod rank_tests;
mod sides;
pub mod terms;
