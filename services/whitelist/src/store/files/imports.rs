//! What is known of each import, and its faults.

use chrono::{DateTime, Utc};
use sheets::Format;
use sqlx::PgConnection;
use uuid::Uuid;

use super::staging::Effect;
use crate::{files::FileKind, store::StoreError};

/// The same file of the same kind is one import.
pub const ONCE_KEY: &str = "file_import_once";

macro_rules! columns {
    () => {
        "import_id, kind, format, sha256, bytes, state, rows_read, rows_new, rows_changed, rows_unchanged, rows_faulty, faults,
        faults_cut, uploaded_by, uploaded_at, expires_at, settled_at"
    };
}

const BEGIN: &str = "INSERT INTO file_import (import_id, kind, format, sha256, bytes, state, uploaded_by, uploaded_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, 'READING', $6, $7, $8)";
const FORGET: &str = "DELETE FROM file_import WHERE import_id = $1 AND state = 'READING'";
const CONCLUDE: &str = "UPDATE file_import SET state = 'PREVIEWED', rows_read = $2, rows_faulty = $3, faults = $4, faults_cut = $5,
        rows_new = $6, rows_changed = $7, rows_unchanged = $8
    WHERE import_id = $1 AND state = 'READING'";
const TAKE: &str = "UPDATE file_import SET state = $2, rows_new = $3, rows_changed = $4, rows_unchanged = $5, settled_at = $6
    WHERE import_id = $1";
const SETTLE: &str =
    "UPDATE file_import SET state = $2, settled_at = $3 WHERE import_id = $1 AND settled_at IS NULL";
const FIND_LIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM file_import WHERE kind = $1 AND sha256 = $2 AND state IN ('PREVIEWED', 'ACCEPTED')"
);
const GET: &str = concat!("SELECT ", columns!(), " FROM file_import WHERE import_id = $1");
const LOCK: &str = concat!("SELECT ", columns!(), " FROM file_import WHERE import_id = $1 FOR UPDATE");
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM file_import WHERE ($1::text IS NULL OR kind = $1) AND ($2::uuid IS NULL OR import_id < $2)
    ORDER BY import_id DESC LIMIT $3"
);
const FAULTS: &str = "SELECT fault_no, row_no, place, field, reason, detail FROM file_fault
    WHERE import_id = $1 AND fault_no > $2 ORDER BY fault_no LIMIT $3";
pub(super) const STATEMENTS: &[&str] =
    &[BEGIN, FORGET, CONCLUDE, TAKE, SETTLE, FIND_LIVE, GET, LOCK, LIST, FAULTS];

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Reading,
    Previewed,
    Accepted,
    AcceptedGoodRows,
    Discarded,
    Expired,
}

impl State {
    /// In the order of the numbers of `zhirong.whitelist.v1.ImportState`, from 1.
    const ALL: [Self; 6] = [
        Self::Reading,
        Self::Previewed,
        Self::Accepted,
        Self::AcceptedGoodRows,
        Self::Discarded,
        Self::Expired,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Reading => "READING",
            Self::Previewed => "PREVIEWED",
            Self::Accepted => "ACCEPTED",
            Self::AcceptedGoodRows => "ACCEPTED_GOOD_ROWS",
            Self::Discarded => "DISCARDED",
            Self::Expired => "EXPIRED",
        }
    }

    pub fn number(self) -> i32 {
        match self {
            Self::Reading => 1,
            Self::Previewed => 2,
            Self::Accepted => 3,
            Self::AcceptedGoodRows => 4,
            Self::Discarded => 5,
            Self::Expired => 6,
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A file and who brought it.
#[derive(Debug, Clone)]
pub struct Origin {
    pub import_id: Uuid,
    pub kind: FileKind,
    pub format: Format,
    pub sha256: [u8; 32],
    pub bytes: u64,
    /// The caller as audit rows name them.
    pub uploaded_by: String,
    pub uploaded_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// What the reading counted.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    pub rows: u32,
    pub faulty: u32,
    pub faults: u32,
    pub cut: bool,
}

/// An import as it stands.
#[derive(Debug, Clone)]
pub struct Import {
    pub origin: Origin,
    pub state: State,
    pub rows: i32,
    pub effect: Effect,
    pub rows_faulty: i32,
    pub faults: i64,
    pub faults_cut: bool,
    pub settled_at: Option<DateTime<Utc>>,
}

impl Import {
    /// Rows that were staged.
    pub fn good_rows(&self) -> i64 {
        i64::from(self.rows - self.rows_faulty)
    }
}

/// One fault as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KeptFault {
    pub fault_no: i32,
    pub row_no: i32,
    pub place: String,
    pub field: String,
    pub reason: String,
    pub detail: String,
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn begin(conn: &mut PgConnection, origin: &Origin) -> Result<(), StoreError> {
    sqlx::query(BEGIN)
        .bind(origin.import_id)
        .bind(origin.kind.code())
        .bind(format_code(origin.format))
        .bind(&origin.sha256[..])
        .bind(i64::try_from(origin.bytes).unwrap_or(i64::MAX))
        .bind(&origin.uploaded_by)
        .bind(origin.uploaded_at)
        .bind(origin.expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Nothing was staged: the import leaves no trace.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn forget(conn: &mut PgConnection, import_id: Uuid) -> Result<(), StoreError> {
    sqlx::query(FORGET).bind(import_id).execute(conn).await?;
    Ok(())
}

/// Everything is staged. Fails on [`ONCE_KEY`] if the same file was read meanwhile.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn conclude(
    conn: &mut PgConnection,
    import_id: Uuid,
    read: &Read,
    effect: &Effect,
) -> Result<(), StoreError> {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query(CONCLUDE)
        .bind(import_id)
        .bind(number(read.rows))
        .bind(number(read.faulty))
        .bind(i64::from(read.faults))
        .bind(read.cut)
        .bind(effect.new)
        .bind(effect.changed)
        .bind(effect.unchanged)
        .execute(conn)
        .await?;
    Ok(())
}

/// The rows have become part of the register.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn take(
    conn: &mut PgConnection,
    import_id: Uuid,
    state: State,
    effect: &Effect,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(TAKE)
        .bind(import_id)
        .bind(state.code())
        .bind(effect.new)
        .bind(effect.changed)
        .bind(effect.unchanged)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// It will not become part of the register.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn settle(
    conn: &mut PgConnection,
    import_id: Uuid,
    state: State,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(SETTLE).bind(import_id).bind(state.code()).bind(now).execute(conn).await?;
    Ok(())
}

/// The import of the same file and kind that waits or was taken whole.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn find_live(
    conn: &mut PgConnection,
    kind: FileKind,
    sha256: &[u8; 32],
) -> Result<Option<Import>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as(FIND_LIVE).bind(kind.code()).bind(&sha256[..]).fetch_optional(conn).await?;
    row.map(Import::try_from).transpose()
}

