//! The gRPC face: questions are checked and answered here, from figures that `work` keeps.

mod days;
mod overview;
mod policy;
mod question;
mod rebuild;
mod service;

pub use policy::POLICY;
pub use service::Face;
