//! Intake against real engines, with whitelist, catalog and partner as small real roles beside it.
#![expect(clippy::unwrap_used, reason = "a test whose ground is missing has to fail at once")]

mod at_once;
mod bad_input;
mod calendar;
mod choice;
mod evaluators;
mod journeys;
mod schema;
mod stored;
mod support;
mod undo;
mod waves;
