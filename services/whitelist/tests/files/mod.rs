//! FileService.

mod accept;
mod bad;
mod desk;
mod events;
mod export;
mod faults;
