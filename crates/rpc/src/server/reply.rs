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
