//! The roles of this executable. A new role is one line here.

use host::Role;

/// In the order in which they are listed and started.
pub static ALL: [&Role; 7] = [
    &whitelist::ROLE,
    &catalog::ROLE,
    &intake::ROLE,
    &insurance::ROLE,
    &statistics::ROLE,
    &partner::ROLE,
    &desk::ROLE,
];

/// The role with this name.
pub fn find(name: &str) -> Option<&'static Role> {
    ALL.iter().copied().find(|role| role.name == name)
}

/// Every name, for messages.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|role| role.name).collect()
}
