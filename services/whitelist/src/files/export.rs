//! The register, and lists of faults, as files: read a page at a time at one moment, written in a blocking thread, handed
//! out in pieces. Personal data are masked and accounts left out (domain.md §7); what is left out is an empty cell, which
//! changes nothing when the file comes back.

use std::{
    io::{Read as _, Seek as _, SeekFrom, Write},
    path::PathBuf,
};

use chrono::NaiveDate;
use kernel::EnterpriseId;
use sheets::{CsvWriter, Encoding, Format, WriteFault, XlsxWriter};
use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    cells::{asset_cells, enterprise_cells, event_cells, held_cells, listing_cells},
    fault::RowReason,
    kind::FileKind,
    spool::nameless,
};
use crate::{
    domain::{asset::IpAsset, enterprise::Enterprise},
    store::{
        StoreError, assets, enterprises,
        files::{
            imports::{self, KeptFault},
            reading,
        },
    },
};

/// Enterprises, entries or faults read at a time.
const PAGE: i64 = 500;
/// Pages on their way to the writing thread, and pieces on their way out.
const WAITING: usize = 4;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;
/// Rows that a sheet can hold below its header.
const SHEET_ROWS: usize = 1_048_575;

/// Why a file cannot be written to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the register cannot be read")]
    Store(#[from] StoreError),
    #[error("the file cannot be written")]
    Write(#[from] WriteFault),
    #[error("more rows than a sheet can hold")]
    TooLarge,
    #[error("the writing thread ended early")]
    Ended,
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A part of a file, or why there will be no more.
pub type Piece = Result<Vec<u8>, ExportError>;

type Cells = Vec<String>;

/// How a file is written.
#[derive(Debug, Clone)]
pub struct How {
    pub format: Format,
    pub encoding: Encoding,
    /// For what cannot be written in one pass.
    pub folder: PathBuf,
}

/// Everything of a kind that is registered, `today` in Asia/Shanghai.
pub fn export(pool: PgPool, kind: FileKind, how: How, today: NaiveDate) -> mpsc::Receiver<Piece> {
    let header = kind.specs().iter().map(|spec| spec.column.chinese.to_owned()).collect();
    started(kind.chinese(), how, header, move |to| async move {
        let mut transaction = pool.begin().await?;
        reading::one_moment(&mut transaction).await?;
        let read = match kind {
            FileKind::Enterprises | FileKind::Assets | FileKind::Qualifications | FileKind::LegalEvents => {
                by_enterprise(&mut transaction, kind, today, &to).await
            }
            FileKind::ProvinceList => listings(&mut transaction, &to).await,
        };
        transaction.rollback().await?;
        read
    })
}

/// Every fault of an import.
pub fn faults_file(pool: PgPool, kind: FileKind, import_id: Uuid, how: How) -> mpsc::Receiver<Piece> {
    let header = ["行号", "位置", "列名", "原因代码", "说明"].map(str::to_owned).to_vec();
    started("错误清单", how, header, move |to| async move {
        let mut conn = pool.acquire().await?;
        let mut after = 0;
        loop {
            let found = imports::faults(&mut conn, import_id, after, PAGE).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = last.fault_no;
            if to.send(found.iter().map(|fault| fault_cells(kind, fault)).collect()).await.is_err() {
                return Ok(());
            }
        }
    })
}

fn fault_cells(kind: FileKind, fault: &KeptFault) -> Cells {
    let row = if fault.row_no == 0 { String::new() } else { fault.row_no.to_string() };
    vec![row, fault.place.clone(), column_name(kind, &fault.field), fault.reason.clone(), message(fault)]
}

/// The Chinese name of a column by its key.
pub(crate) fn column_name(kind: FileKind, key: &str) -> String {
    let spec = kind.specs().iter().find(|spec| spec.column.key == key);
    spec.map(|spec| spec.column.chinese.to_owned()).unwrap_or_default()
}

/// What is wrong and what to do, with where else to look.
pub(crate) fn message(fault: &KeptFault) -> String {
    let text = RowReason::from_code(&fault.reason).map_or("", RowReason::chinese);
    if fault.detail.is_empty() { text.to_owned() } else { format!("{text}（{}）", fault.detail) }
}

/// Starts both halves: `read` sends pages of rows, the thread writes them.
fn started<R>(
    sheet: &'static str,
    how: How,
    header: Cells,
    read: impl FnOnce(mpsc::Sender<Vec<Cells>>) -> R + Send + 'static,
) -> mpsc::Receiver<Piece>
where
    R: Future<Output = Result<(), ExportError>> + Send + 'static,
{
    let (out, pieces) = mpsc::channel(WAITING);
    let (to, mut from) = mpsc::channel(WAITING);
    let failed = out.clone();
    tokio::spawn(async move {
        let writing = tokio::task::spawn_blocking(move || write(sheet, &how, &header, &mut from, &out));
        let read = read(to).await;
        let written = writing.await.unwrap_or(Err(ExportError::Ended));
        // What ended the reading is the cause, where both have ended.
        if let Err(error) = read.and(written) {
            let _ = failed.send(Err(error)).await;
        }
    });
    pieces
}

fn write(
    sheet: &str,
    how: &How,
    header: &[String],
    from: &mut mpsc::Receiver<Vec<Cells>>,
    out: &mpsc::Sender<Piece>,
) -> Result<(), ExportError> {
    match how.format {
        Format::Csv => {
            let mut writer = CsvWriter::new(Pieces { out, piece: Vec::with_capacity(PIECE) }, how.encoding)?;
            writer.row(header)?;
            while let Some(rows) = from.blocking_recv() {
                for row in rows {
                    writer.row(&row)?;
                }
            }
            writer.finish()?;
        }
        Format::Xlsx => {
            let mut writer = XlsxWriter::new(sheet, &how.folder)?;
            writer.row(header)?;
            let mut written = 0;
            while let Some(rows) = from.blocking_recv() {
                written += rows.len();
                if written > SHEET_ROWS {
                    return Err(ExportError::TooLarge);
                }
                for row in rows {
                    writer.row(&row)?;
                }
            }
            let mut file = nameless(&how.folder).map_err(WriteFault::from)?;
            writer.finish(&mut file)?;
            file.seek(SeekFrom::Start(0)).map_err(WriteFault::from)?;
            let mut piece = vec![0; PIECE];
            loop {
                let read = file.read(&mut piece).map_err(WriteFault::from)?;
                if read == 0 || out.blocking_send(Ok(piece[..read].to_vec())).is_err() {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Hands out what is written in pieces.
struct Pieces<'a> {
    out: &'a mpsc::Sender<Piece>,
    piece: Vec<u8>,
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        if !piece.is_empty() && self.out.blocking_send(Ok(piece)).is_err() {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }
}

async fn by_enterprise(
    conn: &mut PgConnection,
    kind: FileKind,
    today: NaiveDate,
    to: &mpsc::Sender<Vec<Cells>>,
) -> Result<(), ExportError> {
    let mut after: Option<EnterpriseId> = None;
    loop {
        let page = enterprises::list(conn, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        let rows: Vec<Cells> = match kind {
            FileKind::Enterprises => page.iter().map(enterprise_cells).collect(),
            FileKind::Qualifications => page
                .iter()
                .flat_map(|enterprise| {
                    enterprise.qualifications.iter().map(|held| held_cells(enterprise, held))
                })
                .collect(),
            FileKind::Assets | FileKind::LegalEvents | FileKind::ProvinceList => {
                let ids: Vec<EnterpriseId> = page.iter().map(|enterprise| enterprise.id).collect();
                let all = assets::list_of_many(conn, &ids).await?;
                // Both are in the order of the enterprises' ids.
                let owned = all.iter().filter_map(|asset| {
                    let at = page.partition_point(|one| one.id.uuid() < asset.enterprise_id.uuid());
                    page.get(at).map(|owner| (owner, asset))
                });
                if kind == FileKind::LegalEvents {
                    owned.flat_map(|(owner, asset)| events(owner, asset)).collect()
                } else {
                    owned.map(|(owner, asset)| asset_cells(owner, asset, today)).collect()
                }
            }
        };
        if to.send(rows).await.is_err() {
            return Ok(());
        }
    }
}

fn events<'a>(owner: &'a Enterprise, asset: &'a IpAsset) -> impl Iterator<Item = Cells> + 'a {
    asset.events.iter().map(move |event| event_cells(owner, asset, event))
}

async fn listings(conn: &mut PgConnection, to: &mpsc::Sender<Vec<Cells>>) -> Result<(), ExportError> {
    let mut after = (String::new(), String::new());
    loop {
        let page = reading::listings(conn, (&after.0, &after.1), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.list.clone(), last.uscc.clone());
        if to.send(page.into_iter().map(listing_cells).collect()).await.is_err() {
            return Ok(());
        }
    }
}
