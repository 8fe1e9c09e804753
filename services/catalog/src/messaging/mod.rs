//! What this service tells the others. It takes no messages.

mod events;

pub use events::{PUBLISHES, institution_changed, product_changed};
