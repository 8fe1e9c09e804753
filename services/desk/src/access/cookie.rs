//! The cookies of the desk: read by us alone, sent to us alone.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// Of the session.
const SESSION: &str = "zhirong_desk";
/// Of the log-in form, before there is a session.
const DOOR: &str = "zhirong_door";

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    Session,
    Door,
}

impl Cookie {
    fn name(self, secure: bool) -> String {
        let name = match self {
            Self::Session => SESSION,
            Self::Door => DOOR,
        };
        // Browsers let nobody but this host, by https, set a cookie of this prefix.
        if secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Its value in a request.
    pub(super) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
    }

    /// The header that sets it until the browser is closed.
    pub(super) fn set(self, value: &str, secure: bool) -> Option<HeaderValue> {
        self.header(value, secure, "")
    }

    /// The header that removes it.
    pub(super) fn clear(self, secure: bool) -> Option<HeaderValue> {
        self.header("", secure, "; Max-Age=0")
    }

    fn header(self, value: &str, secure: bool, more: &str) -> Option<HeaderValue> {
        let name = self.name(secure);
        let by_tls = if secure { "; Secure" } else { "" };
        HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{by_tls}{more}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=b; zhirong_desk=one;zhirong_desk2=two"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("one"));
        assert_eq!(Cookie::Session.read(&headers, true), None);
        assert_eq!(Cookie::Door.read(&headers, false), None);
    }

    #[test]
    fn by_tls_the_cookie_has_the_prefix_that_binds_it_to_the_host() {
        assert_eq!(
            Cookie::Session.set("t", true).unwrap(),
            "__Host-zhirong_desk=t; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            Cookie::Door.clear(false).unwrap(),
            "zhirong_door=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }
}
