//! Refuses a message that is too large as soon as its length is announced, before its bytes are kept.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Frame, SizeHint};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;

use crate::Fault;
use crate::reasons;

/// Flag and length before each message of the gRPC wire format.
const PREFIX: usize = 5;

/// A request body whose messages are at most `max` bytes each.
pub(super) struct Bounded {
    inner: Body,
    max: usize,
    prefix: [u8; PREFIX],
    prefix_len: usize,
    message_left: usize,
}

impl Bounded {
    pub(super) fn new(inner: Body, max: usize) -> Self {
        Self { inner, max, prefix: [0; PREFIX], prefix_len: 0, message_left: 0 }
    }

    /// Follows the framing through `bytes`; false once a message is announced that is too large.
    fn admits(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.message_left > 0 {
                let passed = self.message_left.min(bytes.len());
                self.message_left -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let taken = (PREFIX - self.prefix_len).min(bytes.len());
            self.prefix[self.prefix_len..self.prefix_len + taken].copy_from_slice(&bytes[..taken]);
            self.prefix_len += taken;
            bytes = &bytes[taken..];
            if self.prefix_len == PREFIX {
                let [_, a, b, c, d] = self.prefix;
                self.message_left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                self.prefix_len = 0;
                if self.message_left > self.max {
                    return false;
                }
            }
        }
        true
    }
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        if let Ok(frame) = &frame
            && let Some(data) = frame.data_ref()
            && !self.admits(data)
        {
            let max = self.max.to_string();
            let fault = Fault::new(&reasons::BODY_TOO_LARGE).metadata("max_bytes", max);
            return Poll::Ready(Some(Err(fault.into())));
        }
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(len: u32) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(len.to_be_bytes());
        bytes.resize(PREFIX + len as usize, 7);
        bytes
    }

    #[test]
    fn every_message_is_measured_however_the_bytes_are_cut() {
        let mut stream = message(100);
        stream.extend(message(0));
        stream.extend(message(100));
        for size in [1, 3, 5, 64, 1000] {
            let mut body = Bounded::new(Body::empty(), 100);
            assert!(stream.chunks(size).all(|piece| body.admits(piece)), "{size}");
            let mut body = Bounded::new(Body::empty(), 99);
            assert!(!stream.chunks(size).all(|piece| body.admits(piece)), "{size}");
        }
    }

    #[test]
    fn the_announcement_is_enough() {
        let mut body = Bounded::new(Body::empty(), 100);
        assert!(body.admits(&[0, 0xff, 0xff, 0xff]));
        assert!(!body.admits(&[0xff]));
    }
}
