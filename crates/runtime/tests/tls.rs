//! TLS where a process listens, from the outside: which protocols may be agreed on, who is let in, and that a call is told
//! by which certificate its connection was opened.

use std::{convert::Infallible, fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use banggiao_rpc::{
    certificate::PeerCertificate,
    connector::Connector,
    tls::{self, Trust},
};
use banggiao_runtime::{
    config::Tls,
    serve::{Entrance, Limits, serve_with},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::{ClientConfig, pki_types::ServerName};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::body::Body;
use tower_service::Service;

const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with an authority (`ca.pem`), a certificate of it (`own.pem`, `own.key`) and one of nobody
/// (`self.pem`, `self.key`).
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    write("ca.pem", parameters.self_signed(&key).expect("a certificate").pem());
    let authority = Issuer::new(parameters, key);
    let leaf = || {
        let mut parameters =
            CertificateParams::new(["127.0.0.1".to_owned(), "journal.example".to_owned()]).expect("names");
        let uri = "spiffe://banggiao/journal".try_into().expect("a name");
        parameters.subject_alt_names.push(SanType::URI(uri));
        (parameters, KeyPair::generate().expect("a key"))
    };
    let (parameters, key) = leaf();
    write(
        "own.pem",
        parameters.signed_by(&key, &authority).expect("a certificate").pem(),
    );
    write("own.key", key.serialize_pem());
    let (parameters, key) = leaf();
    write("self.pem", parameters.self_signed(&key).expect("a certificate").pem());
    write("self.key", key.serialize_pem());
    folder
}

fn section(folder: &Path, require: bool) -> Tls {
    Tls {
        certificate_file: folder.join("own.pem"),
        key_file: folder.join("own.key"),
        client_ca_file: Some(folder.join("ca.pem")),
        require_client_certificate: require,
    }
}

/// A server that answers with the names of its caller's certificate.
async fn start(limits: Limits, tls: &Tls) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let entrance = Entrance::new(listener, limits, Some(tls), false).expect("certificates");
    let shutdown = CancellationToken::new();
    let names = service_fn(|request: Request<Body>| async move {
        let mut response = Response::new(Body::empty());
        if let Some(certificate) = request.extensions().get::<PeerCertificate>() {
            let names = HeaderValue::try_from(certificate.names.join(" ")).expect("names");
            response.headers_mut().insert("names", names);
        }
        Ok::<_, Infallible>(response)
    });
    tokio::spawn(serve_with(entrance, names, shutdown.clone()));
    (address, shutdown.drop_guard())
}

/// The names that the server has seen, or that it did not answer.
async fn names_seen(
    address: SocketAddr,
    trust: &Trust,
) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
    let uri: Uri = format!("https://{address}").parse()?;
    let stream = Connector::new(&uri, trust, PATIENCE)?.call(uri.clone()).await?;
    let (mut client, connection): (h2::client::SendRequest<Bytes>, _) =
        h2::client::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (response, _) = client.send_request(Request::post(uri).body(())?, true)?;
    let response = tokio::time::timeout(PATIENCE, response).await??;
    let names = response.headers().get("names");
    Ok(names.map(|names| names.to_str().expect("text").to_owned()))
}

fn trust(folder: &Path, shown: Option<&str>) -> Trust {
    Trust {
        ca_file: Some(folder.join("ca.pem")),
        certificate_file: shown.map(|name| folder.join(name).with_extension("pem")),
        key_file: shown.map(|name| folder.join(name).with_extension("key")),
        server_name: None,
    }
}

#[tokio::test]
async fn a_call_is_told_the_names_of_a_certificate_that_was_verified() {
    let folder = certificates();
    let folder = folder.path();
    let (asked, _asked) = start(Limits::INNER, &section(folder, false)).await;
    let (demanded, _demanded) = start(Limits::INNER, &section(folder, true)).await;
    let names = Some("journal.example spiffe://banggiao/journal".to_owned());
    for address in [asked, demanded] {
        let seen = names_seen(address, &trust(folder, Some("own"))).await;
        assert_eq!(seen.expect("an answer"), names);
        // One that nobody vouches for is not taken for none.
        names_seen(address, &trust(folder, Some("self")))
            .await
            .expect_err("of nobody");
    }
    assert_eq!(names_seen(asked, &trust(folder, None)).await.expect("an answer"), None);
    names_seen(demanded, &trust(folder, None))
        .await
        .expect_err("without one");
}

/// What is agreed on by somebody who offers these protocols.
async fn agreed(address: SocketAddr, folder: &Path, offered: &[&[u8]]) -> std::io::Result<Option<Vec<u8>>> {
    let mut config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(tls::authorities(&folder.join("ca.pem")).expect("an authority"))
        .with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
}

#[tokio::test]
async fn http_1_is_agreed_on_only_where_browsers_call() {
    let folder = certificates();
    let folder = folder.path();
    let (inner, _inner) = start(Limits::INNER, &section(folder, false)).await;
    let (outer, _outer) = start(Limits::OUTER, &section(folder, false)).await;
    let both: [&[u8]; 2] = [b"http/1.1", tls::HTTP2];
    for address in [inner, outer] {
        let preferred = agreed(address, folder, &both).await.expect("a handshake");
        assert_eq!(preferred.as_deref(), Some(tls::HTTP2));
    }
    let old = agreed(outer, folder, &both[..1]).await.expect("a handshake");
    assert_eq!(old.as_deref(), Some(both[0]));
    agreed(inner, folder, &both[..1]).await.expect_err("nothing in common");
}

#[tokio::test]
async fn the_name_of_the_server_must_stand_in_its_certificate() {
    let folder = certificates();
    let folder = folder.path();
    let (address, _server) = start(Limits::INNER, &section(folder, false)).await;
    let named = |name: &str| Trust {
        server_name: Some(name.to_owned()),
        ..trust(folder, None)
    };
    names_seen(address, &named("journal.example")).await.expect("its name");
    let refused = names_seen(address, &named("registry.example"))
        .await
        .expect_err("another");
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_anybody_is_let_in() {
    let folder = certificates();
    let folder = folder.path();
    let good = section(folder, false);
    good.check().expect("it can be used");
    let words = |tls: Tls| format!("{:#}", tls.check().expect_err("it cannot be used"));
    let mixed = Tls {
        key_file: folder.join("self.key"),
        ..good.clone()
    };
    assert!(words(mixed).contains("own.pem"));
    let swapped = Tls {
        certificate_file: folder.join("own.key"),
        ..good.clone()
    };
    assert!(words(swapped).contains("no certificate"));
    let missing = Tls {
        key_file: folder.join("nowhere"),
        ..good.clone()
    };
    assert!(words(missing).contains("cannot read"));
    let demanding = Tls {
        client_ca_file: None,
        require_client_certificate: true,
        ..good
    };
    assert!(words(demanding).contains("client_ca_file"));
}
