//! The catalog service against real engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail where the test fails")]

mod calls;
mod conditions;
mod days;
mod institutions;
mod matching;
mod own;
mod pricing;
mod products;
mod publications;
mod review;
mod schema;
mod support;
mod upkeep;
