//! The whitelist service against real engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail where the test fails")]

mod assets;
mod calls;
mod consents;
mod enterprises;
mod entries;
mod files;
mod hearing;
mod listing;
mod logs;
mod records;
mod register;
mod schema;
mod screening;
mod sources;
mod standings;
mod support;
mod upkeep;
