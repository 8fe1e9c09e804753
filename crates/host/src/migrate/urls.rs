//! The URLs with which a role reaches database and broker, derived from an administrator's.

use std::fmt::Write as _;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use super::AdminUrls;
use crate::error::HostError;
use crate::role::Role;
use crate::settings::Secret;

/// The login role's URL on the same server as the administrator's.
pub fn database_url(admin: &AdminUrls, role: &Role, password: &Secret) -> Result<Secret, HostError> {
    let options = PgConnectOptions::from_str(admin.postgres.expose())
        .map_err(|_| HostError::Url { what: "the administrator's PostgreSQL URL" })?;
    let user = role.login();
    let password = encode(password.expose());
    let database = encode(&admin.database);
    let socket = options.get_socket().map(|path| path.display().to_string());
    let host = options.get_host();
    let by_path = socket.or_else(|| host.starts_with('/').then(|| host.to_owned()));
    Ok(Secret::new(match by_path {
        Some(path) => {
            let (path, port) = (encode(&path), options.get_port());
            format!("postgres://{user}:{password}@localhost:{port}/{database}?host={path}")
        }
        None => format!("postgres://{user}:{password}@{host}:{}/{database}", options.get_port()),
    }))
}

/// A role's broker URL. `server` is any AMQP URL of the broker; its user and virtual host are replaced.
pub fn amqp_url(server: &str, vhost: &str, role: &Role, password: &Secret) -> Result<Secret, HostError> {
    let fault = HostError::Url { what: "the broker's AMQP URL" };
    let Some((scheme @ ("amqp" | "amqps"), rest)) = server.split_once("://") else { return Err(fault) };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    if place.is_empty() {
        return Err(fault);
    }
    let (user, password, vhost) = (role.login(), encode(password.expose()), encode(vhost));
    Ok(Secret::new(format!("{scheme}://{user}:{password}@{place}/{vhost}")))
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{amqp_url, encode};
    use crate::settings::Secret;
    use crate::testing::ROLE;

    #[test]
    fn a_role_s_broker_url_replaces_user_and_virtual_host() {
        let secret = Secret::new("p/w".to_owned());
        let url = |server| amqp_url(server, "/", &ROLE, &secret).map(|url| url.expose().clone()).ok();
        let expected = Some("amqp://zhirong_sample:p%2Fw@127.0.0.1:5672/%2F".to_owned());
        assert_eq!(url("amqp://admin:x@127.0.0.1:5672"), expected);
        assert_eq!(url("amqp://admin:x@127.0.0.1:5672/other?heartbeat=5"), expected);
        assert_eq!(url("amqp://127.0.0.1:5672/"), expected);
        assert_eq!(url("http://127.0.0.1:5672/"), None);
        assert_eq!(url("amqp:///"), None);
    }

    #[test]
    fn reserved_characters_are_percent_encoded() {
        assert_eq!(encode("a-b._~c"), "a-b._~c");
        assert_eq!(encode("/@:锁"), "%2F%40%3A%E9%94%81");
    }
}
