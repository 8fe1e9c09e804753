//! The answer's body: trailers get a reason, and a stream ends when the server is stopped.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tonic::body::Body;

use super::refusal;
use crate::Fault;
use crate::reasons;

/// A reply that ends with `SHUTTING_DOWN` once `stop` is cancelled and nothing more is ready.
pub(super) struct Reply {
    inner: Body,
    stop: CancellationToken,
    /// Made only when the body has to wait: the answer to a unary call never does.
    stopped: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    ended: bool,
}

impl Reply {
    pub(super) fn new(inner: Body, stop: CancellationToken) -> Self {
        Self { inner, stop, stopped: None, ended: false }
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map(with_reason)));
        }
        let this = &mut *self;
        let stopped = this.stopped.get_or_insert_with(|| Box::pin(this.stop.clone().cancelled_owned()));
        if stopped.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.ended = true;
        let mut trailers = HeaderMap::new();
        let _ = Status::from(Fault::new(&reasons::SHUTTING_DOWN)).add_header(&mut trailers);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn with_reason(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            refusal::complete(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(data) => data,
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Empty, StreamBody};
    use tonic::Code;

    use super::*;

    async fn trailers(body: Body, stop: CancellationToken) -> Status {
        let collected = Reply::new(body, stop).collect().await.unwrap();
        Status::from_header_map(collected.trailers().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_stream_that_ends_without_a_reason_is_given_one() {
        let mut bare = HeaderMap::new();
        Status::internal("secret of the house").add_header(&mut bare).unwrap();
        let body = Body::new(Empty::new().with_trailers(std::future::ready(Some(Ok(bare)))));
        let status = trailers(body, CancellationToken::new()).await;
        assert_eq!(crate::status::reason(&status).as_deref(), Some("INTERNAL"));
        assert!(!status.message().contains("secret"));

        let mut own = HeaderMap::new();
        Status::from(Fault::new(&reasons::NOT_FOUND)).add_header(&mut own).unwrap();
        let body = Body::new(Empty::new().with_trailers(std::future::ready(Some(Ok(own)))));
        assert_eq!(
            crate::status::reason(&trailers(body, CancellationToken::new()).await).as_deref(),
            Some("NOT_FOUND")
        );
    }

    #[tokio::test]
    async fn a_stream_that_waits_ends_when_the_server_stops() {
        let stop = CancellationToken::new();
        let endless = StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, Status>>());
        let ended = tokio::spawn(trailers(Body::new(endless), stop.clone()));
        tokio::task::yield_now().await;
        stop.cancel();
        let status = ended.await.unwrap();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(crate::status::reason(&status).as_deref(), Some("SHUTTING_DOWN"));
    }
}
