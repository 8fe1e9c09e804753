//! What may be shown of personal data, and how it is found where it must not be (domain.md §2.6, §7).

mod find;
mod mask;

pub use find::{IdentifierKind, find_identifier};
pub use mask::{bank_account, email, name, phone, resident_id, uscc};
