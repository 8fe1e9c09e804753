//! Adapters to the platforms outside behind one small interface, and the worker that asks them. There is no public
//! interface to call: what an adapter speaks is the recorded contract of docs/contracts/sources.md.

mod config;
mod file_drop;
mod web;
mod worker;

use host::BoxFuture;
use kernel::Uscc;

pub use config::{Address, KEYS, Pace, Sources};
pub use file_drop::FileDrop;
pub use web::Web;
pub use worker::{Worker, credit_consent};

use crate::domain::source::{Outcome, SourceCode};

/// One platform.
pub trait Source: Send + Sync {
    /// Which one it is.
    fn code(&self) -> SourceCode;

    /// What it tells of `subject`, as it tells it: bounded in time and length, and not read here.
    ///
    /// # Errors
    /// [`FetchFault`]: then it told nothing, which is not the same as nothing to tell.
    fn fetch<'a>(&'a self, subject: &'a Uscc) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>>;
}

/// Why a platform told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    #[error("no file was dropped for this enterprise")]
    Absent,
    #[error("the platform cannot be reached")]
    Unreachable,
    #[error("the platform takes too long")]
    Slow,
    #[error("the reply is longer than a reply may be")]
    TooLong,
    #[error("the platform refuses with status {0}")]
    Refused(u16),
}

impl From<FetchFault> for Outcome {
    fn from(fault: FetchFault) -> Self {
        match fault {
            FetchFault::Absent => Self::Absent,
            FetchFault::Unreachable => Self::Unreachable,
            FetchFault::Slow => Self::Slow,
            FetchFault::TooLong => Self::TooLong,
            FetchFault::Refused(_) => Self::Refused,
        }
    }
}
