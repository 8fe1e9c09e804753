//! The ground itself, under a role that exists only here.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod ground;
#[cfg(test)]
mod sample;
