//! Gives a reason to what tonic itself refuses, which it does without details and partly with other codes.

use http::{HeaderMap, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::Fault;
use crate::reason::Reason;
use crate::reasons;

/// Texts by which tonic and prost say that a request body is not the message it should be. They hold for the
/// versions in the lock file; the transport suite fails if an update changes them.
const UNREADABLE: [&str; 5] = [
    "failed to decode Protobuf message",
    "protocol error: received message",
    "Unexpected EOF decoding stream",
    "Error decompressing",
    "Missing request message",
];

/// The answer that carries `status` and nothing else.
pub(super) fn response(status: Status) -> Response<Body> {
    let (parts, ()) = status.into_http::<()>().into_parts();
    Response::from_parts(parts, Body::empty())
}

/// Replaces a refusal without details, in headers or trailers, by one with a reason; returns the code that is sent.
pub(super) fn complete(headers: &mut HeaderMap) -> Option<Code> {
    let code = Code::from_bytes(headers.get(Status::GRPC_STATUS)?.as_bytes());
    if code == Code::Ok || headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return Some(code);
    }
    let bare = Status::from_header_map(headers)?;
    let Some(reason) = reason_for(&bare) else {
        return Some(code);
    };
    let status = Status::from(Fault::new(reason));
    headers.remove(Status::GRPC_MESSAGE);
    // Only metadata that is no header value could fail here, and there is none.
    let _ = status.add_header(headers);
    Some(status.code())
}

/// `None` leaves a status as it is.
fn reason_for(bare: &Status) -> Option<&'static Reason> {
    match bare.code() {
        Code::OutOfRange | Code::ResourceExhausted => Some(&reasons::BODY_TOO_LARGE),
        Code::Internal if UNREADABLE.iter().any(|text| bare.message().starts_with(text)) => {
            Some(&reasons::BODY_UNREADABLE)
        }
        Code::Internal | Code::Unknown => Some(&reasons::INTERNAL),
        Code::Unimplemented if bare.message().starts_with("Content is compressed") => {
            Some(&reasons::ENCODING_UNSUPPORTED)
        }
        Code::Unimplemented => Some(&reasons::METHOD_UNKNOWN),
        Code::Cancelled | Code::DeadlineExceeded => Some(&reasons::DEADLINE_EXCEEDED),
        Code::NotFound => Some(&reasons::NOT_FOUND),
        Code::PermissionDenied => Some(&reasons::PERMISSION_DENIED),
        Code::Unauthenticated => Some(&reasons::UNAUTHENTICATED),
        Code::Unavailable => Some(&reasons::UNAVAILABLE),
        Code::Aborted => Some(&reasons::TRY_AGAIN),
        Code::Ok
        | Code::InvalidArgument
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::DataLoss => None,
    }
}

/// The code's canonical name, for metrics and spans.
pub(super) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
