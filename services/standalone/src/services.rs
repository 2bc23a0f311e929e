//! The four services in one process, each on a port of its own on loopback; the gateway's is the one to call.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::Context;
use banggiao_runtime::{
    Seams,
    config::{Database, Identity, Peer, Tls},
    serve,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::data_dir::{DataDir, INSTALLATION, ISSUER};

/// So long may the services take until they answer.
const START_MAX: Duration = Duration::from_secs(30);

/// Where the gateway listens, and how it is spoken to there.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The address, as `127.0.0.1:7700`; port 0 takes a free one.
    pub listen: String,
    /// Certificate and key; plain text without them.
    pub tls: Option<Tls>,
    /// Whether plain text may leave this machine.
    pub allow_plaintext: bool,
    /// Pages of these origins may call from a browser.
    pub origins: Vec<String>,
}

impl Outside {
    /// At an address of this machine, in plain text.
    #[must_use]
    pub fn at(listen: &str) -> Self {
        Self {
            listen: listen.to_owned(),
            ..Self::default()
        }
    }
}

/// The running services.
#[derive(Debug)]
pub struct Services {
    address: SocketAddr,
    /// Those of registry, journal and reporting.
    peers: [String; 3],
    /// As it is called from outside.
    url: String,
    data_dir: DataDir,
    shutdown: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Services {
    /// Starts the services on a data folder and waits until they answer.
    ///
    /// # Errors
    /// If the folder is in use, the address is taken or would be listened on in plain text where it may not, certificate
    /// or key cannot be used, or a service does not start.
    pub async fn start(data_dir: &Path, outside: Outside, seams: Seams) -> anyhow::Result<Self> {
        let listen = &outside.listen;
        outside.tls.as_ref().map_or(Ok(()), Tls::check)?;
        let data_dir = DataDir::open(data_dir)?;
        data_dir.write_identities(&*seams.clock)?;
        let gateway = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))?;
        let address = gateway.local_addr()?;
        serve::may_listen(address, outside.tls.is_some(), outside.allow_plaintext)?;
        let url = url(&outside, address);
        let (registry, registry_peer) = loopback().await?;
        let (journal, journal_peer) = loopback().await?;
        let (reporting, reporting_peer) = loopback().await?;
        let peers = [&registry_peer, &journal_peer, &reporting_peer].map(|peer| peer.address.clone());
        let identity = Identity {
            issuer: ISSUER.to_owned(),
            installation: INSTALLATION.to_owned(),
            jwks_file: data_dir.file("jwks.json"),
            leeway_seconds: 60,
            others: Vec::new(),
        };
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();

        let mut config: banggiao_registry::Config = toml::from_str(banggiao_registry::DEFAULTS)?;
        config.database = Database {
            url: data_dir.database_url("registry"),
        };
        config.issued_tokens_file = Some(data_dir.issued_tokens());
        config.identity = identity.clone();
        tasks.spawn(banggiao_registry::start(
            config,
            registry,
            seams.clone(),
            shutdown.clone(),
        ));

        let mut config: banggiao_journal::Config = toml::from_str(banggiao_journal::DEFAULTS)?;
        config.database = Database {
            url: data_dir.database_url("journal"),
        };
        config.identity = identity.clone();
        config.token_file = data_dir.file("journal.token");
        config.attachments.folder = data_dir.file("attachments");
        config.ledger.key_file = data_dir.file("journal.key");
        config.ledger.checkpoint_file = data_dir.file("journal.checkpoint");
        config.registry = registry_peer.clone();
        tasks.spawn(banggiao_journal::start(
            config,
            journal,
            seams.clone(),
            shutdown.clone(),
        ));

        let mut config: banggiao_reporting::Config = toml::from_str(banggiao_reporting::DEFAULTS)?;
        config.database = Database {
            url: data_dir.database_url("reporting"),
        };
        config.identity = identity.clone();
        config.token_file = data_dir.file("reporting.token");
        config.registry = registry_peer.clone();
        config.journal = journal_peer.clone();
        tasks.spawn(banggiao_reporting::start(
            config,
            reporting,
            seams.clone(),
            shutdown.clone(),
        ));

        let mut config: banggiao_gateway::Config = toml::from_str(banggiao_gateway::DEFAULTS)?;
        config.identity = identity;
        config.tls = outside.tls;
        config.allow_plaintext = outside.allow_plaintext;
        config.cors.origins = outside.origins;
        (config.registry, config.journal, config.reporting) = (registry_peer, journal_peer, reporting_peer);
        tasks.spawn(banggiao_gateway::start(config, gateway, seams, shutdown.clone()));

        let mut services = Self {
            address,
            peers: peers.clone(),
            url,
            data_dir,
            shutdown,
            tasks,
        };
        services.wait_until_serving(&peers).await?;
        Ok(services)
    }

    /// Where the gateway listens, as `http://127.0.0.1:7700`; with TLS by the name that was given, for certificates are
    /// made for names.
    #[must_use]
    pub fn address(&self) -> String {
        self.url.clone()
    }

    /// Where registry, journal and reporting listen behind the gateway. Each asks for a token as the gateway does.
    #[must_use]
    pub fn service_addresses(&self) -> [String; 3] {
        self.peers.clone()
    }

    /// Whether only this machine can reach them.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// The folder that they run on.
    #[must_use]
    pub fn data_dir(&self) -> &DataDir {
        &self.data_dir
    }

    /// To ask the services to end.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Waits until the services have ended: asked to, or because one failed, which ends the others too.
    ///
    /// # Errors
    /// That of the first service that failed.
    pub async fn ended(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let ended = ended.context("a service panicked").and_then(|ended| ended);
            self.shutdown.cancel();
            outcome = outcome.and(ended);
        }
        outcome
    }

    /// Asks the services to end, and waits until they have.
    ///
    /// # Errors
    /// That of the first service that failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.ended().await
    }

    /// Each is asked where it listens: the gateway has its address already, and with TLS it would answer only those who
    /// trust its certificate.
    async fn wait_until_serving(&mut self, peers: &[String; 3]) -> anyhow::Result<()> {
        let serving = tokio::time::timeout(START_MAX, all_serving(peers));
        tokio::select! {
            biased;
            Some(ended) = self.tasks.join_next() => {
                self.shutdown.cancel();
                let ended = ended.context("a service panicked").and_then(|ended| ended);
                ended.and_then(|()| anyhow::bail!("a service ended at once"))
            }
            serving = serving => serving.context("the services do not answer")?,
        }
    }
}

/// A name that was given stays; of an address, the port that was free is told.
fn url(outside: &Outside, address: SocketAddr) -> String {
    match (&outside.tls, outside.listen.rsplit_once(':')) {
        (Some(_), Some((host, _))) => format!("https://{host}:{}", address.port()),
        (Some(_), None) => format!("https://{address}"),
        (None, _) => format!("http://{address}"),
    }
}

async fn loopback() -> anyhow::Result<(TcpListener, Peer)> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("no free port on loopback")?;
    let address = format!("http://{}", listener.local_addr()?);
    Ok((listener, Peer::at(address)))
}

async fn all_serving(peers: &[String; 3]) -> anyhow::Result<()> {
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    let packages = ["banggiao.registry.v1", "banggiao.journal.v1", "banggiao.reporting.v1"];
    for (service, address) in packages.into_iter().zip(peers) {
        let mut health = HealthClient::new(banggiao_rpc::channel::lazy(address)?);
        loop {
            let answer = health
                .check(HealthCheckRequest {
                    service: service.to_owned(),
                })
                .await;
            if answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}
