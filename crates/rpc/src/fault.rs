//! A refusal or failure on its way to the caller. Causes are logged under an error id and never sent.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use prost::Message as _;
use prost::bytes::Bytes;
use prost_types::Any;
use tonic::Status;
use tonic_types::pb;
use uuid::Uuid;

use crate::reason::Reason;
use crate::reasons;

/// `ErrorInfo.domain` of every refusal.
pub(crate) const DOMAIN: &str = "zhirong";
const LOCALE: &str = "zh-CN";
/// A status travels in headers, which clients bound at 16 KiB: more violations than this are not sent.
pub(crate) const MAX_VIOLATIONS: usize = 20;

type Cause = Box<dyn Error + Send + Sync + 'static>;

/// Why a call is not answered. Turns into one canonical code with `ErrorInfo`, `LocalizedMessage` (zh-CN) and, where
/// they apply, `BadRequest` and `RetryInfo`.
pub struct Fault(Box<Inner>);

struct Inner {
    reason: &'static Reason,
    violations: Vec<(String, &'static Reason)>,
    metadata: BTreeMap<String, String>,
    retry_after: Option<Duration>,
    source: Option<Cause>,
}

impl Fault {
    /// A refusal for `reason`.
    pub fn new(reason: &'static Reason) -> Self {
        Self(Box::new(Inner {
            reason,
            violations: Vec::new(),
            metadata: BTreeMap::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// Names the field that the reason is about, as a path: `application.asset_ids[3]`.
    #[must_use]
    pub fn field(self, path: &str) -> Self {
        let reason = self.0.reason;
        self.violation(path, reason)
    }

    /// Adds a field with a reason of its own.
    #[must_use]
    pub fn violation(mut self, path: &str, reason: &'static Reason) -> Self {
        if self.0.violations.len() < MAX_VIOLATIONS {
            self.0.violations.push((path.to_owned(), reason));
        }
        self
    }

    /// Adds a fact for programs, an id or a code, never anything that identifies a person or firm.
    #[must_use]
    pub fn metadata(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Says when a repeat makes sense.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The cause: logged with an error id, never sent.
    #[must_use]
    pub fn source(mut self, cause: impl Into<Cause>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// The reason.
    pub fn reason(&self) -> &'static Reason {
        self.0.reason
    }

    /// The fields that are wrong, each with its reason.
    pub fn violations(&self) -> &[(String, &'static Reason)] {
        &self.0.violations
    }

    /// Another role did not give an answer that can be used: `UNAVAILABLE` if it may do so later, else `INTERNAL`.
    pub fn of_peer(role: &'static str, status: Status) -> Self {
        let reason =
            if crate::status::is_retryable(&status) { &reasons::UNAVAILABLE } else { &reasons::INTERNAL };
        Self::new(reason).metadata("peer", role).source(PeerRefused {
            role,
            code: status.code(),
            reason: crate::status::reason(&status).unwrap_or_default(),
        })
    }
}

/// What is kept of another role's answer: codes only, its message may quote the request.
#[derive(Debug, thiserror::Error)]
#[error("{role} answered {code:?} {reason}")]
struct PeerRefused {
    role: &'static str,
    code: tonic::Code,
    reason: String,
}

/// The database: away (`UNAVAILABLE`), in conflict (`TRY_AGAIN`), or wrong (`INTERNAL`).
impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let away = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
        let sqlstate = error.as_database_error().and_then(|e| e.code()).unwrap_or_default().into_owned();
        let reason = match sqlstate.as_str() {
            // serialization_failure, deadlock_detected, lock_not_available
            "40001" | "40P01" | "55P03" => &reasons::TRY_AGAIN,
            // too_many_connections, query_canceled, admin_shutdown, crash_shutdown, cannot_connect_now
            "53300" | "57014" | "57P01" | "57P02" | "57P03" => &reasons::UNAVAILABLE,
            _ if away => &reasons::UNAVAILABLE,
            _ => &reasons::INTERNAL,
        };
        Self::new(reason).source(error)
    }
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let Inner { reason, violations, mut metadata, retry_after, source } = *fault.0;
        if let Some(cause) = source {
            let error_id = Uuid::new_v4().to_string();
            log(reason, &error_id, cause.as_ref());
            metadata.insert("error_id".to_owned(), error_id);
        }
        if reason.retryable {
            metadata.insert("retryable".to_owned(), "true".to_owned());
        }
        let info = pb::ErrorInfo {
            reason: reason.id.to_owned(),
            domain: DOMAIN.to_owned(),
            metadata: metadata.into_iter().collect(),
        };
        let mut details =
            vec![any("google.rpc.ErrorInfo", &info), any("google.rpc.LocalizedMessage", &text(reason))];
        if !violations.is_empty() {
            let field_violations = violations.iter().map(|(path, reason)| violation(path, reason)).collect();
            details.push(any("google.rpc.BadRequest", &pb::BadRequest { field_violations }));
        }
        let wait = retry_after.or(reason.retryable.then_some(Duration::from_secs(1)));
        if let Some(retry_delay) = wait.and_then(|wait| prost_types::Duration::try_from(wait).ok()) {
            details.push(any("google.rpc.RetryInfo", &pb::RetryInfo { retry_delay: Some(retry_delay) }));
        }
        let message = format!("{}: {}", reason.id, reason.text);
        let status = pb::Status { code: reason.code as i32, message: message.clone(), details };
        Status::with_details(reason.code, message, Bytes::from(status.encode_to_vec()))
    }
}

/// By `Display` only: `Debug` of a database error prints values of rows.
fn log(reason: &Reason, error_id: &str, cause: &(dyn Error + Send + Sync + 'static)) {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(inner) = next {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        next = inner.source();
    }
    if reason.retryable {
        tracing::warn!(error_id, reason = reason.id, cause = text, "a call could not be answered");
    } else {
        tracing::error!(error_id, reason = reason.id, cause = text, "a call failed");
    }
}

fn text(reason: &Reason) -> pb::LocalizedMessage {
    pb::LocalizedMessage { locale: LOCALE.to_owned(), message: reason.text.to_owned() }
}

fn violation(path: &str, reason: &Reason) -> pb::bad_request::FieldViolation {
    pb::bad_request::FieldViolation {
        field: path.to_owned(),
        description: reason.text.to_owned(),
        reason: reason.id.to_owned(),
        // The text once is enough: a status has to fit in headers.
        localized_message: None,
    }
}

fn any(name: &str, message: &impl prost::Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("reason", &self.0.reason.id)
            .field("violations", &self.0.violations.iter().map(|(p, r)| (p, r.id)).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.reason.id)?;
        for (path, reason) in &self.0.violations {
            write!(f, " {path}={}", reason.id)?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
