//! What this service tells the others. It takes no messages.

mod events;

pub use events::{PUBLISHES, consent_changed, consent_granted, standing_recorded};
