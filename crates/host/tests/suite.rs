//! Host against real engines: settings, migration, a role's life.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod ground;
#[cfg(test)]
mod life;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod outward;
#[cfg(test)]
mod settings;
