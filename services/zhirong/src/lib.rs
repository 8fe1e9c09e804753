//! The binary's parts: which roles there are, the secrets of a system, a whole system as child processes, and the
//! commands over them. Library and binary in one package, so that whole-system tests use the same `System`.

pub mod bench;
pub mod cli;
pub mod demo;
pub mod roles;
pub mod run_dir;
pub mod secrets;
pub mod simulate;
pub mod standin;
pub mod system;
