//! Every limit of the accept loop, from the outside: a client that speaks HTTP/2 and knows no manners.

#[path = "limits/frames.rs"]
mod frames;

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use banggiao_rpc::channel::KeepAlive;
use banggiao_runtime::serve::{Entrance, Limits, serve_with};
use bytes::Bytes;
use frames::Raw;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::service::service_fn;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

/// Far more than anything here takes, and far less than anyone waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// A time that passes quickly.
const SHORT: Duration = Duration::from_millis(150);

/// A server whose methods are `/echo`, `/panic` and `/hold`, which answers when it is released.
struct Server {
    address: SocketAddr,
    released: Arc<Notify>,
    shutdown: CancellationToken,
    ended: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let entrance = Entrance::new(listener, limits, None, false).expect("loopback");
        let (released, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
        let methods = {
            let released = Arc::clone(&released);
            service_fn(move |request| answer(request, Arc::clone(&released)))
        };
        let ended = tokio::spawn(serve_with(entrance, methods, shutdown.clone()));
        Self {
            address,
            released,
            shutdown,
            ended,
        }
    }

    async fn connect(&self) -> SendRequest<Bytes> {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("a handshake");
        tokio::spawn(connection);
        client
    }

    async fn raw(&self) -> Raw {
        Raw::connect(self.address).await
    }
}

async fn answer(request: Request<Body>, released: Arc<Notify>) -> Result<Response<Body>, Infallible> {
    match request.uri().path() {
        "/hold" => released.notified().await,
        "/panic" => panic!("a fault"),
        _ => {}
    }
    let mut response = Response::new(Body::empty());
    response
        .headers_mut()
        .insert("grpc-status", HeaderValue::from_static("0"));
    if let Some(timeout) = request.headers().get("grpc-timeout") {
        response.headers_mut().insert("seen-timeout", timeout.clone());
    }
    Ok(response)
}

