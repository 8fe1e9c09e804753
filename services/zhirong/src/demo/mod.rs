//! `zhirong demo`: a whole system, one application, institutions of four kinds, seen live in a terminal up to the bank's
//! approval. It holds the system to what the institutions themselves say they sent, and to a whole trace.

mod board;
mod books;
mod cast;
mod choose;
mod command;
mod conclude;
mod connect;
mod figures;
mod journey;
mod play;
mod results;
mod screen;
mod stage;
mod table;
mod text;
mod watch;

pub use command::{Arguments, run};
