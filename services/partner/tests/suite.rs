//! The partner edge against real engines, over real mTLS, with an intake and an insurance that are small but real:
//! roles of their own with outbox, queue and gRPC face.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod acknowledging;
#[cfg(test)]
mod assignments;
#[cfg(test)]
mod cover;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod events;
#[cfg(test)]
mod field;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod repeats;
#[cfg(test)]
mod selection;
#[cfg(test)]
mod several;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod supplements;
