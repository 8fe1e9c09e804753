//! Why a page is not shown, or a form not done, and what to do next.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rpc::status;
use tonic::{Code, Status};

use super::html;
use crate::access::HasherError;
use crate::assets::{self, Assets};
use crate::store::StoreError;

/// Ends a request with a page of its own.
#[derive(Debug)]
pub(crate) enum Trouble {
    NotFound,
    Forbidden,
    /// The form's token is not the session's, or the request came from another place.
    NotOurForm,
    Unreadable,
    TooLarge,
    Busy,
    /// Another role said no.
    Refused(Refusal),
    /// Something of our own failed; it is logged where it is turned into this.
    Failed,
}

/// What another role said, for people.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    /// What is wrong and what to do next.
    pub(crate) text: String,
    /// The reason, for the telephone.
    pub(crate) reason: String,
    /// Leads to the log.
    pub(crate) error_id: String,
    /// Fields with what is wrong with each.
    pub(crate) fields: Vec<(String, String)>,
    code: Option<Code>,
}

impl Refusal {
    pub(crate) fn of(status: &Status) -> Self {
        let text = match status.code() {
            Code::Unimplemented => Some("该功能暂不可用，请稍后再试或联系运维人员。".to_owned()),
            Code::Unavailable | Code::DeadlineExceeded => {
                Some("相关服务暂不可用，您填写的内容没有丢失，请稍后重试。".to_owned())
            }
            _ => None,
        };
        let text = status::localized(status).filter(|_| text.is_none()).or(text);
        Self {
            text: text.unwrap_or_else(|| "操作未能完成，请稍后重试；若仍失败请联系运维人员。".to_owned()),
            reason: status::reason(status).unwrap_or_default(),
            error_id: status::metadata(status, "error_id").unwrap_or_default(),
            fields: status::field_texts(status),
            code: Some(status.code()),
        }
    }

    /// A field of a form is wrong by our own check.
    pub(crate) fn field(name: &str, text: &str) -> Self {
        Self {
            text: "请更正下列内容后重新提交。".to_owned(),
            fields: vec![(name.to_owned(), text.to_owned())],
            ..Self::default()
        }
    }

    pub(crate) fn and_field(mut self, name: &str, text: &str) -> Self {
        self.fields.push((name.to_owned(), text.to_owned()));
        self
    }

    pub(crate) fn http(&self) -> StatusCode {
        match self.code {
            Some(Code::NotFound) => StatusCode::NOT_FOUND,
            Some(Code::PermissionDenied | Code::Unauthenticated) => StatusCode::FORBIDDEN,
            Some(Code::Unavailable | Code::DeadlineExceeded | Code::Unimplemented) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Some(Code::Aborted | Code::AlreadyExists | Code::FailedPrecondition) => StatusCode::CONFLICT,
            Some(Code::InvalidArgument | Code::OutOfRange) | None => StatusCode::UNPROCESSABLE_ENTITY,
            Some(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::NotFound => Self::NotFound,
            _ => Self::Refused(Refusal::of(&status)),
        }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        // By `Display` only: `Debug` of a database error prints values of rows.
        tracing::error!(%error, "the desk's database refused");
        Self::Failed
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::Impossible { id } => {
                tracing::error!(account = %id, "a stored account cannot be read");
                Self::Failed
            }
        }
    }
}

impl From<HasherError> for Trouble {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::Busy,
            HasherError::Unusable | HasherError::Ended(_) => {
                tracing::error!(%error, "a password could not be checked");
                Self::Failed
            }
        }
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    assets: &'static Assets,
    status: u16,
    title: &'a str,
    text: &'a str,
    error_id: &'a str,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let refusal = match &self {
            Self::Refused(refusal) => refusal.clone(),
            _ => Refusal::default(),
        };
        let (status, title, text) = match &self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "没有这个页面",
                "您要找的页面或案件不存在，请核对地址或案件编号，或从工作台重新进入。",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "没有权限",
                "您的职责不包括此页面。如工作需要，请联系系统管理员开通相应职责。",
            ),
            Self::NotOurForm => (
                StatusCode::FORBIDDEN,
                "表单已失效",
                "为保证安全，此次提交没有办理：页面可能已打开过久，或请求来自其他网站。请返回并刷新页面后重新提交。",
            ),
            Self::Unreadable => (
                StatusCode::BAD_REQUEST,
                "提交的内容无法读取",
                "请返回并刷新页面后重新填写提交；若仍失败请联系运维人员。",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "文件过大",
                "一次提交的全部文件不能超过 128 MB，请压缩或分次提交。",
            ),
            Self::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "系统繁忙", "同时登录的人较多，请稍等片刻后重试。")
            }
            Self::Refused(refusal) => (refusal.http(), "暂时不能办理", refusal.text.as_str()),
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "系统内部出现错误",
                "您的操作没有完成，请稍后重试；若仍失败请联系运维人员。",
            ),
        };
        let page = TroublePage {
            assets: assets::paths(),
            status: status.as_u16(),
            title,
            text,
            error_id: &refusal.error_id,
        };
        (status, html(&page)).into_response()
    }
}
