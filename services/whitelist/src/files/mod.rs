//! Tables as files (文件导入导出): which columns each kind has, how its rows are checked and staged, how it is exported. What
//! is stored is in `store::files`, who may ask in `rpc::files`.

mod asset;
mod cells;
mod clear;
mod enterprise;
mod event;
mod export;
mod fault;
mod fields;
mod keys;
mod kind;
mod line;
mod listing;
mod load;
mod qualification;
mod rights;
mod rows;
mod spool;
mod taking;
mod template;

pub use clear::{clear, keep_cleared};
pub use export::{ExportError, How, Piece, export, faults_file};
pub(crate) use export::{column_name, message};
pub use fault::RowReason;
pub use kind::{FileKind, Spec};
pub use load::{LoadError, Loaded, Loader, Upload};
pub use rights::{Named, Rights};
pub use spool::{Spool, SpoolError, Spooled};
pub use template::template;
