//! A platform over HTTP: `POST /v1/query` with the USCC in the body, which no proxy writes down as it does a path.

use host::{
    BoxFuture,
    outward::{Outward, OutwardError},
};
use http::Method;
use kernel::Uscc;
use serde_json::json;

use super::{FetchFault, Source};
use crate::domain::{source::SourceCode, source_reply::CONTRACT};

/// One platform at one address.
pub struct Web {
    code: SourceCode,
    outward: Outward,
}

impl Web {
    pub fn new(code: SourceCode, outward: Outward) -> Self {
        Self { code, outward }
    }

    async fn ask(&self, subject: &Uscc) -> Result<Vec<u8>, FetchFault> {
        let question =
            json!({ "contract": CONTRACT, "source": self.code.code(), "subject": subject.as_str() });
        match self.outward.send(Method::POST, "/v1/query", &question).await {
            Ok(answer) if answer.is_good() => Ok(answer.body.to_vec()),
            Ok(answer) => Err(FetchFault::Refused(answer.status)),
            Err(OutwardError::Slow(_)) => Err(FetchFault::Slow),
            Err(OutwardError::TooLong(_)) => Err(FetchFault::TooLong),
            Err(_) => Err(FetchFault::Unreachable),
        }
    }
}

impl Source for Web {
    fn code(&self) -> SourceCode {
        self.code
    }

    fn fetch<'a>(&'a self, subject: &'a Uscc) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(self.ask(subject))
    }
}
