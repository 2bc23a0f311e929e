//! The public keys of issuers, kept up to date: files are looked at every few seconds, addresses are asked every few
//! minutes and whenever a token names a key that is not known.
//!
//! An issuer that is away changes nothing: its last keys hold on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use banggiao_rpc::identity::Verifier;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Peer;

/// A file of keys is looked at so often.
const FILE_SEEN: Duration = Duration::from_secs(2);
/// An address is not asked again sooner than this, whatever tokens say.
const ASKED_AGAIN: Duration = Duration::from_secs(5);
/// An issuer must give its keys in this time.
const PATIENCE: Duration = Duration::from_secs(5);
/// A set of keys has at most so many bytes.
const BYTES_MAX: usize = 1024 * 1024;

/// Where an issuer's keys are.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// Behind an address.
    Address {
        /// The address. Keys are not fetched in plain text from another machine: whoever changed them on the way could
        /// be anybody.
        peer: Peer,
        /// It is asked so often.
        refreshed: Duration,
    },
}

/// Gives a verifier the keys of its issuers, in their order, and keeps them up to date until `shutdown`.
///
/// # Errors
/// If a file cannot be read or holds no usable key. An address that does not answer is asked again later.
pub async fn kept(
    verifier: Arc<Verifier>,
    sources: Vec<Source>,
    shutdown: CancellationToken,
) -> anyhow::Result<Arc<Verifier>> {
    for (issuer, source) in sources.into_iter().enumerate() {
        let mut keeper = Keeper {
            verifier: Arc::clone(&verifier),
            issuer,
            source,
            last: String::new(),
        };
        match (keeper.refresh().await, &keeper.source) {
            (Err(error), Source::File(_)) => return Err(error),
            (Err(error), Source::Address { peer, .. }) => {
                // What is configured wrongly will not mend itself.
                peer.connector(PATIENCE)?;
                tracing::warn!(
                    address = peer.address,
                    error = format!("{error:#}"),
                    "the keys of an issuer cannot be fetched"
                );
            }
            (Ok(()), _) => {}
        }
        let shutdown = shutdown.clone();
        tokio::spawn(async move { shutdown.run_until_cancelled(keeper.keep()).await });
    }
    Ok(verifier)
}

struct Keeper {
    verifier: Arc<Verifier>,
    issuer: usize,
    source: Source,
    /// The set that was taken last.
    last: String,
}

impl Keeper {
    async fn keep(mut self) {
        let mut refreshed = Instant::now();
        loop {
            match &self.source {
                Source::File(_) => tokio::time::sleep(FILE_SEEN).await,
                Source::Address { refreshed: every, .. } => {
                    let (again, next) = (refreshed + ASKED_AGAIN, refreshed + *every);
                    tokio::select! {
                        () = tokio::time::sleep_until(next) => {}
                        () = async {
                            self.verifier.unknown_key().await;
                            tokio::time::sleep_until(again).await;
                        } => {}
                    }
                }
            }
            refreshed = Instant::now();
            if let Err(error) = self.refresh().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the keys of an issuer cannot be renewed; those that are known hold on"
                );
            }
        }
    }

    async fn refresh(&mut self) -> anyhow::Result<()> {
        let (jwks, place) = match &self.source {
            Source::File(path) => {
                let jwks = tokio::fs::read_to_string(path).await;
                let place = path.display().to_string();
                (jwks.with_context(|| format!("cannot read the keys {place}"))?, place)
            }
            Source::Address { peer, .. } => (fetch(peer).await?, peer.address.clone()),
        };
        if jwks != self.last {
            let replaced = self.verifier.replace_keys(self.issuer, &jwks);
            replaced.map_err(|error| anyhow::anyhow!("keys {place}: {error}"))?;
            self.last = jwks;
        }
        Ok(())
    }
}

async fn fetch(peer: &Peer) -> anyhow::Result<String> {
    let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(peer.connector(PATIENCE)?);
    let request = Request::get(peer.uri()?)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .body(Empty::new())?;
    let fetched = async {
        let response = client.request(request).await?;
        ensure!(response.status() == StatusCode::OK, "it answers {}", response.status());
        let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
        match body {
            Ok(body) => Ok(String::from_utf8(body.to_bytes().to_vec())?),
            Err(error) => bail!("its answer breaks off or is too large: {error}"),
        }
    };
    let fetched = tokio::time::timeout(PATIENCE, fetched).await;
    fetched
        .context("it does not answer in time")
        .and_then(|fetched| fetched)
        .with_context(|| format!("the keys behind {}", peer.address))
}
