//! Traces, logs and metrics of every role: one set-up, one list of names, and a receiver for tests and the demo.

mod format;
mod setup;

pub mod context;
pub mod metrics;
pub mod names;
pub mod receiver;
pub mod tree;

pub use setup::{Config, LogFormat, Telemetry, TelemetryError, init};
