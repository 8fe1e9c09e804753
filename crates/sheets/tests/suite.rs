//! Tables as files: what is written is read again, and what is no table ends in a fault.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail where the test fails")]

mod bad;
mod build;
mod properties;
mod read;
