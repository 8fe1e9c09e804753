//! Speaks HTTP with platforms outside (信用平台, 信易贷): one address, a time limit and a length limit for each exchange.
//! What an answer means is the adapter's business; here a refusal is an answer like any other.

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::Cause;
use crate::settings::Secret;

/// What a platform answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    pub body: Bytes,
}

impl Answer {
    /// Whether the platform did what it was asked for (2xx).
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no answer. Nothing here tells whether the platform did what it was asked for: ask again, under the same id.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutwardError {
    #[error("the platform could not be reached")]
    Unreachable(#[source] Cause),
    #[error("the platform did not answer within {0:?}")]
    Slow(Duration),
    #[error("the platform's answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("this cannot be asked")]
    Question(#[source] Cause),
}

/// Why an address cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFault {
    #[error("not an http:// or https:// address with a host")]
    Form,
    /// Outside of this machine nothing travels unprotected.
    #[error("http:// is for this machine's own addresses only; use https://")]
    Unprotected,
}

/// One platform's address and how long it may take.
#[derive(Clone)]
pub struct Outward {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: Option<HeaderValue>,
    limit: Duration,
    most: usize,
}

impl fmt::Debug for Outward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outward")
            .field("base", &self.base)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Outward {
    /// `limit` holds for a whole exchange, `most` bytes for an answer's body.
    ///
    /// # Errors
    /// [`AddressFault`].
    pub fn new(base: &str, limit: Duration, most: usize) -> Result<Self, AddressFault> {
        let uri: Uri = base.parse().map_err(|_| AddressFault::Form)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(AddressFault::Form)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_this_machine(host) => {}
            Some("http") => return Err(AddressFault::Unprotected),
            _ => return Err(AddressFault::Form),
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: base.trim_end_matches('/').to_owned(),
            authorization: None,
            limit,
            most,
        })
    }

    /// Shows `token` as bearer with each question.
    ///
    /// # Errors
    /// [`OutwardError::Question`] if it cannot stand in a header.
    pub fn with_token(mut self, token: &Secret) -> Result<Self, OutwardError> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|fault| OutwardError::Question(fault.into()))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// Reads `path`, which begins with a slash and is already percent-encoded.
    ///
    /// # Errors
    /// [`OutwardError`]; a refusal by the platform is an [`Answer`].
    pub async fn get(&self, path: &str) -> Result<Answer, OutwardError> {
        self.exchange(Method::GET, path, Bytes::new()).await
    }

    /// Sends a JSON document to `path`.
    ///
    /// # Errors
    /// [`OutwardError`]; a refusal by the platform is an [`Answer`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        document: &serde_json::Value,
    ) -> Result<Answer, OutwardError> {
        self.exchange(method, path, document.to_string().into()).await
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, OutwardError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json");
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::new(body)).map_err(|fault| OutwardError::Question(fault.into()))?;
        let exchange = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|fault| OutwardError::Unreachable(fault.into()))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), self.most).collect().await.map_err(|fault| {
                if fault.is::<LengthLimitError>() {
                    OutwardError::TooLong(self.most)
                } else {
                    OutwardError::Unreachable(fault)
                }
            })?;
            Ok(Answer { status, body: body.to_bytes() })
        };
        tokio::time::timeout(self.limit, exchange).await.map_err(|_| OutwardError::Slow(self.limit))?
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
