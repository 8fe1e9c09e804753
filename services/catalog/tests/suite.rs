//! The catalog service against real engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail where the test fails")]

mod calls;
mod institutions;
mod matching;
mod products;
mod schema;
mod support;
