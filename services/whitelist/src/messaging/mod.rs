//! What this service tells the others, and what it hears from them: that banks have taken note of lists.

mod acknowledgements;
mod entries;
mod events;

pub use acknowledgements::Acknowledgements;
pub use entries::{entry_changed, entry_state, list_published};
pub use events::{PUBLISHES, UNHURRIED, consent_changed, consent_granted, standing_recorded};

/// What banks have taken note of.
pub static ACKNOWLEDGEMENTS: bus::Queue =
    bus::Queue { name: "whitelist.acknowledgements.v1", binds: &[acknowledgements::LIST_ACKNOWLEDGED] };
