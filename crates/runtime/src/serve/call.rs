//! What is done for every call, whatever it is: its deadline holds, a panic is answered and not passed on, and refusals
//! of the library carry the code that the contract names.

use std::{convert::Infallible, future::Future, panic::AssertUnwindSafe, pin::Pin, time::Duration};

use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use hyper::service::Service;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, body::Body};

/// The header that carries a call's remaining time.
const TIMEOUT: &str = "grpc-timeout";
/// The header that carries a refusal's code.
const STATUS: &str = "grpc-status";
/// OUT_OF_RANGE as that header carries it.
const OUT_OF_RANGE: &[u8] = b"11";

/// A service whose calls are watched over.
#[derive(Debug, Clone)]
pub struct Calls<S> {
    inner: S,
    /// Of any call, and of an upload.
    deadlines: [Duration; 2],
    called: CancellationToken,
}

impl<S> Calls<S> {
    /// `called` is cancelled by the first call.
    pub fn new(inner: S, deadlines: [Duration; 2], called: CancellationToken) -> Self {
        Self {
            inner,
            deadlines,
            called,
        }
    }
}

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Body>) -> Self::Future {
        self.called.cancel();
        let deadline = self.deadlines[usize::from(is_upload(request.uri().path()))];
        let remaining = match request.headers().get(TIMEOUT).map(parse) {
            None => deadline,
            Some(Some(asked)) => asked.min(deadline),
            Some(None) => {
                let refused = Status::new(
                    Code::InvalidArgument,
                    "grpc-timeout is not a number of at most 8 digits and a unit",
                );
                return Box::pin(std::future::ready(Ok(refused.into_http())));
            }
        };
        // The next hop counts from here on, and does not set a timer that could answer in other words than ours.
        request.headers_mut().remove(TIMEOUT);
        if let Ok(value) = HeaderValue::try_from(format!("{}m", remaining.as_millis())) {
            request.headers_mut().insert(TIMEOUT, value);
        }
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            Ok(match tokio::time::timeout(remaining, answer).await {
                Ok(Ok(Ok(response))) => recoded(response),
                Ok(Err(_panic)) => {
                    // What panicked has written where; the caller learns no more than of any other fault.
                    tracing::error!("a call panicked");
                    Status::new(Code::Internal, "a fault of the service; its log has the rest").into_http()
                }
                Err(_elapsed) => Status::new(Code::DeadlineExceeded, "the call's deadline has passed").into_http(),
            })
        })
    }
}

/// A message that is too large is refused by the library as OUT_OF_RANGE, which nothing else of ours is; the contract
/// says RESOURCE_EXHAUSTED.
fn recoded(mut response: Response<Body>) -> Response<Body> {
    let code = response.headers().get(STATUS).map(HeaderValue::as_bytes);
    if code == Some(OUT_OF_RANGE) {
        let wanted = HeaderValue::from(i32::from(Code::ResourceExhausted));
        response.headers_mut().insert(STATUS, wanted);
    }
    response
}

/// Whether the path is that of a method called `Upload…`.
fn is_upload(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|method| method.starts_with("Upload"))
}

/// The time in a `grpc-timeout` header: at most eight digits and a unit.
fn parse(header: &HeaderValue) -> Option<Duration> {
    let text = header.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_known_by_its_method() {
        assert!(is_upload("/banggiao.journal.v1.AttachmentService/UploadAttachment"));
        for other in ["/banggiao.journal.v1.UploadService/GetUpload", "/", "", "Upload/"] {
            assert!(!is_upload(other), "{other}");
        }
    }

    #[test]
    fn a_timeout_is_at_most_eight_digits_and_a_unit() {
        let read = |text: &'static str| parse(&HeaderValue::from_static(text));
        assert_eq!(read("100m"), Some(Duration::from_millis(100)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(read("5u"), Some(Duration::from_micros(5)));
        for bad in ["", "m", "100", "-1S", "1.5S", "123456789S", "1s", "1 S"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
