//! How things are written on pages: amounts, rates, times, and the Chinese names of codes.

mod codes;
mod numbers;
mod times;

pub(crate) use codes::{case_state, entry, leg_state, link_reason, party, progress, reason};
pub(crate) use numbers::{count, hex, rate, span, unhex, wan, yuan};
pub(crate) use times::{ago, at, clock, date, instant, short, today};
