//! The live board: one poller for each watched case, one stream for each browser.

mod hub;
mod look;
mod streams;

pub(crate) use hub::Hub;
pub(crate) use look::{Looked, look};
pub(crate) use streams::{Streams, board, events, stream};
