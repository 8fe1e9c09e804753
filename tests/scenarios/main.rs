//! Whole journeys: every role a process of its own, banks at the partner gateway, faults from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose ground is missing has to fail at once")]

mod absence;
mod backup;
mod crashes;
mod listed;
mod lists;
mod privacy;
mod support;
mod traces;
