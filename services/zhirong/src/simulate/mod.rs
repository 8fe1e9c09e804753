//! Simulated institutions: they connect like real ones, through the partner gateway with their own certificate and
//! token, and answer by a script. And the demo data that they and the demo work on.

mod access;
mod answer;
mod attempt;
mod clerk;
mod command;
mod crowd;
mod deed;
mod fill;
mod fill_goal;
mod gateway;
mod institution;
mod ledger;
mod link;
mod script;
mod seed;
mod sequel;
mod terms;

pub mod columns;
pub mod data;

pub use access::{Access, admit, revoke};
pub use clerk::{Choice, Clerk};
pub use command::{Arguments, run};
pub use crowd::{Crowd, Part};
pub use deed::{Deed, Fate, Later, Report};
pub use institution::{Institution, Trade};
pub use ledger::{Act, Acted, Content, Ledger, Record};
pub use link::{Link, StaffChannel};
pub use script::{Casting, Conduct, Delays, Manner, Script, Sequel};
pub use seed::Seed;
