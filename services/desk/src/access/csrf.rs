//! Whether a form was sent from a page of ours: by its token, which follows from the session's, and by what the browser
//! says of where the request came from.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use ring::hmac;

use super::session::Token;
use crate::text::{hex, unhex};

const FORM: &[u8] = b"zhirong desk form";

impl Token {
    /// What every form of this session carries.
    pub(crate) fn form_token(&self) -> String {
        hex(hmac::sign(&self.key(), FORM).as_ref())
    }

    /// Whether a form carries it; compared in constant time.
    pub(crate) fn admits(&self, form_token: &str) -> bool {
        unhex(form_token).is_some_and(|given| hmac::verify(&self.key(), FORM, &given).is_ok())
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.secret())
    }
}

/// Whether the browser says that a request which may change something comes from our own pages. One that says nothing at
/// all is refused: every browser of today says it.
pub(crate) fn came_from_our_page(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(scheme, rest)| {
            matches!(scheme, "http" | "https") && rest.eq_ignore_ascii_case(host)
        }),
        (None, Some(_)) => text("sec-fetch-site").is_some(),
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_is_good_for_its_session_alone() {
        let [one, other] = [Token::random(), Token::random()];
        assert!(one.admits(&one.form_token()));
        assert!(!one.admits(&other.form_token()));
        assert!(!one.admits(""));
        assert!(!one.admits("xyz"));
    }

    #[test]
    fn what_comes_from_elsewhere_or_says_nothing_is_refused() {
        let from = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            came_from_our_page(&Method::POST, &headers)
        };
        let host = ("host", "desk.example:8080");
        assert!(from(&[host, ("origin", "http://desk.example:8080")]));
        assert!(from(&[host, ("origin", "https://desk.example:8080"), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!from(&[host]));
        assert!(!from(&[host, ("origin", "http://other.example")]));
        assert!(!from(&[host, ("origin", "null")]));
        assert!(!from(&[host, ("origin", "http://desk.example:8080"), ("sec-fetch-site", "cross-site")]));
        assert!(came_from_our_page(&Method::GET, &HeaderMap::new()));
    }
}
