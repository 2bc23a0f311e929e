//! What browsers need: gRPC-Web over HTTP/1.1 and HTTP/2, and pages of configured origins that may call (CORS).
//!
//! Messages are translated frame by frame while they stream and are never decoded. What a refused call says is readable
//! for the page too, so this stands outside of everything that can refuse one.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use anyhow::ensure;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body::Frame;
use hyper::service::Service;
use tonic::{Code, Status, body::Body};
use tonic_web::GrpcWebLayer;
use tower_layer::Layer;

/// The content types of gRPC-Web, binary and text.
const WEB: [&str; 4] = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];
/// What answers are readable by a page, beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("grpc-status, grpc-message, grpc-status-details-bin");
/// What a page may send.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-grpc-web, grpc-timeout, x-user-agent, connect-protocol-version",
);
/// A browser asks again after so many seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");
/// Answers differ by these, which a cache must know.
const VARIES: HeaderValue = HeaderValue::from_static("origin");

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// The origins whose pages may call; none by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Web {
    origins: Arc<[HeaderValue]>,
}

impl Web {
    /// From origins as browsers write them: scheme, host, and the port where it is not the scheme's own.
    pub(super) fn new(origins: &[String]) -> anyhow::Result<Self> {
        let origins = origins.iter().map(|origin| {
            let uri: Option<Uri> = origin.parse().ok();
            let whole = uri.is_some_and(|uri| {
                let (scheme, authority) = (uri.scheme_str().unwrap_or_default(), uri.authority());
                ["http", "https"].contains(&scheme)
                    && authority.is_some_and(|authority| *origin == format!("{scheme}://{authority}"))
            });
            ensure!(whole, "{origin:?} is not an origin, such as https://office.example");
            Ok(HeaderValue::try_from(origin)?)
        });
        Ok(Self {
            origins: origins.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Answers a request, or lets it through to `calls`.
    pub(super) fn answer<S>(&self, calls: &S, request: Request<Body>) -> Answer
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
        S::Future: Send + 'static,
    {
        let origin = request.headers().get(header::ORIGIN);
        let origin = origin.filter(|origin| self.origins.contains(origin)).cloned();
        if is_preflight(&request) {
            return Box::pin(std::future::ready(Ok(preflight(origin))));
        }
        let answer: Answer = if is_grpc_web(request.headers()) {
            let mut translated = GrpcWebLayer::new().layer(Calls(calls.clone()));
            Box::pin(tower_service::Service::call(&mut translated, request))
        } else if request.version() == Version::HTTP_2 {
            Box::pin(calls.call(request))
        } else {
            Box::pin(std::future::ready(Ok(refusal(request.method()))))
        };
        let Some(origin) = origin else { return answer };
        Box::pin(async move {
            let mut response = answer.await?;
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            headers.append(header::VARY, VARIES);
            Ok(response)
        })
    }
}

/// Whether a browser asks if it may ask.
fn is_preflight(request: &Request<Body>) -> bool {
    let has = |name: HeaderName| request.headers().contains_key(name);
    request.method() == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(origin: Option<HeaderValue>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::VARY, VARIES);
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        *response.status_mut() = StatusCode::NO_CONTENT;
    } else {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    response
}

fn is_grpc_web(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| WEB.contains(&kind))
}

/// Of a request over HTTP/1 that is not gRPC-Web. gRPC itself cannot be spoken over HTTP/1.
fn refusal(method: &Method) -> Response<Body> {
    let (status, words) = if method == Method::POST {
        let words = "over HTTP/1 only gRPC-Web is spoken here, and gRPC over HTTP/2\n";
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, words)
    } else {
        (StatusCode::NOT_FOUND, "there are no pages here\n")
    };
    let mut response = Response::new(Body::new(words.to_owned()));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Calls, as the translation wants to see them.
#[derive(Debug, Clone)]
struct Calls<S>(S);

impl<S> tower_service::Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Unmeasured>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Of HTTP/1; behind the door HTTP/2 is spoken, which names the host elsewhere.
        request.headers_mut().remove(header::HOST);
        *request.version_mut() = Version::HTTP_2;
        let broken = Arc::new(AtomicBool::new(false));
        let sent = Arc::clone(&broken);
        let answer = self
            .0
            .call(request.map(|body| Body::new(Unmeasured { body, broken: sent })));
        Box::pin(async move {
            let mut response = answer.await?;
            if broken.load(Ordering::Relaxed) {
                // Whoever was being sent the body has only seen it end, and speaks of something else.
                let words = "the body ended early, or is not what its content type says";
                response = Status::new(Code::InvalidArgument, words).into_http();
            }
            response.headers_mut().remove(header::CONTENT_LENGTH);
            Ok(response.map(|body| Unmeasured { body, broken }))
        })
    }
}

/// A body whose length nobody is told beforehand: the translation passes on that of what it reads, which is not that of
/// what it writes.
#[derive(Debug)]
struct Unmeasured {
    body: Body,
    /// Set when it could not be read to its end.
    broken: Arc<AtomicBool>,
}

impl http_body::Body for Unmeasured {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Err(_))) = frame {
            self.broken.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        let made = |origin: &str| Web::new(&[origin.to_owned()]).is_ok();
        assert!(made("https://office.example") && made("http://127.0.0.1:8080"));
        for bad in [
            "",
            "*",
            "null",
            "office.example",
            "https://office.example/",
            "https://a/b",
            "ftp://a",
        ] {
            assert!(!made(bad), "{bad}");
        }
    }

    /// A body of these frames, the last first.
    struct Frames(Vec<Frame<Bytes>>);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            Poll::Ready(self.0.pop().map(Ok))
        }
    }

    #[tokio::test]
    async fn a_status_after_messages_comes_in_the_last_frame_with_its_details() {
        let calls = hyper::service::service_fn(|request: Request<Body>| async move {
            assert_eq!(request.headers()[header::CONTENT_TYPE], "application/grpc");
            let trailers = [
                ("grpc-status", "9"),
                ("grpc-message", "no"),
                ("grpc-status-details-bin", "CAkSAm5v"),
            ];
            let trailers = trailers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let message = Bytes::from_static(b"\0\0\0\0\x01x");
            let frames = vec![Frame::trailers(HeaderMap::from_iter(trailers)), Frame::data(message)];
            Ok::<_, Infallible>(Response::new(Body::new(Frames(frames))))
        });
        let request = Request::post("/a.v1.B/C").header(header::CONTENT_TYPE, WEB[0]);
        let answer = Web::default().answer(&calls, request.body(Body::empty()).unwrap());
        let (mut body, mut read) = (answer.await.unwrap().into_body(), Vec::new());
        while let Some(frame) =
            std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut body), context)).await
        {
            read.extend(frame.unwrap().into_data().unwrap());
        }
        assert!(read.starts_with(b"\0\0\0\0\x01x\x80"), "{read:?}");
        let trailers = String::from_utf8_lossy(&read[11..]);
        for line in [
            "grpc-status:9\r\n",
            "grpc-message:no\r\n",
            "grpc-status-details-bin:CAkSAm5v\r\n",
        ] {
            assert!(trailers.contains(line), "{trailers}");
        }
    }
}
