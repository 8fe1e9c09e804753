//! `zhirong`: every role, and the commands around them, in one executable.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // Before anything that could speak TLS: with no provider installed rustls refuses, with two it panics.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("zhirong: a TLS provider was installed twice; this is a fault of the build");
        return ExitCode::FAILURE;
    }
    let command = zhirong::cli::Cli::parse();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("zhirong: the runtime could not be started: {error}");
                return ExitCode::FAILURE;
            }
        };
    match runtime.block_on(zhirong::cli::run(command)) {
        Ok(code) => code,
        Err(error) => {
            // `{:#}` is the message with every cause behind it, on one line.
            eprintln!("zhirong: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The roles of a system share a machine: threads beyond half of its cores mostly wake each other, and each keeps memory.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}
