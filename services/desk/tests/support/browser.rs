//! What a browser does, without showing it: cookies, forms, event streams.

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

#[derive(Clone)]
pub(crate) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What the browser says of where it came from; a test may lie.
    pub(crate) origin: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Page {
    /// Where it sends to.
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }

    /// The value of the first field with this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let at = self
            .text
            .find(&format!("name=\"{name}\""))
            .unwrap_or_else(|| panic!("no field {name}: {}", self.text));
        let rest = &self.text[at..];
        let tag = rest.split('>').next().unwrap();
        tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: base.to_owned(), cookies: BTreeMap::new(), origin: Some(base.to_owned()) }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, None).await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let body = body.join("&").into_bytes();
        self.send("POST", path, Some(("application/x-www-form-urlencoded".to_owned(), body))).await
    }

    /// Sends a form with files, as [`upload`] makes it.
    pub(crate) async fn post_files(&mut self, path: &str, body: (String, Vec<u8>)) -> Page {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn log_in(&mut self, login: &str, password: &str) -> Page {
        let door = self.get("/login").await;
        let csrf = door.field("csrf");
        self.post("/login", &[("csrf", &csrf), ("login", login), ("password", password), ("next", "")]).await
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<(String, Vec<u8>)>) -> Page {
        let response = self.open(method, path, body).await;
        let status = response.status().as_u16();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap();
            if name == "set-cookie" {
                let (pair, _) = value.split_once(';').unwrap();
                let (key, value) = pair.split_once('=').unwrap();
                if value.is_empty() {
                    self.cookies.remove(key);
                } else {
                    self.cookies.insert(key.to_owned(), value.to_owned());
                }
            }
            headers
                .entry(name.as_str().to_owned())
                .and_modify(|all: &mut String| {
                    all.push('\n');
                    all.push_str(value);
                })
                .or_insert_with(|| value.to_owned());
        }
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn open(&self, method: &str, path: &str, body: Option<(String, Vec<u8>)>) -> Response<Incoming> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let cookies: Vec<String> = self.cookies.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let (Some(origin), Some(_)) = (&self.origin, &body) {
            request = request.header("origin", origin);
        }
        let (kind, bytes) = body.unwrap_or_default();
        if !kind.is_empty() {
            request = request.header("content-type", kind);
        }
        let request = request.body(Full::new(Bytes::from(bytes))).unwrap();
        self.client.request(request).await.unwrap()
    }

    /// Opens a stream of events.
    pub(crate) async fn stream(&self, path: &str) -> Events {
        let response = self.open("GET", path, None).await;
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), text: String::new() }
    }
}

/// An open stream.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    /// The next event that is not a comment: its name and its data. None when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(String, String)> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block = self.text[..end].to_owned();
                self.text.drain(..end + 2);
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(|value| value.trim().to_owned())
                };
                if let Some(data) = field("data:") {
                    return Some((field("event:").unwrap_or_default(), data));
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(60), self.body.frame()).await;
            let frame = frame.expect("an event, or the end").transpose().ok()??;
            if let Ok(data) = frame.into_data() {
                self.text.push_str(std::str::from_utf8(&data).unwrap());
            }
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A form with files: fields, then files by field name and content.
pub(crate) fn upload(fields: &[(&str, &str)], files: &[(&str, &str)]) -> (String, Vec<u8>) {
    const EDGE: &str = "edge-of-the-parts";
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    for (name, content) in files {
        body.push_str(&format!(
            "--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}.pdf\"\r\ncontent-type: application/pdf\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str(&format!("--{EDGE}--\r\n"));
    (format!("multipart/form-data; boundary={EDGE}"), body.into_bytes())
}
