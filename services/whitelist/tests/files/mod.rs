//! FileService.

mod accept;
mod bad;
pub(crate) mod desk;
mod events;
mod export;
mod faults;
