//! gRPC-Web as a browser speaks it, byte for byte over HTTP/1.1: calls and streams in binary and in text, errors with their
//! details, and which pages may call.

use std::{collections::HashMap, time::Duration};

use banggiao_contracts::{
    journal::v1::{WatchEventsRequest, WatchEventsResponse},
    registry::v1::{CreateUnitRequest, WhoAmIRequest, WhoAmIResponse},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use prost_reflect::prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::installation::{Installation, ORIGIN};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const WHO_AM_I: &str = "/banggiao.registry.v1.AccessService/WhoAmI";
const WATCH: &str = "/banggiao.journal.v1.EventFeedService/WatchEvents";
const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

/// An answer over HTTP/1.1.
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// A frame of gRPC-Web: a message, or the trailers at the end.
#[derive(Debug, PartialEq)]
enum Frame {
    Message(Vec<u8>),
    Trailers(HashMap<String, String>),
}

fn fields(text: &str) -> HashMap<String, String> {
    let lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .collect()
}

/// A frame that begins the bytes, if it is there as a whole, and what comes after it.
fn frame(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let (head, rest) = bytes.split_at_checked(5)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let frame = match head[0] {
        0 => Frame::Message(content.to_vec()),
        0x80 => Frame::Trailers(fields(&String::from_utf8_lossy(content))),
        other => panic!("a frame of the kind {other}"),
    };
    Some((frame, rest))
}

fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((found, rest)) = frame(bytes) {
        frames.push(found);
        bytes = rest;
    }
    assert_eq!(bytes, b"", "something is left over");
    frames
}

/// Texts that were encoded one after the other, each with its own end.
fn decoded(text: &[u8]) -> Vec<u8> {
    let groups = text
        .chunks(4)
        .map(|group| BASE64_STANDARD.decode(group).expect("base64"));
    groups.collect::<Vec<_>>().concat()
}

fn framed(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("a small message");
    [&[0][..], &length.to_be_bytes(), &message].concat()
}

fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: gateway\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

async fn connect(installation: &Installation) -> TcpStream {
    let address = installation.address();
    let host = address.strip_prefix("http://").expect("plain text");
    TcpStream::connect(host).await.expect("a connection")
}

/// Sends a request and reads until the server closes the connection.
async fn ask(installation: &Installation, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = connect(installation).await;
    let closing = [headers, &[("connection", "close")]].concat();
    let request = [head(method, path, &closing, body.len()).as_bytes(), body].concat();
    stream.write_all(&request).await.expect("it is sent");
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("an answer in time")
        .expect("an answer");
    parse(&answer)
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.expect("the end of the headers") + 4);
    let head = String::from_utf8_lossy(head);
    let (status, headers) = head.split_once("\r\n").expect("a status line");
    let headers = fields(headers);
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked");
    Answer {
        status: status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a code"),
        body: if chunked { unchunked(body) } else { body.to_vec() },
        headers,
    }
}

/// What is there so far of a body that comes in chunks.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&body[..end]), 16).expect("a length");
        let Some(chunk) = body.get(end + 2..end + 2 + length) else {
            break;
        };
        whole.extend_from_slice(chunk);
        body = body.get(end + 4 + length..).unwrap_or_default();
    }
    whole
}

