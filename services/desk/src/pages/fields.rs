//! The fields of a form, in the order in which they came. Of files only name and SHA-256 are kept.

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use ring::digest::{Context, SHA256};

use super::Trouble;
use crate::text::hex;

/// A text field that is longer is refused.
const TEXT_LIMIT: usize = 64 * 1024;

#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field, trimmed; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// All values of a field that are not empty.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(key, value)| key == name && !value.trim().is_empty());
        values.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// The SHA-256 of an uploaded file, in hexadecimal, and the file's name.
    pub(crate) fn file(&self, name: &str) -> Option<(&str, &str)> {
        let digest = self.get(&format!("{name}#sha256"));
        (!digest.is_empty()).then(|| (digest, self.get(&format!("{name}#name"))))
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &S) -> Result<Self, Trouble> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let form = Multipart::from_request(request, state).await.map_err(|_| Trouble::Unreadable)?;
            return multipart(form).await;
        }
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, state).await;
        form.map(|axum::Form(pairs)| Self(pairs)).map_err(|_| Trouble::Unreadable)
    }
}

async fn multipart(mut form: Multipart) -> Result<Fields, Trouble> {
    let mut fields = Vec::new();
    while let Some(mut field) = form.next_field().await.map_err(|_| Trouble::Unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let Some(file) = field.file_name().map(str::to_owned) else {
            let text = field.text().await.map_err(|_| Trouble::Unreadable)?;
            if text.len() > TEXT_LIMIT {
                return Err(Trouble::Unreadable);
            }
            fields.push((name, text));
            continue;
        };
        // Digested as it comes: no file is held in memory.
        let mut digest = Context::new(&SHA256);
        let mut length = 0;
        while let Some(chunk) = field.chunk().await.map_err(|_| Trouble::TooLarge)? {
            length += chunk.len();
            digest.update(&chunk);
        }
        if length > 0 {
            fields.push((format!("{name}#sha256"), hex(digest.finish().as_ref())));
            fields.push((format!("{name}#name"), file.chars().take(120).collect()));
        }
    }
    Ok(Fields(fields))
}