fn call(
    client: &mut SendRequest<Bytes>,
    path: &str,
    headers: &[(&'static str, &str)],
) -> impl Future<Output = Result<HeaderMap, h2::Error>> + use<> {
    let mut request = Request::post(format!("http://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).expect("a request");
    let sent = client.send_request(request, true);
    async move {
        let (response, _body) = sent?;
        let answered = timeout(PATIENCE, response).await.expect("an answer in time");
        Ok(answered?.headers().clone())
    }
}

fn status(headers: &HeaderMap) -> &str {
    headers["grpc-status"].to_str().expect("a number")
}

/// An upload takes as long as its caller's line needs, and its answer begins when all was sent.
#[tokio::test]
async fn an_upload_has_more_time_than_other_calls() {
    let server = Server::start(Limits::OUTER).await;
    let mut client = server.connect().await;
    for (path, expected) in [
        ("/a.v1.B/UploadThing", "900000m"),
        ("/a.v1.UploadService/Get", "60000m"),
    ] {
        for asked in [&[][..], &[("grpc-timeout", "9H")]] {
            let given = call(&mut client, path, asked).await.expect("an answer");
            assert_eq!(given["seen-timeout"], expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_deadline_that_passes_is_called_by_its_name() {
    let server = Server::start(Limits {
        deadline: SHORT,
        ..Limits::OUTER
    })
    .await;
    let mut client = server.connect().await;
    let given = call(&mut client, "/hold", &[("grpc-timeout", "20m")])
        .await
        .expect("an answer");
    assert_eq!(status(&given), "4", "DEADLINE_EXCEEDED, whose deadline it ever was");
    let own = call(&mut client, "/hold", &[]).await.expect("an answer");
    assert_eq!(status(&own), "4");
}

#[tokio::test]
async fn the_next_hop_is_told_the_time_that_remains() {
    let server = Server::start(Limits::OUTER).await;
    let mut client = server.connect().await;
    for (asked, told) in [(None, "60000m"), (Some("7S"), "7000m"), (Some("2H"), "60000m")] {
        let headers: Vec<_> = asked.map(|asked| ("grpc-timeout", asked)).into_iter().collect();
        let answered = call(&mut client, "/echo", &headers).await.expect("an answer");
        assert_eq!(answered["seen-timeout"], told, "asked for {asked:?}");
    }
    let malformed = call(&mut client, "/echo", &[("grpc-timeout", "soon")])
        .await
        .expect("an answer");
    assert_eq!(status(&malformed), "3");
}

#[tokio::test]
async fn a_panic_costs_its_own_call_and_no_other() {
    let server = Server::start(Limits::OUTER).await;
    let mut client = server.connect().await;
    let held = call(&mut client, "/hold", &[]);
    let panicked = call(&mut client, "/panic", &[]).await.expect("an answer");
    assert_eq!(status(&panicked), "13");
    assert!(
        !format!("{panicked:?}").contains("a fault"),
        "nothing of it leaves the house"
    );
    let waiting = tokio::spawn(held);
    tokio::time::sleep(SHORT).await;
    server.released.notify_one();
    assert_eq!(status(&waiting.await.expect("no panic").expect("an answer")), "0");
}

#[tokio::test]
async fn calls_in_flight_finish_and_new_ones_are_refused_when_it_ends() {
    let server = Server::start(Limits::OUTER).await;
    let mut client = server.connect().await;
    let held = tokio::spawn(call(&mut client, "/hold", &[]));
    tokio::time::sleep(SHORT).await;
    server.shutdown.cancel();
    tokio::time::sleep(SHORT).await;
    assert!(
        call(&mut client, "/echo", &[]).await.is_err(),
        "a new call on the old connection"
    );
    assert!(TcpStream::connect(server.address).await.is_err(), "a new connection");
    server.released.notify_one();
    assert_eq!(status(&held.await.expect("no panic").expect("an answer")), "0");
    let ended = timeout(PATIENCE, server.ended).await.expect("it ends by itself");
    ended.expect("no panic").expect("no fault");
}

#[tokio::test]
async fn whoever_says_nothing_is_not_waited_for() {
    let server = Server::start(Limits {
        first_call: SHORT,
        ..Limits::OUTER
    })
    .await;
    let mut silent = Raw::silent(server.address).await;
    timeout(PATIENCE, silent.until_closed())
        .await
        .expect("not even a preface");
    let mut idle = server.raw().await;
    timeout(PATIENCE, idle.until_closed())
        .await
        .expect("a preface and no call");
    let mut client = server.connect().await;
    call(&mut client, "/echo", &[]).await.expect("an answer");
    tokio::time::sleep(SHORT * 3).await;
    call(&mut client, "/echo", &[])
        .await
        .expect("whoever called once may be silent");
}

#[tokio::test]
async fn whoever_vanishes_is_found_by_pings() {
    let keep_alive = KeepAlive {
        interval: SHORT,
        timeout: SHORT,
    };
    let server = Server::start(Limits {
        keep_alive,
        ..Limits::OUTER
    })
    .await;
    let mut vanished = server.raw().await;
    vanished.call(1).await;
    timeout(PATIENCE, vanished.until_closed())
        .await
        .expect("it answers no ping");
    let mut client = server.connect().await;
    call(&mut client, "/echo", &[]).await.expect("an answer");
    tokio::time::sleep(SHORT * 4).await;
    call(&mut client, "/echo", &[])
        .await
        .expect("whoever answers pings is kept");
}

#[tokio::test]
async fn connections_are_counted_by_address_and_in_all() {
    let server = Server::start(Limits {
        connections_per_address: 2,
        ..Limits::OUTER
    })
    .await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    call(&mut first, "/echo", &[]).await.expect("an answer");
    call(&mut second, "/echo", &[]).await.expect("an answer");
    let mut third = server.raw().await;
    timeout(PATIENCE, third.until_closed()).await.expect("one too many");
    drop(first);
    let mut patience = 100;
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut again = server.connect().await;
        if call(&mut again, "/echo", &[]).await.is_ok() {
            break;
        }
        patience -= 1;
        assert!(patience > 0, "a place is not given back");
    }

    let server = Server::start(Limits {
        connections: 1,
        ..Limits::OUTER
    })
    .await;
    let mut first = server.connect().await;
    call(&mut first, "/echo", &[]).await.expect("an answer");
    let waiting = {
        let mut second = server.connect().await;
        tokio::spawn(async move { call(&mut second, "/echo", &[]).await })
    };
    tokio::time::sleep(SHORT).await;
    assert!(!waiting.is_finished(), "it waits for a place");
    drop(first);
    waiting.await.expect("no panic").expect("an answer");
}

#[tokio::test]
async fn calls_at_once_are_limited_on_a_connection() {
    let server = Server::start(Limits {
        streams: 3,
        ..Limits::OUTER
    })
    .await;
    let mut client = server.connect().await;
    call(&mut client, "/echo", &[]).await.expect("an answer");
    assert_eq!(client.current_max_send_streams(), 3, "polite clients are told");
    let mut rude = server.raw().await;
    for stream in [1, 3, 5, 7] {
        rude.call(stream).await;
    }
    assert_eq!(rude.reset_of(7).await, frames::REFUSED_STREAM);
}

#[tokio::test]
async fn headers_are_limited() {
    let server = Server::start(Limits::OUTER).await;
    let mut client = server.connect().await;
    let fits = "x".repeat(12 * 1024);
    let too_large = "x".repeat(17 * 1024);
    call(&mut client, "/echo", &[("x-filler", &fits)])
        .await
        .expect("an answer");
    let refused = call(&mut client, "/echo", &[("x-filler", &too_large)]).await;
    assert!(
        !refused
            .as_ref()
            .is_ok_and(|headers| headers.contains_key("grpc-status")),
        "it reached the method: {refused:?}"
    );
}

#[tokio::test]
async fn whoever_opens_and_resets_in_haste_is_shown_the_door() {
    let server = Server::start(Limits {
        early_resets: 5,
        ..Limits::OUTER
    })
    .await;
    let mut hasty = server.raw().await;
    for stream in 0..15 {
        hasty.write_call_and_reset(2 * stream + 1);
    }
    assert_eq!(hasty.goodbye().await, frames::ENHANCE_YOUR_CALM);
    let mut polite = server.connect().await;
    call(&mut polite, "/echo", &[]).await.expect("others are answered");
}

#[tokio::test]
async fn whoever_provokes_resets_is_shown_the_door() {
    let server = Server::start(Limits {
        provoked_resets: 10,
        ..Limits::OUTER
    })
    .await;
    let mut provoking = server.raw().await;
    for stream in 0..50 {
        provoking.call(2 * stream + 1).await;
        provoking.overgrow(2 * stream + 1).await;
    }
    assert_eq!(provoking.goodbye().await, frames::ENHANCE_YOUR_CALM);
    let mut polite = server.connect().await;
    call(&mut polite, "/echo", &[]).await.expect("others are answered");
}

#[tokio::test]
async fn the_windows_are_ours_and_not_the_librarys() {
    let server = Server::start(Limits {
        windows: [70_000, 200_000],
        ..Limits::OUTER
    })
    .await;
    let mut raw = server.raw().await;
    let [stream, connection] = raw.windows().await;
    assert_eq!([stream, connection], [70_000, 200_000]);
}
