//! FileService.

mod accept;
mod bad;
mod desk;
mod export;
mod faults;
