//! What may be chosen together.
