//! The binary against real engines.
