//! Stands in for the 信易贷 platform: takes and withdraws products as `docs/contracts/xyd.md` says, keeps them in memory,
//! and fails when told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Longer than any caller waits.
const STALL: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 监听地址（仅限本机）/ Address to listen on; loopback only
    #[arg(long, default_value = "127.0.0.1:7480")]
    listen: SocketAddr,
    /// 先失败这么多次 / Fail this many times first
    #[arg(long, default_value_t = 0)]
    fail: u32,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let listener = super::listen(arguments.listen).await?;
    let platform = Platform::default();
    platform.fail(Failures { count: arguments.fail, ..Failures::default() });
    println!("“信易贷”平台替身正在监听 http://{}，按 Ctrl-C 结束", listener.local_addr()?);
    tokio::select! {
        served = serve(listener, platform) => served,
        ended = tokio::signal::ctrl_c() => Ok(ended?),
    }
}

/// Answers on `listener` until the future is dropped.
///
/// # Errors
/// The listener's.
pub async fn serve(listener: TcpListener, platform: Platform) -> Result<()> {
    let router = Router::new()
        .route("/products/{reference}", put(publish).delete(withdraw))
        .route("/stand-in/products", get(list))
        .route("/stand-in/failures", post(set_failures))
        .with_state(platform);
    Ok(axum::serve(listener, router).await?)
}

/// What the platform holds, and how it behaves.
#[derive(Clone, Debug, Default)]
pub struct Platform(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    products: BTreeMap<String, Listed>,
    failures: Failures,
    asked: u64,
}

/// A product as the platform lists it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    pub external_id: String,
    /// The caller's count of what it has asked for about this product; an older question changes nothing.
    pub sequence: i64,
    pub listed: bool,
    pub product: serde_json::Value,
}

/// How the next questions fail.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Failures {
    pub count: u32,
    #[serde(default)]
    pub manner: Manner,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// 503, nothing done.
    #[default]
    Unavailable,
    /// 422: the platform does not take this product.
    Refused,
    /// It is done, and the answer cannot be read.
    Garbled,
    /// It is done, and no answer comes.
    Silent,
}

impl Platform {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fail(&self, failures: Failures) {
        self.inner().failures = failures;
    }

    /// Everything that was ever published, by the caller's reference.
    pub fn products(&self) -> BTreeMap<String, Listed> {
        self.inner().products.clone()
    }

    /// How often it was asked to publish or to withdraw.
    pub fn asked(&self) -> u64 {
        self.inner().asked
    }

    /// Counts a question; how it is to fail, if it is.
    fn next_failure(&self) -> Option<Manner> {
        let mut inner = self.inner();
        inner.asked += 1;
        let left = inner.failures.count.checked_sub(1)?;
        inner.failures.count = left;
        Some(inner.failures.manner)
    }
}

#[derive(Debug, Deserialize)]
struct Question {
    sequence: i64,
    #[serde(default)]
    product: serde_json::Value,
}

#[derive(Debug, Serialize)]
struct Told {
    external_id: String,
    sequence: i64,
    listed: bool,
}

async fn publish(
    State(platform): State<Platform>,
    Path(reference): Path<String>,
    Json(question): Json<Question>,
) -> Response {
    let done = {
        let platform = platform.clone();
        move || {
            let mut inner = platform.inner();
            let number = inner.products.len() + 1;
            let held = inner.products.entry(reference).or_insert_with(|| Listed {
                external_id: format!("XYD{number:08}"),
                sequence: 0,
                listed: false,
                product: serde_json::Value::Null,
            });
            if question.sequence < held.sequence {
                return outdated();
            }
            held.sequence = question.sequence;
            held.listed = true;
            held.product = question.product;
            told(held)
        }
    };
    behave(&platform, done).await
}

async fn withdraw(
    State(platform): State<Platform>,
    Path(reference): Path<String>,
    Json(question): Json<Question>,
) -> Response {
    let done = {
        let platform = platform.clone();
        move || match platform.inner().products.get_mut(&reference) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(held) if question.sequence < held.sequence => outdated(),
            Some(held) => {
                held.sequence = question.sequence;
                held.listed = false;
                told(held)
            }
        }
    };
    behave(&platform, done).await
}

async fn behave(platform: &Platform, done: impl FnOnce() -> Response) -> Response {
    match platform.next_failure() {
        None => done(),
        Some(Manner::Unavailable) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Manner::Refused) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        Some(Manner::Garbled) => {
            done();
            "{".into_response()
        }
        Some(Manner::Silent) => {
            done();
            tokio::time::sleep(STALL).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

fn told(held: &Listed) -> Response {
    let Listed { external_id, sequence, listed, .. } = held.clone();
    Json(Told { external_id, sequence, listed }).into_response()
}

fn outdated() -> Response {
    StatusCode::CONFLICT.into_response()
}

async fn list(State(platform): State<Platform>) -> Json<BTreeMap<String, Listed>> {
    Json(platform.products())
}

async fn set_failures(State(platform): State<Platform>, Json(failures): Json<Failures>) -> StatusCode {
    platform.fail(failures);
    StatusCode::NO_CONTENT
}
