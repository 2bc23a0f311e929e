//! One service as a process: `serve` (the default) or `config`, which prints what it would serve with.

use std::{future::Future, path::PathBuf};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Seams, config, telemetry};

/// Part of every service's configuration: where it listens.
pub trait Listen {
    /// The address, as `127.0.0.1:7701`.
    fn listen(&self) -> &str;
}

/// Runs a service's process: reads `[serve|config] [--config FILE]` from the command line, loads the configuration over
/// `defaults`, listens, and serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// If the arguments or the configuration are not valid, the address is taken, or the service fails.
pub async fn run<C, S, F>(defaults: &str, start: S) -> anyhow::Result<()>
where
    C: DeserializeOwned + Serialize + Listen,
    S: FnOnce(C, TcpListener, Seams, CancellationToken) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let (role, file) = arguments(std::env::args().skip(1))?;
    let config: C = config::load(defaults, file.as_deref())?;
    match role.as_str() {
        "config" => {
            println!(
                "{}",
                toml::to_string_pretty(&config).context("the configuration cannot be shown")?
            );
            Ok(())
        }
        "serve" => {
            telemetry::init("info", true);
            let address = config.listen().to_owned();
            let listener = TcpListener::bind(&address)
                .await
                .with_context(|| format!("cannot listen on {address}"))?;
            tracing::info!(address, "serving");
            let shutdown = CancellationToken::new();
            tokio::spawn(cancel_on_signal(shutdown.clone()));
            start(config, listener, Seams::default(), shutdown).await
        }
        other => anyhow::bail!("{other:?} is neither serve nor config"),
    }
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<(String, Option<PathBuf>)> {
    let (mut role, mut file) = ("serve".to_owned(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--config" => file = Some(PathBuf::from(arguments.next().context("--config needs a file")?)),
            _ => role = argument,
        }
    }
    Ok((role, file))
}

/// Cancels the token on the first SIGTERM or Ctrl-C.
pub async fn cancel_on_signal(token: CancellationToken) {
    signal().await;
    tracing::info!("asked to end; finishing what is under way");
    token.cancel();
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        tracing::error!("SIGTERM cannot be listened for");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
