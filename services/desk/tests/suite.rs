//! The desk against a real database, over real HTTP, with small real roles in place of its neighbours.

// `cfg(test)` holds anyway; saying so lets clippy know that helpers here may unwrap as tests may.
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod apply;
#[cfg(test)]
mod board;
#[cfg(test)]
mod login;
#[cfg(test)]
mod offers;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod support;
