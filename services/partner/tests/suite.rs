//! The partner edge against real engines, over real mTLS, with an intake that is small but real: its own role, outbox,
//! queue and gRPC face.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod acknowledging;
#[cfg(test)]
mod assignments;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod events;
#[cfg(test)]
mod field;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod supplements;