fn status(trailers: &Frame) -> &str {
    let Frame::Trailers(trailers) = trailers else {
        panic!("{trailers:?} are no trailers")
    };
    &trailers["grpc-status"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_in_binary_and_in_text() {
    let installation = Installation::start().await;
    let token = format!("Bearer {}", installation.token("administrator"));
    let request = framed(&WhoAmIRequest {});
    for (kind, body) in [
        (BINARY, request.clone()),
        (TEXT, BASE64_STANDARD.encode(&request).into_bytes()),
    ] {
        let headers = [
            ("content-type", kind),
            ("accept", kind),
            ("authorization", &*token),
            ("x-grpc-web", "1"),
        ];
        let answer = ask(&installation, "POST", WHO_AM_I, &headers, &body).await;
        assert_eq!(answer.status, 200);
        assert!(answer.headers["content-type"].starts_with(kind.trim_end_matches("+proto")));
        let body = if kind == TEXT {
            decoded(&answer.body)
        } else {
            answer.body
        };
        let frames = frames(&body);
        let [Frame::Message(message), trailers] = &frames[..] else {
            panic!("{frames:?}")
        };
        let told = WhoAmIResponse::decode(&message[..]).expect("a message");
        assert_eq!(told.principal.expect("a principal").name, "principals/administrator");
        assert_eq!(status(trailers), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_comes_message_by_message() {
    let installation = Installation::with_sample().await;
    let token = format!("Bearer {}", installation.token("administrator"));
    let request = framed(&WatchEventsRequest::default());
    for (kind, body) in [
        (BINARY, request.clone()),
        (TEXT, BASE64_STANDARD.encode(&request).into_bytes()),
    ] {
        let headers = [("content-type", kind), ("accept", kind), ("authorization", &*token)];
        let mut stream = connect(&installation).await;
        let head = head("POST", WATCH, &headers, body.len());
        stream
            .write_all(&[head.as_bytes(), &body].concat())
            .await
            .expect("it is sent");
        // The stream has no end: it is read until everything that there is has come.
        let (mut read, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
        let all = async {
            loop {
                let length = stream.read(&mut piece).await.expect("more");
                assert_ne!(length, 0, "the stream has ended");
                read.extend_from_slice(&piece[..length]);
                if revisions(&read, kind) >= 4279 {
                    break;
                }
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("all revisions");
    }
}

/// How many revisions are there so far.
fn revisions(read: &[u8], kind: &str) -> usize {
    if !read.windows(4).any(|window| window == b"\r\n\r\n") {
        return 0;
    }
    let mut body = parse(read).body;
    if kind == TEXT {
        body.truncate(body.len() / 4 * 4);
        body = decoded(&body);
    }
    let (mut rest, mut count) = (&body[..], 0);
    while let Some((Frame::Message(message), after)) = frame(rest) {
        count += WatchEventsResponse::decode(&message[..])
            .expect("a message")
            .revisions
            .len();
        rest = after;
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_keeps_its_details_and_a_page_may_read_it() {
    let installation = Installation::start().await;
    let token = format!("Bearer {}", installation.token("administrator"));
    let path = "/banggiao.registry.v1.UnitService/CreateUnit";
    let bad = framed(&CreateUnitRequest::default());
    let headers = [("content-type", BINARY), ("origin", ORIGIN), ("authorization", &*token)];
    let answer = ask(&installation, "POST", path, &headers, &bad).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    let exposed = &answer.headers["access-control-expose-headers"];
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    let told = told(&answer);
    assert_eq!(told["grpc-status"], "3");
    assert!(told["grpc-status-details-bin"].len() > 20);

    // Whatever refuses it, the page can read why: without a token, and with a deadline that is none.
    let strangers = [("content-type", BINARY), ("origin", ORIGIN)];
    let answer = ask(&installation, "POST", WHO_AM_I, &strangers, &framed(&WhoAmIRequest {})).await;
    assert_eq!(self::told(&answer)["grpc-status"], "16");
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    let never = [headers.as_slice(), &[("grpc-timeout", "soon")]].concat();
    let answer = ask(&installation, "POST", WHO_AM_I, &never, &framed(&WhoAmIRequest {})).await;
    assert_eq!(self::told(&answer)["grpc-status"], "3");
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);

    let broken = [("content-type", TEXT), ("authorization", &*token)];
    let answer = ask(&installation, "POST", WHO_AM_I, &broken, b"this is no base64!!!").await;
    assert_eq!(self::told(&answer)["grpc-status"], "3");
}

/// The status of a refused call: in the trailer frame, or in the headers where there was no message.
fn told(answer: &Answer) -> HashMap<String, String> {
    match frames(&answer.body).pop() {
        Some(Frame::Trailers(trailers)) => trailers,
        Some(Frame::Message(_)) => panic!("the last frame is a message"),
        None => answer.headers.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_listed_origins_may_call() {
    let installation = Installation::start().await;
    let asks = |origin: &'static str| {
        let installation = &installation;
        async move {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                (
                    "access-control-request-headers",
                    "authorization,content-type,x-grpc-web",
                ),
            ];
            ask(installation, "OPTIONS", WHO_AM_I, &headers, b"").await
        }
    };
    let listed = asks(ORIGIN).await;
    assert_eq!(listed.status, 204);
    assert_eq!(listed.headers["access-control-allow-origin"], ORIGIN);
    let allowed = &listed.headers["access-control-allow-headers"];
    for name in [
        "authorization",
        "content-type",
        "x-grpc-web",
        "grpc-timeout",
        "x-user-agent",
        "connect-protocol-version",
    ] {
        assert!(allowed.contains(name), "{allowed}");
    }
    assert_eq!(listed.headers["access-control-allow-methods"], "POST");
    for other in ["https://evil.example", "null", "https://office.example.evil.example"] {
        let refused = asks(other).await;
        assert_eq!(refused.status, 403);
        assert!(!refused.headers.keys().any(|name| name.starts_with("access-control")));
        let headers = [("content-type", BINARY), ("origin", other)];
        let called = ask(&installation, "POST", WHO_AM_I, &headers, &framed(&WhoAmIRequest {})).await;
        assert!(!called.headers.keys().any(|name| name.starts_with("access-control")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_grpc_web_is_refused_over_http_1() {
    let installation = Installation::start().await;
    let post = |kind: &'static str| {
        let installation = &installation;
        async move {
            ask(installation, "POST", WHO_AM_I, &[("content-type", kind)], b"{}")
                .await
                .status
        }
    };
    for kind in [
        "application/json",
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web+thrift",
    ] {
        assert_eq!(post(kind).await, 415, "{kind}");
    }
    assert_eq!(ask(&installation, "GET", "/", &[], b"").await.status, 404);
    assert_eq!(
        ask(&installation, "GET", WHO_AM_I, &[("content-type", BINARY)], b"")
            .await
            .status,
        405
    );
}
