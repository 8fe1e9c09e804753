//! Intake against real engines.
