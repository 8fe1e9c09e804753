//! Passwords for development systems and tests, derived from the administrator's URLs.
//!
//! Users belong to the whole server, not to one database: two systems on one server have to agree on their passwords.
//! Whoever has the administrator's URL can set these passwords anyway, so nothing is given away.

use ring::hmac;

use super::{AdminUrls, RoleSecrets, Secrets};
use crate::role::Role;
use crate::settings::Secret;

/// The same for the same administrator's URLs, whoever asks.
pub fn derived_secrets(admin: &AdminUrls, roles: &[&'static Role]) -> Secrets {
    let word = |key: &Secret, role: &Role| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        let tag = hmac::sign(&key, role.name.as_bytes());
        Secret::new(tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let stored = roles.iter().filter(|role| role.has_store);
    stored
        .map(|role| {
            let of =
                RoleSecrets { database: word(&admin.postgres, role), broker: word(&admin.management, role) };
            (role.name.to_owned(), of)
        })
        .collect()
}
