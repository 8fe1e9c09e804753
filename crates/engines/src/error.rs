//! What can go wrong with an engine, each time with what the person at the keyboard can do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why an engine could not be started, stopped or found.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "{program} was not found on this machine; ./dev installs it, or install the package {package} yourself"
    )]
    NotInstalled { program: &'static str, package: &'static str },

    #[error("{present} is set but {absent} is not; a given RabbitMQ needs both")]
    HalfGiven { present: &'static str, absent: &'static str },

    #[error(
        "this engine was given by the environment and is not ours to stop or kill; ask for a private one"
    )]
    NotOurs,

    #[error("{engine} ended while starting ({status}); the end of its log:\n{log}")]
    EndedEarly { engine: &'static str, status: String, log: String },

    #[error("{engine} was not ready after {limit:?}; the end of its log:\n{log}")]
    NotReady { engine: &'static str, limit: Duration, log: String },

    #[error("initdb failed ({status}):\n{output}")]
    InitDb { status: String, output: String },

    #[error("{path} belongs to another user or is not a directory; remove it or set ZHIRONG_ENGINES_DIR")]
    ForeignDirectory { path: PathBuf },

    #[error("cannot {doing} {path}")]
    File {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },

    #[error("cannot start {program}")]
    Spawn {
        program: PathBuf,
        #[source]
        source: std::io::Error,
    },

    #[error("no free port was found on 127.0.0.1")]
    NoPort,

    #[error("the start was given up because its task was cancelled")]
    Cancelled,
}

impl EngineError {
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
