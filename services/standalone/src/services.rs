//! The four services in one process, each on a port of its own on loopback; the gateway's is the one to call.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::Context;
use banggiao_runtime::{
    Seams,
    config::{Database, Identity, Peer},
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::data_dir::{DataDir, INSTALLATION, ISSUER};

/// So long may the services take until they answer.
const START_MAX: Duration = Duration::from_secs(30);

/// The running services.
#[derive(Debug)]
pub struct Services {
    address: SocketAddr,
    /// Those of registry, journal and reporting.
    inner: [String; 3],
    data_dir: DataDir,
    shutdown: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Services {
    /// Starts the services on a data folder and waits until they answer. `listen` is the gateway's address; port 0 takes
    /// a free one.
    ///
    /// # Errors
    /// If the folder is in use, the address is taken, or a service does not start.
    pub async fn start(data_dir: &Path, listen: &str, seams: Seams) -> anyhow::Result<Self> {
        let data_dir = DataDir::open(data_dir)?;
        data_dir.write_identities(&*seams.clock)?;
        let gateway = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))?;
        let address = gateway.local_addr()?;
        let (registry, registry_peer) = loopback().await?;
        let (journal, journal_peer) = loopback().await?;
        let (reporting, reporting_peer) = loopback().await?;
        let inner = [&registry_peer, &journal_peer, &reporting_peer].map(|peer| peer.address.clone());
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
        (config.registry, config.journal, config.reporting) = (registry_peer, journal_peer, reporting_peer);
        tasks.spawn(banggiao_gateway::start(config, gateway, seams, shutdown.clone()));

        let mut services = Self {
            address,
            inner,
            data_dir,
            shutdown,
            tasks,
        };
        services.wait_until_serving().await?;
        Ok(services)
    }

    /// Where the gateway listens, as `http://127.0.0.1:7700`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where registry, journal and reporting listen behind the gateway. Each asks for a token as the gateway does.
    #[must_use]
    pub fn service_addresses(&self) -> [String; 3] {
        self.inner.clone()
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

    async fn wait_until_serving(&mut self) -> anyhow::Result<()> {
        let channel = banggiao_rpc::channel::lazy(&self.address())?;
        let serving = tokio::time::timeout(START_MAX, all_serving(channel));
        tokio::select! {
            serving = serving => serving.context("the services do not answer"),
            Some(ended) = self.tasks.join_next() => {
                self.shutdown.cancel();
                let ended = ended.context("a service panicked").and_then(|ended| ended);
                ended.and_then(|()| anyhow::bail!("a service ended at once"))
            }
        }
    }
}

async fn loopback() -> anyhow::Result<(TcpListener, Peer)> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("no free port on loopback")?;
    let address = format!("http://{}", listener.local_addr()?);
    Ok((listener, Peer::at(address)))
}

async fn all_serving(channel: Channel) {
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    let mut health = HealthClient::new(channel);
    for service in ["banggiao.registry.v1", "banggiao.journal.v1", "banggiao.reporting.v1"] {
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
}
