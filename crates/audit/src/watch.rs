//! Watching calls: what each notes of itself, what it sent first, and how it ends.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use banggiao_rpc::audit::{self, Shared};
use http::{HeaderMap, Request, Response};
use hyper::{
    body::{Body as HttpBody, Bytes, Frame, SizeHint},
    service::Service,
};
use tonic::{Code, Status, body::Body};

use crate::{Trail, asked::Asked};

/// A service whose calls are watched.
#[derive(Debug, Clone)]
pub struct Watched<S> {
    inner: S,
    trail: Trail,
}

impl<S> Watched<S> {
    /// With the trail that it leaves.
    pub fn new(inner: S, trail: Trail) -> Self {
        Self { inner, trail }
    }
}

impl<S> Service<Request<Body>> for Watched<S>
where
    S: Service<Request<Sent>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Body>) -> Self::Future {
        let (note, asked) = (Shared::default(), Asked::default());
        let mut call = Call(Some(Ended {
            trail: self.trail.clone(),
            path: request.uri().path().into(),
            note: Arc::clone(&note),
            asked: asked.clone(),
        }));
        let request = request.map(|body| Sent { body, asked });
        let answer = audit::watched(note, self.inner.call(request));
        Box::pin(async move {
            let Ok(response) = answer.await;
            // A refusal has no body; everything else tells at its end how it ended.
            match Status::from_header_map(response.headers()) {
                Some(status) => {
                    call.end(status.code());
                    Ok(response)
                }
                None => Ok(response.map(|body| Body::new(Answer { body, call }))),
            }
        })
    }
}

struct Ended {
    trail: Trail,
    path: Arc<str>,
    note: Shared,
    asked: Asked,
}

impl Ended {
    fn with(&self, code: Code) {
        self.trail.enter(&self.path, &self.note, code, &self.asked);
    }
}

/// A call that has not ended yet. If it is dropped before, its caller went away, or its time was over.
struct Call(Option<Ended>);

impl Call {
    fn end(&mut self, code: Code) {
        if let Some(ended) = self.0.take() {
            ended.with(code);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// A request's body, of which the beginning is kept.
#[derive(Debug)]
pub struct Sent {
    body: Body,
    asked: Asked,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            self.asked.keep(bytes);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, whose trailers say how the call ended.
struct Answer {
    body: Body,
    call: Call,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().map(code_of) {
                    self.call.end(code);
                }
            }
            Poll::Ready(Some(Err(status))) => {
                let code = status.code();
                self.call.end(code);
            }
            Poll::Ready(None) => self.call.end(Code::Ok),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn code_of(trailers: &HeaderMap) -> Code {
    Status::from_header_map(trailers).map_or(Code::Unknown, |status| status.code())
}