#[tracing::instrument(level = "debug", skip_all)]
pub async fn get(conn: &mut PgConnection, import_id: Uuid) -> Result<Option<Import>, StoreError> {
    let row: Option<Row> = sqlx::query_as(GET).bind(import_id).fetch_optional(conn).await?;
    row.map(Import::try_from).transpose()
}

/// As [`get`]; who else locks it waits.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn lock(conn: &mut PgConnection, import_id: Uuid) -> Result<Option<Import>, StoreError> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(import_id).fetch_optional(conn).await?;
    row.map(Import::try_from).transpose()
}

/// At most `limit` imports before `before`, the latest first.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    kind: Option<FileKind>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Import>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as(LIST).bind(kind.map(FileKind::code)).bind(before).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(Import::try_from).collect()
}

/// At most `limit` faults after number `after`, in the order in which they were found.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn faults(
    conn: &mut PgConnection,
    import_id: Uuid,
    after: i32,
    limit: i64,
) -> Result<Vec<KeptFault>, StoreError> {
    Ok(sqlx::query_as(FAULTS).bind(import_id).bind(after).bind(limit).fetch_all(conn).await?)
}

fn format_code(format: Format) -> &'static str {
    match format {
        Format::Xlsx => "XLSX",
        Format::Csv => "CSV",
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    import_id: Uuid,
    kind: String,
    format: String,
    sha256: Vec<u8>,
    bytes: i64,
    state: String,
    rows_read: i32,
    rows_new: i32,
    rows_changed: i32,
    rows_unchanged: i32,
    rows_faulty: i32,
    faults: i64,
    faults_cut: bool,
    uploaded_by: String,
    uploaded_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Import {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let impossible = |column| StoreError::Impossible { table: "file_import", id: row.import_id, column };
        Ok(Self {
            origin: Origin {
                import_id: row.import_id,
                kind: FileKind::from_code(&row.kind).ok_or_else(|| impossible("kind"))?,
                format: [Format::Xlsx, Format::Csv]
                    .into_iter()
                    .find(|format| format_code(*format) == row.format)
                    .ok_or_else(|| impossible("format"))?,
                sha256: row.sha256.as_slice().try_into().map_err(|_| impossible("sha256"))?,
                bytes: u64::try_from(row.bytes).map_err(|_| impossible("bytes"))?,
                uploaded_by: row.uploaded_by,
                uploaded_at: row.uploaded_at,
                expires_at: row.expires_at,
            },
            state: State::from_code(&row.state).ok_or_else(|| impossible("state"))?,
            rows: row.rows_read,
            effect: Effect { new: row.rows_new, changed: row.rows_changed, unchanged: row.rows_unchanged },
            rows_faulty: row.rows_faulty,
            faults: row.faults,
            faults_cut: row.faults_cut,
            settled_at: row.settled_at,
        })
    }
}
