//! A file on its way in: written to a temporary file that has no name any more, so that nothing is left of it whatever ends
//! the process.

use std::{
    fs::OpenOptions,
    io::{Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA256};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// Why a file could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the file has more than {max} bytes")]
    TooLarge { max: u64 },
    #[error("the temporary file cannot be written")]
    Io(#[from] std::io::Error),
}

/// Takes a file in, piece by piece.
pub struct Spool {
    file: tokio::fs::File,
    digest: Context,
    bytes: u64,
    max: u64,
}

/// A whole file.
#[derive(Debug)]
pub struct Spooled {
    pub file: std::fs::File,
    pub sha256: [u8; 32],
    pub bytes: u64,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// A file in `folder` that only this process can reach and that goes with its handle.
pub(super) fn nameless(folder: &Path) -> std::io::Result<std::fs::File> {
    let path: PathBuf = folder.join(format!("zhirong-{}", Uuid::new_v4()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

impl Spool {
    pub fn new(folder: &Path, max: u64) -> Result<Self, SpoolError> {
        let file = tokio::fs::File::from_std(nameless(folder)?);
        Ok(Self { file, digest: Context::new(&SHA256), bytes: 0, max })
    }

    pub async fn write(&mut self, piece: &[u8]) -> Result<(), SpoolError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.max {
            return Err(SpoolError::TooLarge { max: self.max });
        }
        self.digest.update(piece);
        self.file.write_all(piece).await?;
        Ok(())
    }

    pub async fn finish(mut self) -> Result<Spooled, SpoolError> {
        self.file.flush().await?;
        let mut file = self.file.into_std().await;
        file.seek(SeekFrom::Start(0))?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        Ok(Spooled { file, sha256, bytes: self.bytes })
    }
}
