//! The gRPC face.

mod policy;
mod service;

pub use policy::POLICY;
pub use service::Face;
