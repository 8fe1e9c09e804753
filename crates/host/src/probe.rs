//! Asks an admin face over HTTP whether a role is ready: for health checks of containers and for supervisors.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::Cause;

/// No health page is longer.
const MAX_BODY: usize = 1 << 20;

/// What a page answered.
#[derive(Clone, Debug)]
pub struct Page {
    /// HTTP status code.
    pub status: u16,
    pub text: String,
}

/// Reads one page within `limit`; for the admin face and for status pages, not for anything large.
pub async fn get(url: &str, limit: Duration) -> Result<Page, Cause> {
    let uri: http::Uri = url.parse()?;
    let client: Client<HttpConnector, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let response = client.get(uri).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await?.to_bytes();
        Ok(Page { status, text: String::from_utf8_lossy(&body).into_owned() })
    };
    tokio::time::timeout(limit, exchange).await?
}

/// Whether `<base>/readyz` answers 200; otherwise what it said, or why it could not be asked.
pub async fn ready(base: &str, limit: Duration) -> Result<(), String> {
    match get(&format!("{}/readyz", base.trim_end_matches('/')), limit).await {
        Ok(page) if page.status == 200 => Ok(()),
        Ok(page) => Err(page.text),
        Err(cause) => Err(cause.to_string()),
    }
}
