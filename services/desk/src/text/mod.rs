//! How things are written on pages: amounts, rates, times, and the Chinese names of codes.

mod codes;
mod numbers;
mod reasons;
mod times;

#[cfg(test)]
mod code_tests;

pub(crate) use codes::{case_state, deadline, entry, leg_state, party, progress};
pub(crate) use numbers::{count, hex, rate, span, unhex, wan, yearly, yuan};
pub(crate) use reasons::reason;
pub(crate) use times::{ago, at, clock, date, instant, short, today};
