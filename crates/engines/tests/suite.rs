//! Private engines against real PostgreSQL and RabbitMQ: what survives a restart, and what nothing survives.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod ending;
#[cfg(test)]
mod holder;
#[cfg(test)]
mod restarting;
