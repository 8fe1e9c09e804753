//! The binary and its parts against real engines.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod bank_products;
#[cfg(test)]
mod benches;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod cut_imports;
#[cfg(test)]
mod place;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod system;
#[cfg(test)]
mod up;
