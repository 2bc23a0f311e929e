//! Keys behind an address: fetched, renewed when a token names one that is not known, and held on to while it is away.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use banggiao_model::clock::SystemClock;
use banggiao_rpc::{
    identity::{Error, Verifier},
    token,
};
use banggiao_runtime::config::{Identity, Issuer};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the issuer's address answers; nothing while it is away.
type Answer = Arc<Mutex<Option<String>>>;

async fn issuer_address(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = Arc::clone(&answer);
            let respond = service_fn(move |_: Request<Incoming>| {
                let keys = answer.lock().unwrap().clone();
                let (status, body) = match keys {
                    Some(keys) => (StatusCode::OK, keys),
                    None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
                };
                let mut response = Response::new(Full::new(Bytes::from(body)));
                *response.status_mut() = status;
                std::future::ready(Ok::<_, Infallible>(response))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), respond));
        }
    });
    address
}

/// Until the verifier answers as wanted: what is fetched comes a little later.
async fn until(verifier: &Verifier, token: &str, wanted: Result<(), Error>) {
    let mut last = None;
    for _ in 0..200 {
        let verified = verifier.verify(token).map(drop);
        if verified == wanted {
            return;
        }
        last = Some(verified);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{last:?} instead of {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_renewed_and_held_on_to() {
    let folder = tempfile::tempdir().unwrap();
    let own = token::Issuer::new(&[7; 32], "here", "tayninh");
    let jwks_file = folder.path().join("jwks.json");
    std::fs::write(&jwks_file, own.jwks()).unwrap();
    let answer = Answer::default();
    let identity = |url: String| Identity {
        issuer: "here".to_owned(),
        installation: "tayninh".to_owned(),
        jwks_file: jwks_file.clone(),
        leeway_seconds: 60,
        others: vec![Issuer {
            issuer: "there".to_owned(),
            jwks_file: None,
            jwks_url: Some(url),
            ca_file: None,
            algorithms: vec!["EdDSA".to_owned()],
            token_type: "at+jwt".to_owned(),
            refresh_seconds: 3600,
        }],
    };
    let shutdown = CancellationToken::new();
    let verifier = identity(issuer_address(Arc::clone(&answer)).await);
    let verifier = verifier
        .verifier(Arc::new(SystemClock), shutdown.clone())
        .await
        .unwrap();
    let there = |seed: u8| token::Issuer::new(&[seed; 32], "there", "tayninh");
    let token = |issuer: &token::Issuer| issuer.issue("office", 600, "t-1", &SystemClock).unwrap();
    let (first, second) = (there(1), there(2));

    assert_eq!(verifier.verify(&token(&first)).map(drop), Err(Error::KeysAway));
    assert!(
        verifier.verify(&token(&own)).is_ok(),
        "the own issuer does not need the other one"
    );
    *answer.lock().unwrap() = Some(first.jwks());
    until(&verifier, &token(&first), Ok(())).await;
    *answer.lock().unwrap() = Some(second.jwks());
    until(&verifier, &token(&second), Ok(())).await;
    assert_eq!(verifier.verify(&token(&first)).map(drop), Err(Error::Invalid));
    *answer.lock().unwrap() = None;
    until(&verifier, &token(&first), Err(Error::Invalid)).await;
    assert!(
        verifier.verify(&token(&second)).is_ok(),
        "an issuer that is away changes nothing"
    );

    // Files are looked at again and again.
    let renewed = token::Issuer::new(&[8; 32], "here", "tayninh");
    std::fs::write(&jwks_file, renewed.jwks()).unwrap();
    until(&verifier, &token(&renewed), Ok(())).await;

    let remote = identity("http://issuer.example/keys".to_owned());
    let refused = remote.verifier(Arc::new(SystemClock), shutdown).await.err();
    let refused = format!("{:#}", refused.expect("in plain text from another machine"));
    assert!(refused.contains("plain text"), "{refused}");
}
