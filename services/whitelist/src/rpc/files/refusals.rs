//! From faults of files to what the caller is told: a reason, the fault's own code, and its place.

use rpc::{Fault, Reason};
use sheets::{FileFault, WriteFault};

use crate::{
    files::{ExportError, LoadError, SpoolError},
    reasons,
};

pub(super) fn of_file(fault: FileFault) -> Fault {
    let reason: &'static Reason = match &fault {
        FileFault::Empty => &reasons::FILE_EMPTY,
        FileFault::TooLarge { .. } => &reasons::FILE_TOO_LARGE,
        FileFault::NotXlsx | FileFault::LegacyOrEncrypted | FileFault::NotCsv => &reasons::FILE_FORMAT_WRONG,
        FileFault::Truncated | FileFault::Broken { .. } => &reasons::FILE_DAMAGED,
        FileFault::TooManyParts { .. } | FileFault::Bomb => &reasons::FILE_BOMB,
        FileFault::Entities { .. } | FileFault::ExternalLinks | FileFault::Macros => {
            &reasons::FILE_FORBIDDEN_CONTENT
        }
        FileFault::NoSheet | FileFault::SheetUnknown => &reasons::SHEET_NOT_FOUND,
        FileFault::TooManyRows { .. } | FileFault::TooManyColumns { .. } => &reasons::TABLE_TOO_LARGE,
        FileFault::CellTooLong { .. } => &reasons::CELL_TOO_LONG,
        FileFault::WrongEncoding { .. } | FileFault::EncodingUnsupported | FileFault::Nul { .. } => {
            &reasons::ENCODING_WRONG
        }
        FileFault::OpenQuote { .. } | FileFault::TextAfterQuote { .. } => &reasons::QUOTES_UNMATCHED,
        // Reading our own temporary file failed, or a fault that this version does not know.
        _ => return Fault::new(&rpc::reasons::INTERNAL).source(fault),
    };
    let told = Fault::new(reason).field("chunk").metadata("file_fault", fault.code());
    match fault.place() {
        Some(place) => told.metadata("place", place),
        None => told,
    }
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::File(fault) => of_file(fault),
            LoadError::Store(error) => error.into(),
            LoadError::Ended => Self::new(&rpc::reasons::INTERNAL).source(error),
        }
    }
}

impl From<SpoolError> for Fault {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::TooLarge { max } => of_file(FileFault::TooLarge { max }),
            SpoolError::Io(_) => Self::new(&rpc::reasons::INTERNAL).source(error),
        }
    }
}

impl From<ExportError> for Fault {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => error.into(),
            ExportError::TooLarge => Self::new(&reasons::TABLE_TOO_LARGE),
            ExportError::Write(WriteFault::Unmappable) => {
                Self::new(&reasons::CHARACTER_UNMAPPABLE).field("encoding")
            }
            ExportError::Write(_) | ExportError::Ended => Self::new(&rpc::reasons::INTERNAL).source(error),
        }
    }
}
