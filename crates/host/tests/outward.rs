//! A platform outside that answers, refuses, dawdles, talks without end, or is not there.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use host::outward::{AddressFault, Outward, OutwardError};
use host::settings::Secret;
use http::Method;
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_millis(500);

/// The platform's address; it ends with the test's runtime.
async fn platform() -> String {
    let router = Router::new()
        .route(
            "/whoami",
            get(|headers: HeaderMap| async move {
                headers.get("authorization").map_or(String::new(), |value| value.to_str().unwrap().to_owned())
            }),
        )
        .route("/things/1", put(|body: String| async move { (StatusCode::CONFLICT, body) }))
        .route("/slow", get(async || pending::<()>().await))
        .route("/long", get(async || "知".repeat(1000)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

#[tokio::test]
async fn an_answer_comes_with_its_status_and_a_refusal_is_an_answer() {
    let outward = Outward::new(&platform().await, LIMIT, 2000).unwrap();
    let refused = outward.send(Method::PUT, "/things/1", &serde_json::json!({ "a": 1 })).await.unwrap();
    assert_eq!(
        (refused.status, refused.is_good(), &refused.body[..]),
        (409, false, br#"{"a":1}"#.as_slice())
    );
    let answer = outward.get("/whoami").await.unwrap();
    assert_eq!((answer.status, answer.is_good(), answer.body.len()), (200, true, 0));
}

#[tokio::test]
async fn a_token_is_shown_to_the_platform_and_to_no_log() {
    let outward = Outward::new(&platform().await, LIMIT, 2000).unwrap();
    let outward = outward.with_token(&Secret::new("s3cret".to_owned())).unwrap();
    assert_eq!(&outward.get("/whoami").await.unwrap().body[..], b"Bearer s3cret");
    assert!(!format!("{outward:?}").contains("s3cret"));
    let newline = Outward::new("https://platform.example", LIMIT, 1)
        .unwrap()
        .with_token(&Secret::new("a\nb".to_owned()));
    assert!(matches!(newline, Err(OutwardError::Question(_))));
}

#[tokio::test]
async fn what_is_slow_long_or_absent_is_an_error_of_its_own_kind() {
    let base = platform().await;
    let outward = Outward::new(&base, LIMIT, 2000).unwrap();
    assert!(matches!(outward.get("/slow").await, Err(OutwardError::Slow(LIMIT))));
    assert!(matches!(outward.get("/long").await, Err(OutwardError::TooLong(2000))));
    assert_eq!(Outward::new(&base, LIMIT, 3000).unwrap().get("/long").await.unwrap().body.len(), 3000);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let absent = Outward::new(&format!("http://{nobody}"), LIMIT, 2000).unwrap();
    assert!(matches!(absent.get("/").await, Err(OutwardError::Unreachable(_))));
}

#[test]
fn nothing_leaves_this_machine_unprotected() {
    let fault = |base: &str| Outward::new(base, LIMIT, 1).err();
    for good in ["https://platform.example/api", "http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"]
    {
        assert_eq!(fault(good), None, "{good}");
    }
    assert_eq!(fault("http://platform.example"), Some(AddressFault::Unprotected));
    assert_eq!(fault("http://10.0.0.1"), Some(AddressFault::Unprotected));
    for bad in ["", "platform.example", "ftp://platform.example", "https://"] {
        assert_eq!(fault(bad), Some(AddressFault::Form), "{bad}");
    }
}
