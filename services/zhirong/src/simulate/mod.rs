//! Simulated institutions: they connect like real ones, through the partner gateway with their own certificate and
//! token, and answer by a script. And the demo data that they and the demo work on.

mod access;
mod answer;
mod attempt;
mod clerk;
mod command;
mod crowd;
mod deed;
mod gateway;
mod institution;
mod ledger;
mod link;
mod script;
mod seed;
mod terms;

pub mod columns;
pub mod data;

pub use access::{Access, admit, revoke};
pub use clerk::Clerk;
pub use command::{Arguments, run};
pub use crowd::Crowd;
pub use deed::{Deed, Fate, Report};
pub use institution::Institution;
pub use ledger::{Content, Ledger, Record};
pub use link::{Link, StaffChannel};
pub use script::{Delays, Manner, Script};
pub use seed::Seed;
