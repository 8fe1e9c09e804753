//! What stands outside of the code, held to the code: docker-compose.yml and all that it mounts against the roles,
//! settings, ports and secrets of the binary; the glossary against the code tables; the handbook against the settings,
//! secrets, metrics and commands that there are.

// `cfg(test)` holds anyway; saying so lets clippy know that these files may unwrap as tests may.
#[cfg(test)]
mod alerts;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod compose;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod faces;
#[cfg(test)]
mod glossary;
#[cfg(test)]
mod handbook;
#[cfg(test)]
mod hardening;
#[cfg(test)]
mod image;
#[cfg(test)]
mod observation;
#[cfg(test)]
mod promql;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod workbench;
