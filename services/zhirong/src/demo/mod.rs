//! `zhirong demo`: a whole system, one application, twelve banks, seen live in a terminal. It holds the system to what
//! the banks themselves say they sent, and to a whole trace.

mod board;
mod books;
mod cast;
mod command;
mod conclude;
mod connect;
mod journey;
mod play;
mod results;
mod screen;
mod stage;
mod table;
mod text;
mod watch;

pub use command::{Arguments, run};
