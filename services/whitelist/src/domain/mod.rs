//! The rules of enterprises, IP assets, consents and standings. Pure: no async, SQL, protobuf or clock.

pub mod asset;
pub mod consent;
mod consent_scope;
pub mod enterprise;
pub mod entry;
pub mod entry_decide;
#[cfg(test)]
mod entry_hearing_tests;
#[cfg(test)]
mod entry_tests;
pub mod hearing;
pub mod identifier;
pub mod ids;
pub mod legal;
pub mod list_reasons;
pub mod lists;
pub mod ownership;
pub mod place;
pub mod pledge;
mod pledge_codes;
pub mod profile;
pub mod reveal;
pub mod screening;
pub mod size;
pub mod source;
pub mod source_reply;
pub mod standing;
pub mod term;
