//! Reads a file into the staged tables: parsing and checking in a blocking thread, `COPY` beside it, memory bounded by the
//! pieces between them.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use kernel::calendar::date_of;
use rpc::Caller;
use sheets::{Choice, FileFault, Format, Limits};
use sqlx::PgPool;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use super::{
    fields::Surroundings,
    kind::FileKind,
    rights::Rights,
    rows::Rows,
    spool::Spooled,
    taking::{Counts, Piece, Taking},
};
use crate::{
    domain::place::Parks,
    store::{
        StoreError,
        files::{
            imports::{self, Import, Origin, State},
            staging::{self, Staging},
        },
    },
};

/// Pieces on their way from the reading thread to the database.
const PIECES: usize = 4;
/// Files read at once in this process; others wait. Each takes two connections and a thread.
const AT_ONCE: usize = 2;

/// What the reading of files needs.
#[derive(Debug, Clone)]
pub struct Loader {
    pub pool: PgPool,
    pub parks: Parks,
    /// Where files wait while they are read.
    pub folder: PathBuf,
    pub limits: Limits,
    /// For how long an import waits to be accepted.
    pub keep: chrono::TimeDelta,
    pub turns: Arc<Semaphore>,
}

impl Loader {
    pub fn new(pool: PgPool, parks: Parks, folder: PathBuf, keep: chrono::TimeDelta) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { pool, parks, folder, limits: Limits::default(), keep, turns }
    }
}

/// A file that has come in whole.
#[derive(Debug)]
pub struct Upload {
    pub kind: FileKind,
    pub format: Format,
    pub choice: Choice,
    pub spooled: Spooled,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub enum Loaded {
    Fresh(Import),
    /// The same file of the same kind waits, or was taken whole.
    Repeated(Import),
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the file cannot be used")]
    File(#[from] FileFault),
    #[error("the file cannot be staged")]
    Store(#[from] StoreError),
    #[error("the reading thread ended early")]
    Ended,
}

impl From<sqlx::Error> for LoadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Loader {
    /// Reads `upload` unless it was read before. Nothing of a file that cannot be used stays.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load(
        &self,
        upload: Upload,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> Result<Loaded, LoadError> {
        let (kind, sha256) = (upload.kind, upload.spooled.sha256);
        // A turn is given back when this ends, however it does; the semaphore is never closed.
        let _turn = self.turns.acquire().await.map_err(|_| LoadError::Ended)?;
        let mut conn = self.pool.acquire().await?;
        if let Some(known) = imports::find_live(&mut conn, kind, &sha256).await? {
            return Ok(Loaded::Repeated(known));
        }
        let import_id = uuid_at(now);
        let origin = Origin {
            import_id,
            kind,
            format: upload.format,
            sha256,
            bytes: upload.spooled.bytes,
            uploaded_by: caller.audit_name(),
            uploaded_at: now,
            expires_at: now + self.keep,
        };
        imports::begin(&mut conn, &origin).await?;
        let registered = if kind == FileKind::ProvinceList {
            std::collections::HashMap::new()
        } else {
            staging::registered(&mut conn).await?
        };
        let rights =
            if kind == FileKind::LegalEvents { staging::rights(&mut conn).await? } else { Rights::default() };
        drop(conn);
        let around = Surroundings { today: date_of(now), parks: self.parks.clone(), registered, rights };
        let rows = Rows::new(kind, import_id, now, around);
        match self.stage(upload, import_id, rows).await {
            Ok(counts) => self.conclude(&origin, counts, caller, now).await,
            Err(error @ LoadError::File(_)) => {
                // Nothing was staged.
                let mut conn = self.pool.acquire().await?;
                imports::forget(&mut conn, import_id).await?;
                Err(error)
            }
            Err(error) => {
                // Of rows and faults one may be staged already; the clearing looks after both.
                let mut conn = self.pool.acquire().await?;
                imports::settle(&mut conn, import_id, State::Discarded, now).await?;
                Err(error)
            }
        }
    }

    async fn stage(&self, upload: Upload, import_id: Uuid, rows: Rows) -> Result<Counts, LoadError> {
        let (to, mut from) = mpsc::channel(PIECES);
        let limits = self.limits;
        let Upload { kind, format, choice, spooled } = upload;
        let reading = tokio::task::spawn_blocking(move || {
            let mut taking = Taking::new(kind, import_id, rows, to);
            let file = std::io::BufReader::with_capacity(128 * 1024, spooled.file);
            sheets::read(file, format, &choice, &limits, &mut taking).map(|()| taking.finish())
        });
        let mut staging = Staging::default();
        let stored = async {
            while let Some(piece) = from.recv().await {
                match piece {
                    Piece::Rows(lines) => staging.rows(&self.pool, kind, lines).await?,
                    Piece::Faults(lines) => staging.faults(&self.pool, lines).await?,
                }
            }
            Ok::<(), StoreError>(())
        }
        .await;
        // The reader sees that nobody takes its pieces any more, and ends.
        drop(from);
        let read = reading.await.map_err(|_| LoadError::Ended)?;
        match (stored, read) {
            (Ok(()), Ok(counts)) => {
                staging.finish().await?;
                Ok(counts)
            }
            (Err(error), _) => {
                staging.abort().await;
                Err(error.into())
            }
            (Ok(()), Err(fault)) => {
                staging.abort().await;
                Err(fault.into())
            }
        }
    }

    async fn conclude(
        &self,
        origin: &Origin,
        counts: Counts,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> Result<Loaded, LoadError> {
        let read = imports::Read {
            rows: counts.rows,
            faulty: counts.faulty,
            faults: counts.faults,
            cut: counts.cut,
        };
        let mut transaction = self.pool.begin().await?;
        staging::for_tables(&mut transaction).await?;
        let effect = staging::effect(&mut transaction, origin.kind, origin.import_id).await?;
        match imports::conclude(&mut transaction, origin.import_id, &read, &effect).await {
            Ok(()) => {}
            Err(error) if error.violates(imports::ONCE_KEY) => {
                // The same file came twice at once, and the other was first.
                transaction.rollback().await?;
                let mut conn = self.pool.acquire().await?;
                imports::settle(&mut conn, origin.import_id, State::Discarded, now).await?;
                let known = imports::find_live(&mut conn, origin.kind, &origin.sha256).await?;
                return known.map(Loaded::Repeated).ok_or(LoadError::Ended);
            }
            Err(error) => return Err(error.into()),
        }
        let entry = rpc::audit::Entry {
            action: "UPLOAD_FILE",
            object_kind: "file_import",
            object_id: origin.import_id,
            purpose: crate::rpc::PURPOSE,
            result: crate::rpc::DONE,
        };
        rpc::audit::record(&mut transaction, caller, now, &entry).await?;
        let import = imports::get(&mut transaction, origin.import_id).await?;
        transaction.commit().await?;
        import.map(Loaded::Fresh).ok_or(LoadError::Ended)
    }
}

fn uuid_at(now: DateTime<Utc>) -> Uuid {
    // The same form as the kernel's ids: ordered by time.
    kernel::AssetId::new(now, &mut rand::rng()).uuid()
}
