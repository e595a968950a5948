//! A body that something else than its last byte can end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::BoxError;
use hyper::body::{Body, Bytes, Frame, SizeHint};

/// A body, and what ends it.
pub(crate) struct Ending<B> {
    body: B,
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Set when the end came, where that is a failure.
    failed: Option<Arc<AtomicBool>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
struct TooSlow;

impl<B> Ending<B> {
    /// A body that fails when `end` comes first, and sets `failed`.
    pub(super) fn too_slow(body: B, end: impl Future<Output = ()> + Send + 'static, failed: Arc<AtomicBool>) -> Self {
        Self {
            body,
            end: Some(Box::pin(end)),
            failed: Some(failed),
        }
    }

    /// A body that is complete when `end` comes.
    pub(crate) fn complete(body: B, end: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            body,
            end: Some(Box::pin(end)),
            failed: None,
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Ending<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(end) = &mut self.end else {
            return Poll::Ready(None);
        };
        if end.as_mut().poll(context).is_ready() {
            self.end = None;
            return Poll::Ready(self.failed.as_ref().map(|failed| {
                failed.store(true, Ordering::Relaxed);
                Err(TooSlow.into())
            }));
        }
        Pin::new(&mut self.body).poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
