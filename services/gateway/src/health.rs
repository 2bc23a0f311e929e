//! Health of the gateway itself and of each service behind it, by the standard protocol.

use std::{pin::Pin, time::Duration};

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient,
    health_server,
};

use crate::config::Config;

/// A service that does not answer in this time is not well.
const PATIENCE: Duration = Duration::from_secs(2);
/// A watched service is asked so often.
const INTERVAL: Duration = Duration::from_secs(1);

/// Answers for the gateway (the empty name) and for each package behind it.
#[derive(Debug, Clone)]
pub struct Health {
    services: Vec<(&'static str, HealthClient<Channel>)>,
    shutdown: CancellationToken,
}

impl Health {
    /// From the configuration.
    pub fn new(config: &Config, shutdown: CancellationToken) -> anyhow::Result<Self> {
        let services = config.routes().into_iter().map(|(package, peer)| {
            let client = HealthClient::new(peer.channel()?);
            Ok((package, client))
        });
        Ok(Self {
            services: services.collect::<anyhow::Result<_>>()?,
            shutdown,
        })
    }

    async fn status(&self, service: &str) -> Option<ServingStatus> {
        if service.is_empty() {
            return Some(if self.shutdown.is_cancelled() {
                ServingStatus::NotServing
            } else {
                ServingStatus::Serving
            });
        }
        // A service may tell of its parts apart, as `banggiao.journal.v1.writes`.
        let of_service = |package: &str| {
            service
                .strip_prefix(package)
                .is_some_and(|part| part.is_empty() || part.starts_with('.'))
        };
        let (_, client) = self.services.iter().find(|(package, _)| of_service(package))?;
        let mut request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        request.set_timeout(PATIENCE);
        match client.clone().check(request).await {
            Ok(answer) => Some(answer.into_inner().status()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(_) => Some(ServingStatus::NotServing),
        }
    }
}

#[tonic::async_trait]
impl health_server::Health for Health {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        match self.status(&service).await {
            Some(status) => Ok(Response::new(HealthCheckResponse { status: status.into() })),
            None => Err(Status::not_found(format!("there is no service {service:?}"))),
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (health, service) = (self.clone(), request.into_inner().service);
        let stream = async_stream::stream! {
            let mut told = None;
            while !health.shutdown.is_cancelled() {
                let status = health.status(&service).await.unwrap_or(ServingStatus::ServiceUnknown);
                if told != Some(status) {
                    told = Some(status);
                    yield Ok(HealthCheckResponse { status: status.into() });
                }
                tokio::select! {
                    () = tokio::time::sleep(INTERVAL) => {}
                    () = health.shutdown.cancelled() => {}
                }
            }
        };
        Ok(Response::new(Box::pin(stream)))
    }
}
