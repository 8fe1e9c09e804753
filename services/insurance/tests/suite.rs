//! Insurance against real engines, with intake and partner as small real roles beside it.
#![expect(clippy::unwrap_used, reason = "a test whose ground is missing has to fail at once")]

mod appetites;
mod calendar;
mod choices;
mod dossiers;
mod ends;
mod rounds;
mod schema;
mod support;
