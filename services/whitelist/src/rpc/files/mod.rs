//! Tables as files: uploads, their faults, their acceptance; exports and templates.

mod imports;
mod refusals;
mod service;
mod streams;
mod upload;
mod wire;

pub use service::FilesFace;
pub(super) use service::SLOW_METHODS;
