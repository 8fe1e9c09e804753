//! The rules of institutions and loan products. Pure: no async, SQL, protobuf or clock.

pub mod codes;
pub mod institution;
pub mod lpr;
pub mod matching;
#[cfg(test)]
mod matching_tests;
pub mod product;
pub mod terms;
