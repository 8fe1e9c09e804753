//! The statistics service against real engines.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail where the test fails")]

mod calls;
mod facts;
mod figures;
mod past;
mod rebuild;
mod schema;
mod story;
mod support;
