//! TLS: every hop of a cluster encrypted, certificates renewed while callers call, and what is refused, in words.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use banggiao_contracts::{
    registry::v1::{WhoAmIRequest, access_service_client::AccessServiceClient},
    reporting::v1::{QueryFiguresRequest, figure_service_client::FigureServiceClient},
};
use banggiao_rpc::{
    channel::{self, Authorized, Bearer, KeepAlive},
    tls::{self, Trust},
};
use banggiao_runtime::config::Tls;
use banggiao_standalone::services::{Outside, Services};
use rustls::{ClientConfig, pki_types::ServerName};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt, net::TcpStream};
use tonic::{Code, transport::Channel};

use crate::{
    certificates::{Authority, Leaf},
    cluster::Cluster,
    processes::{self, program},
};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the command trusts, and who it is, by the files of one of the cluster's services.
fn trust(folder: &Path, service: &str, with_certificate: bool) -> Trust {
    let own = |file: &str| folder.join(service).join(file);
    Trust {
        ca_file: Some(own("ca.pem")),
        certificate_file: with_certificate.then(|| own("own.pem")),
        key_file: with_certificate.then(|| own("own.key")),
        server_name: None,
    }
}

fn channel_to(address: &str, trust: &Trust) -> Channel {
    channel::trusting(address, trust, KeepAlive::DEFAULT).expect("an address and its files")
}

fn administrator(channel: Channel, folder: &Path) -> Authorized {
    let token = fs::read_to_string(folder.join("admin.token")).expect("the administrator's token");
    Bearer::new(&token).expect("a token").on(channel)
}

