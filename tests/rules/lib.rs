//! What `./dev lint` holds beyond rustfmt and clippy: dependencies, layers, sources, documents, reasons.
//! Each rule is a function from what it reads to a list of faults, and is shown a bad sample beside the repository.

// `cfg(test)` holds anyway; saying so lets clippy know that these files may unwrap as tests may.
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod reasons;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod rust_text;
#[cfg(test)]
mod sources;
