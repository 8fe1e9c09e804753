//! The management HTTP API of the broker, as far as the topology needs it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::link::ANSWER_LIMIT;

/// Why the management API did not do as told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    #[error("the management address must be http://user:password@host:port")]
    Address,
    #[error("the management API cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the management API gave no answer in time")]
    Silent,
    #[error("{method} {path} was answered with {status}")]
    Refused { method: Method, path: String, status: StatusCode },
    #[error("the answer of the management API is no JSON")]
    Answer(#[source] serde_json::Error),
}

/// An administrator at the management API. Plain HTTP: the API listens on loopback or inside the cluster.
#[derive(Clone)]
pub struct BrokerAdmin {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    user: String,
    authorization: String,
}

impl BrokerAdmin {
    /// `url` is `http://user:password@host:port`, user and password percent-encoded where needed.
    pub fn new(url: &str) -> Result<Self, AdminError> {
        let uri: Uri = url.trim_end_matches('/').parse().map_err(|_| AdminError::Address)?;
        let authority = uri.authority().ok_or(AdminError::Address)?;
        let (login, host) = authority.as_str().rsplit_once('@').ok_or(AdminError::Address)?;
        let (user, password) = login.split_once(':').ok_or(AdminError::Address)?;
        if uri.scheme_str() != Some("http") {
            return Err(AdminError::Address);
        }
        let user = decode(user).ok_or(AdminError::Address)?;
        let password = decode(password).ok_or(AdminError::Address)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: format!("http://{host}"),
            authorization: format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
            user,
        })
    }

    /// The administrator's own name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// `None` where there is nothing at that path. Segments are encoded here: `["queues", "/", "a.b"]`.
    pub async fn get(&self, path: &[&str]) -> Result<Option<Value>, AdminError> {
        match self.call(Method::GET, path, None).await {
            Ok(value) => Ok(Some(value)),
            Err(AdminError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates or replaces.
    pub async fn put(&self, path: &[&str], body: Value) -> Result<(), AdminError> {
        // Of two who create the same thing at once the broker may tell one that the request is bad: then it is there.
        match self.call(Method::PUT, path, Some(body.clone())).await {
            Err(AdminError::Refused { status: StatusCode::BAD_REQUEST, .. }) => {
                self.call(Method::PUT, path, Some(body)).await.map(drop)
            }
            answer => answer.map(drop),
        }
    }

    pub async fn post(&self, path: &[&str], body: Value) -> Result<Value, AdminError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// What is not there is deleted already.
    pub async fn delete(&self, path: &[&str]) -> Result<(), AdminError> {
        match self.call(Method::DELETE, path, None).await {
            Ok(_) | Err(AdminError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes a virtual host with everything in it.
    pub async fn delete_vhost(&self, vhost: &str) -> Result<(), AdminError> {
        self.delete(&["vhosts", vhost]).await
    }

    async fn call(&self, method: Method, path: &[&str], body: Option<Value>) -> Result<Value, AdminError> {
        let path =
            format!("/api/{}", path.iter().map(|segment| encode(segment)).collect::<Vec<_>>().join("/"));
        let body = body.map(|value| value.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(&method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| AdminError::Address)?;
        let exchange = async {
            let response =
                self.client.request(request).await.map_err(|e| AdminError::Unreachable(e.into()))?;
            let status = response.status();
            let bytes = response
                .into_body()
                .collect()
                .await
                .map_err(|e| AdminError::Unreachable(e.into()))?
                .to_bytes();
            if !status.is_success() {
                return Err(AdminError::Refused { method, path, status });
            }
            if bytes.is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_slice(&bytes).map_err(AdminError::Answer)
        };
        tokio::time::timeout(ANSWER_LIMIT, exchange).await.map_err(|_| AdminError::Silent)?
    }
}

impl std::fmt::Debug for BrokerAdmin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerAdmin")
            .field("base", &self.base)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Percent-encodes everything that is not unreserved (RFC 3986 §2.3).
fn encode(segment: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    segment.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_login_or_a_host_is_refused() {
        for url in ["", "http://127.0.0.1:15672", "https://u:p@h:1", "http://user@h:1", "http://u:%zz@h:1"] {
            assert!(matches!(BrokerAdmin::new(url), Err(AdminError::Address)), "{url}");
        }
        let admin = BrokerAdmin::new("http://us%40er:p%2Fw@127.0.0.1:15672/").unwrap();
        assert_eq!(admin.user(), "us@er");
        assert!(!format!("{admin:?}").contains("p/w"));
    }

    #[test]
    fn path_segments_are_encoded() {
        assert_eq!(encode("/"), "%2F");
        assert_eq!(encode("intake.replies.v1"), "intake.replies.v1");
        assert_eq!(decode(&encode("a b/ü")).as_deref(), Some("a b/ü"));
    }
}
