//! Templates: an empty table with its header, and what may stand in each column.

use sheets::{Note, Workbook, WriteFault};

use super::kind::FileKind;

/// A workbook to be filled in.
pub fn template(kind: FileKind) -> Result<Vec<u8>, WriteFault> {
    let notes: Vec<Note> = kind
        .specs()
        .iter()
        .filter(|spec| !spec.shown_only)
        .map(|spec| Note { column: spec.column, text: spec.note.to_owned() })
        .collect();
    Workbook::template(kind.chinese(), &notes)
}
