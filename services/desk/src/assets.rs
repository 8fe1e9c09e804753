//! Style, script and mark of the pages, compiled in. Their names carry a hash of their content, so browsers may keep them
//! for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use ring::digest::{SHA256, digest};

use crate::text::hex;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The paths of the assets.
pub(crate) struct Assets {
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) worker: String,
    pub(crate) mark: String,
}

const STYLE: &str = include_str!("../assets/desk.css");
const SCRIPT: &str = include_str!("../assets/desk.js");
const WORKER: &str = include_str!("../assets/stream.js");
const MARK: &str = include_str!("../assets/mark.svg");

static PATHS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: path("desk", "css", STYLE),
    script: path("desk", "js", SCRIPT),
    worker: path("stream", "js", WORKER),
    mark: path("mark", "svg", MARK),
});

/// Where they are.
pub(crate) fn paths() -> &'static Assets {
    &PATHS
}

fn path(name: &str, ending: &str, content: &str) -> String {
    let hash = hex(digest(&SHA256, content.as_bytes()).as_ref());
    format!("/assets/{name}.{}.{ending}", hash.get(..12).unwrap_or_default())
}

/// `GET /assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    let all = [
        (&PATHS.style, STYLE, "text/css; charset=utf-8"),
        (&PATHS.script, SCRIPT, "text/javascript; charset=utf-8"),
        (&PATHS.worker, WORKER, "text/javascript; charset=utf-8"),
        (&PATHS.mark, MARK, "image/svg+xml"),
    ];
    match all.into_iter().find(|(path, ..)| **path == wanted) {
        Some((_, content, kind)) => {
            ([(CONTENT_TYPE, kind), (CACHE_CONTROL, FOR_EVER)], content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
