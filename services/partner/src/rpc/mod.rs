//! The two faces: institutions come over mTLS to their own listener, the administrator over the internal one.

mod acting;
mod assignments;
mod checks;
mod confirmations;
mod contacts;
mod credentials;
mod decisions;
mod door;
mod dossiers;
mod events;
mod faults;
mod lists;
mod policy;
mod products;
mod quotes;
mod replies;
mod serve;

pub use policy::INSTITUTIONS;
pub use serve::serve;