fn whoami(address: &str, ca_file: &Path, token_file: &Path) -> Output {
    Command::new(program("banggiao"))
        .args(["whoami", "--lang", "en", "--timeout", "20", "--server", address])
        .arg("--ca-file")
        .arg(ca_file)
        .arg("--token-file")
        .arg(token_file)
        .output()
        .expect("the command runs")
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn trusted_cluster() -> (Cluster, Trust) {
    let cluster = Cluster::encrypted();
    let trust = trust(cluster.folder.path(), "gateway", false);
    processes::all_serving(channel_to(&cluster.address(), &trust)).await;
    (cluster, trust)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hop_is_encrypted_and_each_service_shows_who_it_is() {
    let (cluster, trusted) = trusted_cluster().await;
    let (folder, address) = (cluster.folder.path(), cluster.address());
    let told = whoami(&address, &folder.join("gateway/ca.pem"), &folder.join("admin.token"));
    assert!(told.status.success(), "{}", words(&told.stderr));
    assert!(words(&told.stdout).contains("administrator"), "{}", words(&told.stdout));

    let channel = administrator(channel_to(&address, &trusted), folder);
    let request = QueryFiguresRequest {
        unit: "units/none".to_owned(),
        period: "civil/2024".to_owned(),
        indicators: vec!["indicators/diplomatic-events".to_owned()],
        ..QueryFiguresRequest::default()
    };
    let answered = FigureServiceClient::new(channel).query_figures(request).await;
    // The question came all the way to reporting, which knows no such unit.
    let refused = answered.expect_err("an unknown unit");
    assert_ne!(refused.code(), Code::Unavailable, "{refused:?}");

    // Who shows no certificate is not let in where one is demanded, and who shows one is.
    let registry = cluster.address_of(0);
    let asked = |trust: &Trust| {
        let channel = administrator(channel_to(&registry, trust), folder);
        async move { AccessServiceClient::new(channel).who_am_i(WhoAmIRequest {}).await }
    };
    let nobody = asked(&trusted).await.expect_err("without a certificate");
    assert!(
        std::error::Error::source(&nobody).is_some(),
        "the connection was refused: {nobody:?}"
    );
    let told = whoami(&registry, &folder.join("gateway/ca.pem"), &folder.join("admin.token"));
    let reason = words(&told.stderr);
    assert_eq!(told.status.code(), Some(1));
    assert!(reason.contains("cannot be reached"), "{reason}");
    asked(&trust(folder, "journal", true))
        .await
        .expect("with a certificate");
    let plain = channel::lazy(&address.replace("https", "http")).expect("an address");
    let plain = AccessServiceClient::new(administrator(plain, folder))
        .who_am_i(WhoAmIRequest {})
        .await;
    plain.expect_err("plain text where TLS is spoken");
}

/// The certificate that a server shows to a new connection.
async fn shown(address: &str, trust: &Trust) -> Vec<u8> {
    let ca_file = trust.ca_file.as_deref().expect("an authority");
    let mut config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(tls::authorities(ca_file).expect("an authority"))
        .with_no_client_auth();
    config.alpn_protocols = vec![tls::HTTP2.to_vec()];
    let host = address.trim_start_matches("https://");
    let stream = TcpStream::connect(host).await.expect("a connection");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.expect("a handshake");
    let certificates = stream.get_ref().1.peer_certificates().expect("a certificate");
    certificates[0].to_vec()
}

/// Callers that call as long as they may, and what became of their calls.
struct Load {
    ended: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: tokio::task::JoinSet<Vec<String>>,
}

impl Load {
    fn start(address: &str, trusted: &Trust, folder: &Path) -> Self {
        let (ended, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..6 {
            let (ended, answered) = (Arc::clone(&ended), Arc::clone(&answered));
            let (address, trusted, folder) = (address.to_owned(), trusted.clone(), folder.to_owned());
            callers.spawn(async move {
                let (mut faults, mut kept) = (Vec::new(), None);
                while !ended.load(Ordering::Relaxed) {
                    // Half of them open a connection for every call.
                    let new = || administrator(channel_to(&address, &trusted), &folder);
                    let channel = if caller % 2 == 0 {
                        new()
                    } else {
                        kept.get_or_insert_with(new).clone()
                    };
                    match AccessServiceClient::new(channel).who_am_i(WhoAmIRequest {}).await {
                        Ok(_) => _ = answered.fetch_add(1, Ordering::Relaxed),
                        Err(status) => faults.push(format!("{status:?}")),
                    }
                }
                faults
            });
        }
        Self {
            ended,
            answered,
            callers,
        }
    }

    /// Waits until a hundred further calls were answered.
    async fn goes_on(&self) {
        let until = self.answered.load(Ordering::Relaxed) + 100;
        let more = async {
            while self.answered.load(Ordering::Relaxed) < until {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, more).await.expect("calls are answered");
    }

    async fn end(self) -> Vec<String> {
        self.ended.store(true, Ordering::Relaxed);
        self.callers.join_all().await.concat()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_under_load_and_no_call_fails() {
    let (cluster, trusted) = trusted_cluster().await;
    let (folder, address) = (cluster.folder.path(), cluster.address());
    let authority = cluster.authority.as_ref().expect("an authority");
    let before = shown(&address, &trusted).await;
    let load = Load::start(&address, &trusted, folder);
    load.goes_on().await;

    // A key that is not that of the certificate: what was there stays.
    let other = authority.issue(&Leaf::of("gateway"));
    fs::write(folder.join("gateway/own.key"), &other.key).expect("a file");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(shown(&address, &trusted).await, before);
    load.goes_on().await;

    for service in ["gateway", "registry", "journal", "reporting"] {
        let leaf = Leaf {
            serial: 0x00C0_FFEE,
            ..Leaf::of(service)
        };
        authority.issue(&leaf).write(&folder.join(service));
    }
    let renewed = async {
        while shown(&address, &trusted).await == before {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, renewed)
        .await
        .expect("the new certificate is shown");
    let serial = [0x00, 0xC0, 0xFF, 0xEE];
    let after = shown(&address, &trusted).await;
    assert!(
        after.windows(4).any(|window| window == serial),
        "its serial number is that of the new one"
    );
    load.goes_on().await;
    assert_eq!(load.end().await, Vec::<String>::new());
}

/// The four services in this process behind a certificate of an authority.
async fn installation(authority: &Authority, leaf: &Leaf) -> (Services, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    authority.issue(leaf).write(folder.path());
    fs::write(folder.path().join("ca.pem"), &authority.pem).expect("a file");
    let outside = Outside {
        tls: Some(Tls {
            certificate_file: folder.path().join("own.pem"),
            key_file: folder.path().join("own.key"),
            ..Tls::default()
        }),
        ..Outside::at("127.0.0.1:0")
    };
    let services = Services::start(&folder.path().join("data"), outside, banggiao_runtime::Seams::default())
        .await
        .expect("the services start");
    (services, folder)
}

fn files(folder: &TempDir) -> [PathBuf; 2] {
    [folder.path().join("ca.pem"), folder.path().join("data/admin.token")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_trusted_is_refused_in_words() {
    let authority = Authority::new();
    let expired = Leaf {
        ends: 2020,
        ..Leaf::of("gateway")
    };
    let (services, folder) = installation(&authority, &expired).await;
    let [ca_file, token_file] = files(&folder);
    let address = services.address();
    let told = tokio::task::spawn_blocking(move || whoami(&address, &ca_file, &token_file))
        .await
        .expect("it ran");
    assert_eq!(told.status.code(), Some(1));
    let reason = words(&told.stderr);
    assert!(
        reason.contains("cannot be reached") && reason.contains("expired"),
        "{reason}"
    );

    let (services, folder) = installation(&authority, &Leaf::of("gateway")).await;
    let [ca_file, token_file] = files(&folder);
    fs::write(&ca_file, Authority::new().pem).expect("a file");
    let address = services.address();
    let told = tokio::task::spawn_blocking(move || whoami(&address, &ca_file, &token_file))
        .await
        .expect("it ran");
    assert_eq!(told.status.code(), Some(1));
    let reason = words(&told.stderr);
    assert!(reason.contains("certificate"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_stalls_is_cut_and_holds_up_nobody() {
    let (services, folder) = installation(&Authority::new(), &Leaf::of("gateway")).await;
    let address = services.address();
    let host = address.trim_start_matches("https://").to_owned();
    let mut stalled = Vec::new();
    for _ in 0..60 {
        stalled.push(TcpStream::connect(&host).await.expect("a connection"));
    }
    let trusted = Trust {
        ca_file: Some(folder.path().join("ca.pem")),
        ..Trust::default()
    };
    let data = folder.path().join("data");
    let mut access = AccessServiceClient::new(administrator(channel_to(&address, &trusted), &data));
    access.who_am_i(WhoAmIRequest {}).await.expect("others are answered");
    for mut stream in stalled {
        let mut rest = Vec::new();
        let cut = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        let _closed_or_reset = cut.expect("it is cut");
        assert_eq!(rest, Vec::<u8>::new());
    }
    // Their places are free again.
    let again = administrator(channel_to(&address, &trusted), &data);
    let mut again = AccessServiceClient::new(again);
    again.who_am_i(WhoAmIRequest {}).await.expect("others are answered");
}

#[test]
fn plain_text_that_others_could_read_is_refused_at_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = |mut command: Command| {
        let output = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let reason = words(&output.stderr);
        assert!(!output.status.success() && reason.contains("plain text"), "{reason}");
        reason
    };
    for service in crate::cluster::SERVICES {
        let mut command = Command::new(program(&format!("banggiao-{service}")));
        command.arg("serve").env("BANGGIAO__LISTEN", "0.0.0.0:0");
        assert!(refused(command).contains("allow_plaintext = true"));
    }
    let mut up = Command::new(program("banggiao"));
    up.args(["up", "--listen", "0.0.0.0:0", "--data-dir", "data"]);
    assert!(refused(up).contains("--allow-plaintext"));

    let keys = banggiao_standalone::data_dir::DataDir::open(&folder.path().join("keys")).expect("a folder");
    keys.write_identities(&banggiao_model::clock::SystemClock)
        .expect("keys");
    let mut gateway = Command::new(program("banggiao-gateway"));
    gateway
        .arg("serve")
        .env("BANGGIAO__LISTEN", "127.0.0.1:0")
        .env("BANGGIAO__IDENTITY__JWKS_FILE", keys.file("jwks.json"))
        .env("BANGGIAO__REGISTRY__ADDRESS", "http://registry.example:7701");
    assert!(refused(gateway).contains("registry.example"));
}

#[test]
fn one_process_speaks_tls_to_the_outside() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = Authority::new();
    authority.issue(&Leaf::of("gateway")).write(folder.path());
    fs::write(folder.path().join("ca.pem"), &authority.pem).expect("a file");
    let mut child = Command::new(program("banggiao"))
        .current_dir(folder.path())
        .args(["up", "--lang", "en", "--data-dir", "data", "--listen", "localhost:0"])
        .args(["--tls-certificate", "own.pem", "--tls-key", "own.key"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("banggiao serves on ").map(str::to_owned))
        .expect("it says where it serves");
    assert!(address.starts_with("https://localhost:"), "{address}");
    let told = whoami(
        &address,
        &folder.path().join("ca.pem"),
        &folder.path().join("data/admin.token"),
    );
    child.kill().expect("it ran");
    child.wait().expect("it ended");
    assert!(told.status.success(), "{}", words(&told.stderr));
}

/// Waits until a file is there: a service that starts writes it.
async fn written(file: &Path) {
    for _ in 0..200 {
        if file.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} is not written", file.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_a_certificate_that_is_known_needs_no_token() {
    let (mut cluster, trusted) = trusted_cluster().await;
    let folder = cluster.folder.path().to_owned();
    let more = |service: &str, text: String| {
        let file = folder.join(service).join("config.toml");
        let config = fs::read_to_string(&file).expect("a configuration");
        fs::write(&file, config + &text).expect("a configuration");
    };
    let (ca, key, jwks) = (
        folder.join("gateway/ca.pem"),
        folder.join("gateway/exchange.key"),
        folder.join("gateway/exchange.jwks.json"),
    );
    more(
        "gateway",
        format!(
            "client_ca_file = \"{}\"\n[certificates]\nissuer = \"gateway\"\nkey_file = \"{}\"\njwks_file = \"{}\"\n\
             [certificates.principals]\n\"spiffe://banggiao/journal\" = \"administrator\"\n",
            ca.display(),
            key.display(),
            jwks.display()
        ),
    );
    let issuer = format!(
        "[[identity.others]]\nissuer = \"gateway\"\njwks_file = \"{}\"\nalgorithms = [\"EdDSA\"]\n",
        jwks.display()
    );
    more("registry", issuer);
    cluster.processes[3].restart();
    written(&jwks).await;
    cluster.processes[0].restart();
    processes::all_serving(channel_to(&cluster.address(), &trusted)).await;

    let address = cluster.address();
    let asked = |trust: &Trust| {
        let mut access = AccessServiceClient::new(channel_to(&address, trust));
        async move { access.who_am_i(WhoAmIRequest {}).await }
    };
    let known = asked(&trust(&folder, "journal", true))
        .await
        .expect("a known certificate");
    let known = known.into_inner().principal.expect("a principal");
    assert_eq!(known.name, "principals/administrator");
    for (what, other) in [
        ("a certificate of nobody known", trust(&folder, "reporting", true)),
        ("no certificate", trusted),
    ] {
        let refused = asked(&other).await.expect_err(what);
        assert_eq!(refused.code(), Code::Unauthenticated, "{what}");
    }
    // A token on the call says who calls, whatever the certificate says.
    let forged = Bearer::new("forged").expect("a token");
    let forged = forged.on(channel_to(&address, &trust(&folder, "journal", true)));
    let refused = AccessServiceClient::new(forged).who_am_i(WhoAmIRequest {}).await;
    assert_eq!(refused.expect_err("a forged token").code(), Code::Unauthenticated);
}
