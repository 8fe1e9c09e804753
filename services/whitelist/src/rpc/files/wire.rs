//! From imports to the contract's messages, and the contract's own codes back.

use proto::whitelist::v1 as wire;
use rpc::{Fault, check::Checker};
use sheets::{Encoding, Format};

use crate::{
    files::{FileKind, column_name, message},
    rpc::wire::timestamp,
    store::files::imports::{Import, KeptFault, State},
};

pub(super) fn import(import: &Import, preview: Vec<wire::PreviewRow>) -> wire::Import {
    let origin = &import.origin;
    let waits = import.state == State::Previewed;
    wire::Import {
        import_id: origin.import_id.to_string(),
        kind: origin.kind.number(),
        format: match origin.format {
            Format::Xlsx => wire::FileFormat::Xlsx.into(),
            Format::Csv => wire::FileFormat::Csv.into(),
        },
        state: import.state.number(),
        sha256: origin.sha256.to_vec(),
        bytes: i64::try_from(origin.bytes).unwrap_or(i64::MAX),
        rows: import.rows,
        rows_new: import.effect.new,
        rows_changed: import.effect.changed,
        rows_unchanged: import.effect.unchanged,
        rows_faulty: import.rows_faulty,
        faults: import.faults,
        faults_cut: import.faults_cut,
        uploaded_by: origin.uploaded_by.strip_prefix("staff:").unwrap_or(&origin.uploaded_by).to_owned(),
        uploaded_at: Some(timestamp(origin.uploaded_at)),
        expires_at: waits.then(|| timestamp(origin.expires_at)),
        settled_at: import.settled_at.map(timestamp),
        preview,
    }
}

pub(super) fn preview((row, change, cells): (i32, i32, Vec<String>)) -> wire::PreviewRow {
    wire::PreviewRow { row, change, cells }
}

pub(super) fn fault(kind: FileKind, fault: &KeptFault) -> wire::ImportFault {
    wire::ImportFault {
        row: fault.row_no,
        place: fault.place.clone(),
        column: column_name(kind, &fault.field),
        reason: fault.reason.clone(),
        message: message(fault),
    }
}

pub(super) fn kind(check: &mut Checker, field: &str, number: i32) -> Option<FileKind> {
    check.code(field, number, FileKind::from_number)
}

pub(super) fn format(check: &mut Checker, field: &str, number: i32) -> Option<Format> {
    check.code(field, number, |number| match wire::FileFormat::try_from(number) {
        Ok(wire::FileFormat::Xlsx) => Some(Format::Xlsx),
        Ok(wire::FileFormat::Csv) => Some(Format::Csv),
        Ok(wire::FileFormat::Unspecified) | Err(_) => None,
    })
}

/// `Some(None)`: to be found out.
pub(super) fn encoding(check: &mut Checker, field: &str, number: i32) -> Option<Option<Encoding>> {
    match wire::FileEncoding::try_from(number) {
        Ok(wire::FileEncoding::Unspecified) => Some(None),
        Ok(wire::FileEncoding::Utf8) => Some(Some(Encoding::Utf8)),
        Ok(wire::FileEncoding::Gb18030) => Some(Some(Encoding::Gb18030)),
        Err(_) => {
            check.refuse(field, &rpc::reasons::ENUM_UNKNOWN);
            None
        }
    }
}

/// `Some(None)`: to be found out.
pub(super) fn separator(check: &mut Checker, field: &str, number: i32) -> Option<Option<u8>> {
    match wire::FileSeparator::try_from(number) {
        Ok(wire::FileSeparator::Unspecified) => Some(None),
        Ok(wire::FileSeparator::Comma) => Some(Some(b',')),
        Ok(wire::FileSeparator::Tab) => Some(Some(b'\t')),
        Ok(wire::FileSeparator::Semicolon) => Some(Some(b';')),
        Err(_) => {
            check.refuse(field, &rpc::reasons::ENUM_UNKNOWN);
            None
        }
    }
}

pub(super) fn not_found() -> Fault {
    Fault::new(&rpc::reasons::NOT_FOUND).field("import_id")
}
