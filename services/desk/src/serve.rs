//! Puts the desk together: routes, what stands in front of them, and an end that does not hang.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use host::settings::host_keys;
use host::{Host, HostError};
use tokio::net::TcpListener;
use tracing::Instrument as _;

use crate::access::{self, login};
use crate::app::Desk;
use crate::pages::{self, Trouble};
use crate::{assets, live};

/// Only our own style, script and pictures; forms to us alone; in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Forms without files.
const FORM_LIMIT: usize = 256 * 1024;
/// Forms with files, of which only the digest is kept.
const UPLOAD_LIMIT: usize = 128 * 1024 * 1024;
/// Of the whole time for shutdown, what requests in hand may take.
const DRAIN_SHARE: f32 = 0.7;

pub(crate) async fn serve(host: Host) -> Result<(), HostError> {
    let address = host.settings.get(&host_keys::LISTEN)?;
    let drain = host.settings.get(&host_keys::GRACE)?.mul_f32(DRAIN_SHARE);
    let listening = host.health.flag("pages");
    let desk = Arc::new(Desk::of(&host)?);
    let listener =
        TcpListener::bind(address).await.map_err(|source| HostError::Listen { address, source })?;
    listening.up();
    let service = router(desk).into_make_service_with_connect_info::<SocketAddr>();
    let served =
        axum::serve(listener, service).with_graceful_shutdown(host.shutdown.clone().cancelled_owned());
    tokio::select! {
        ended = served => ended.map_err(HostError::role),
        () = overdue(&host, drain) => {
            tracing::warn!("requests in hand were cut off");
            Ok(())
        }
    }
}

/// A browser that sends its file slowly must not hold the process.
async fn overdue(host: &Host, drain: Duration) {
    host.shutdown.cancelled().await;
    tokio::time::sleep(drain).await;
}

fn router(desk: Arc<Desk>) -> Router {
    let upload = || DefaultBodyLimit::max(UPLOAD_LIMIT);
    let inside = Router::new()
        .route("/", get(pages::home::page))
        .route("/logout", post(login::leave))
        .route("/password", get(login::password_page).post(login::change_password))
        .route("/cases", get(pages::cases::page))
        .route("/cases/new", get(pages::apply::page).post(pages::apply::submit).layer(upload()))
        .route("/cases/{id}", get(pages::case::page))
        .route("/cases/{id}/act", post(pages::acts::act).layer(upload()))
        .route("/cases/{id}/offers", get(pages::offers::page))
        .route("/cases/{id}/select", post(pages::select::submit))
        .route("/cases/{id}/board.json", get(live::board))
        .route("/cases/{id}/events", get(live::events))
        .route("/stream", get(live::stream))
        .route("/figures", get(pages::figures::page))
        .route("/operations", get(pages::operations::page))
        .route("/operations/{role}", post(pages::operations::act))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&desk), access::require));
    Router::new()
        .route("/login", get(login::page).post(login::submit))
        .route("/assets/{name}", get(assets::serve))
        .route("/health", get(async || "ok\n"))
        .merge(inside)
        .fallback(async || Trouble::NotFound)
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), front))
        .with_state(desk)
}

/// A span around each request, and the headers of each answer.
async fn front(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let route = route(request.uri().path());
    let span = tracing::info_span!(
        "desk.page",
        otel.name = format!("{} {route}", request.method()),
        otel.kind = "server",
        http.status = tracing::field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("http.status", response.status().as_u16());
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 7] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if desk.secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The path without ids, so that spans have few names.
fn route(path: &str) -> String {
    const KNOWN: [&str; 16] = [
        "",
        "login",
        "logout",
        "password",
        "assets",
        "health",
        "cases",
        "new",
        "act",
        "offers",
        "select",
        "board.json",
        "events",
        "stream",
        "figures",
        "operations",
    ];
    let segment = |segment: &str| if KNOWN.contains(&segment) { segment.to_owned() } else { "{}".to_owned() };
    path.split('/').take(4).map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::route;

    #[test]
    fn a_route_has_no_ids() {
        for (path, name) in [
            ("/", "/"),
            ("/cases/0190c3a0-0000-7000-8000-000000000001/offers", "/cases/{}/offers"),
            ("/cases/new", "/cases/new"),
            ("/operations/intake", "/operations/{}"),
            ("/wp-admin/setup.php", "/{}/{}"),
        ] {
            assert_eq!(route(path), name);
        }
    }
}
