//! A reason: the stable name of one way to be refused, with its code and the text for people.

use tonic::Code;

/// Why a call was refused. Each has a page in `docs/errors/`.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable name in capitals, sent as `ErrorInfo.reason`.
    pub id: &'static str,
    /// Canonical code.
    pub code: Code,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
    /// Chinese text that says what to do next.
    pub text: &'static str,
}

/// Declares reasons as constants and lists all of them in `ALL`, so that none is left out.
///
/// ```ignore
/// rpc::reason_table! {
///     /// The case is in a state that does not allow the command.
///     CASE_STATE = FailedPrecondition, "案件当前状态不允许此操作，请刷新后查看可办理的事项。";
///     /// The catalog does not answer.
///     CATALOG_AWAY = Unavailable, retryable, "产品目录暂时无法访问，请稍后重试。";
/// }
/// ```
#[macro_export]
macro_rules! reason_table {
    (@retryable) => { false };
    (@retryable retryable) => { true };
    ($($(#[$doc:meta])* $name:ident = $code:ident, $($retryable:ident,)? $text:literal;)+) => {
        $(
            $(#[$doc])*
            pub const $name: $crate::Reason = $crate::Reason {
                id: stringify!($name),
                code: ::tonic::Code::$code,
                retryable: $crate::reason_table!(@retryable $($retryable)?),
                text: $text,
            };
        )+
        /// Every reason of this list.
        pub const ALL: &[&$crate::Reason] = &[$(&$name),+];
    };
}
