//! What the partner edge knows of itself: assignments, their feed of events, credentials. Pure rules.

mod assignment;
mod credential;
mod feed;
mod hearing;
mod list;
mod reply;
mod state;
mod transition;

pub use assignment::{Assignment, Product, Terms};
pub use credential::{Credential, Fingerprint, Rejection, Scope, Scopes, TokenHash};
pub use feed::{FeedEntry, FeedKind};
pub use hearing::Notice;
pub use list::{List, ListVersion};
pub use reply::{Reply, ReplyKind};
pub use state::{Choice, CloseCause, Columns, Standing, State, StateError};
pub use transition::{Change, Command, Refusal, Why};
