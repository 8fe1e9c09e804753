//! What the partner edge knows of itself: assignments, their feed of events, credentials. Pure rules.

mod assignment;
mod credential;
mod feed;
mod reply;
mod transition;

pub use assignment::{Assignment, CloseCause, State, StateError, Terms};
pub use credential::{Credential, Fingerprint, Rejection, Scope, Scopes, TokenHash};
pub use feed::{FeedEntry, FeedKind};
pub use reply::{Reply, ReplyKind};
pub use transition::{Change, Command, Notice, Refusal, Why};
