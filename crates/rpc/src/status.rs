//! Reads what a status says: for callers of other roles, and for tests.

use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{StatusExt as _, pb};

/// The reason (`ErrorInfo.reason`) of a status of ours.
pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// A fact that came with the reason.
pub fn metadata(status: &Status, key: &str) -> Option<String> {
    status.get_details_error_info().and_then(|info| info.metadata.get(key).cloned())
}

/// The fields that were wrong, each with its reason, in order.
pub fn violations(status: &Status) -> Vec<(String, String)> {
    let Ok(decoded) = pb::Status::decode(status.details()) else {
        return Vec::new();
    };
    let requests = decoded.details.iter().filter(|any| any.type_url.ends_with("/google.rpc.BadRequest"));
    requests
        .filter_map(|any| pb::BadRequest::decode(any.value.as_slice()).ok())
        .flat_map(|request| request.field_violations)
        .map(|violation| (violation.field, violation.reason))
        .collect()
}

/// The fields that were wrong, each with the text for people, in order.
pub fn field_texts(status: &Status) -> Vec<(String, String)> {
    let Some(request) = status.get_details_bad_request() else {
        return Vec::new();
    };
    request.field_violations.into_iter().map(|violation| (violation.field, violation.description)).collect()
}

/// The text for people.
pub fn localized(status: &Status) -> Option<String> {
    status.get_details_localized_message().map(|text| text.message)
}

/// Whether the same call may succeed later: the answer says so, or it is a failure of the way and not an answer.
pub fn is_retryable(status: &Status) -> bool {
    metadata(status, "retryable").is_some_and(|value| value == "true")
        || matches!(
            status.code(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Aborted
        ) && status.get_details_error_info().is_none()
}
