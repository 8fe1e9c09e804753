//! A directory into which somebody drops files: one for each enterprise, named after its USCC.

use std::{io::ErrorKind, path::PathBuf};

use host::BoxFuture;
use kernel::Uscc;
use tokio::io::AsyncReadExt as _;

use super::{FetchFault, Source};
use crate::domain::{source::SourceCode, source_reply::BYTES_MAX};

/// `<directory>/<USCC>.json`.
pub struct FileDrop {
    code: SourceCode,
    directory: PathBuf,
}

impl FileDrop {
    pub fn new(code: SourceCode, directory: PathBuf) -> Self {
        Self { code, directory }
    }

    async fn read(&self, subject: &Uscc) -> Result<Vec<u8>, FetchFault> {
        // A directory that is away is a platform that is away; a file that is not there yet will come.
        if !tokio::fs::try_exists(&self.directory).await.unwrap_or(false) {
            return Err(FetchFault::Unreachable);
        }
        let path = self.directory.join(format!("{}.json", subject.as_str()));
        // Not through a link to somewhere else.
        let metadata = tokio::fs::symlink_metadata(&path).await.map_err(|error| fault(error.kind()))?;
        if !metadata.is_file() {
            return Err(FetchFault::Absent);
        }
        let file = tokio::fs::File::open(&path).await.map_err(|error| fault(error.kind()))?;
        let most = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes).await;
        read.map_err(|error| fault(error.kind()))?;
        if bytes.len() > BYTES_MAX { Err(FetchFault::TooLong) } else { Ok(bytes) }
    }
}

fn fault(kind: ErrorKind) -> FetchFault {
    if kind == ErrorKind::NotFound { FetchFault::Absent } else { FetchFault::Unreachable }
}

impl Source for FileDrop {
    fn code(&self) -> SourceCode {
        self.code
    }

    fn fetch<'a>(&'a self, subject: &'a Uscc) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(self.read(subject))
    }
}
