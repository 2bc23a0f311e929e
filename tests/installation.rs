//! An installation for a test: all four services on a temporary folder, and clients for its principals.

use std::{sync::Arc, time::Duration};

use banggiao_cli::{Connection, import};
use banggiao_contracts::{
    journal::v1::event_service_client::EventServiceClient,
    registry::v1::{
        CreatePrincipalRequest, Grant, GrantRoleRequest, Principal, Role, access_service_client::AccessServiceClient,
        unit_service_client::UnitServiceClient,
    },
    reporting::v1::figure_service_client::FigureServiceClient,
    r#type::v1::Classification,
};
use banggiao_rpc::channel::{self, Authorized, Bearer};
use banggiao_standalone::{
    data_dir, sample,
    services::{Outside, Services},
};
use banggiao_testkit::HandClock;
use tempfile::TempDir;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// The day of every test: after everything in the sample.
pub const NOW: &str = "2026-03-15T01:00:00Z";

/// Whose pages may call.
pub const ORIGIN: &str = "https://office.example";

/// Four running services on a folder that goes away with them.
pub struct Installation {
    services: Option<Services>,
    folder: TempDir,
    /// The clock of the services.
    pub clock: Arc<HandClock>,
}

impl Installation {
    /// An empty one.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = HandClock::at(NOW);
        let services = Some(run(&folder, &clock).await);
        Self {
            services,
            folder,
            clock,
        }
    }

    /// One with the sample imported.
    pub async fn with_sample() -> Self {
        let installation = Self::start().await;
        let summary = installation.import(sample::files()).await;
        assert!(summary.clean(), "the sample is rejected: {:?}", summary.files);
        installation
    }

    /// Ends the services and starts them again on the same folder.
    pub async fn restart(&mut self) {
        self.while_stopped(|_| {}).await;
    }

    /// Ends the services, if they run.
    pub async fn stop(&mut self) {
        if let Some(services) = self.services.take() {
            services.stop().await.expect("the services end without a fault");
        }
    }

    /// Ends the services, lets somebody work on the folder, and starts them again.
    pub async fn while_stopped(&mut self, work: impl FnOnce(&std::path::Path)) {
        self.stop().await;
        work(self.folder.path());
        self.services = Some(run(&self.folder, &self.clock).await);
    }

    /// What health says of a service or a part of one.
    pub async fn health(&self, service: &str) -> &'static str {
        let channel = channel::lazy(&self.address()).expect("an address");
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = HealthClient::new(channel).check(request).await;
        answer.expect("an answer").into_inner().status().as_str_name()
    }

    /// Imports files as the administrator.
    pub async fn import(&self, files: Vec<import::File>) -> import::Summary {
        let options = import::Options {
            files,
            ..import::Options::default()
        };
        import::run(&self.connection(), &options)
            .await
            .expect("the import runs")
    }

    /// The folder on which the services run.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where the gateway listens.
    pub fn address(&self) -> String {
        self.services.as_ref().expect("the services run").address()
    }

    /// Where registry, journal and reporting listen behind it.
    pub fn service_addresses(&self) -> [String; 3] {
        self.services.as_ref().expect("the services run").service_addresses()
    }

    /// A new connection of the command line, as the administrator.
    pub fn connection(&self) -> Connection {
        let token = self.token("administrator");
        Connection::open(&self.address(), Some(token), Duration::from_secs(20)).expect("an address")
    }

    /// A token for a principal.
    pub fn token(&self, principal: &str) -> String {
        let issuer = data_dir::issuer(self.folder.path()).expect("a signing key");
        data_dir::issue(&issuer, principal, 100 * 24 * 3600, &*self.clock)
            .expect("a token")
            .0
    }

    /// A new channel of a principal.
    pub fn channel(&self, principal: &str) -> Authorized {
        let bearer = Bearer::new(&self.token(principal)).expect("a token that fits a header");
        channel::authorized(&self.address(), bearer).expect("an address")
    }

    /// A principal with one grant; an empty unit is everything.
    pub async fn principal(&self, id: &str, role: Role, unit: &str) {
        self.cleared_principal(id, role, unit, Classification::Unspecified)
            .await;
    }

    /// The same, cleared up to a classification.
    pub async fn cleared_principal(&self, id: &str, role: Role, unit: &str, clearance: Classification) {
        let mut access = AccessServiceClient::new(self.channel("administrator"));
        let principal = Principal {
            display_name: id.to_owned(),
            ..Principal::default()
        };
        let request = CreatePrincipalRequest {
            principal_id: id.to_owned(),
            principal: Some(principal),
            ..Default::default()
        };
        access.create_principal(request).await.expect("a new principal");
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!("units/{unit}")
        };
        let grant = Grant {
            principal: format!("principals/{id}"),
            role: role.into(),
            unit,
            clearance: clearance.into(),
            ..Grant::default()
        };
        access
            .grant_role(GrantRoleRequest {
                grant: Some(grant),
                ..Default::default()
            })
            .await
            .expect("a grant");
    }

    /// Events, as a principal.
    pub fn events(&self, principal: &str) -> EventServiceClient<Authorized> {
        EventServiceClient::new(self.channel(principal))
    }

    /// Units, as a principal.
    pub fn units(&self, principal: &str) -> UnitServiceClient<Authorized> {
        UnitServiceClient::new(self.channel(principal))
    }

    /// Figures, as a principal.
    pub fn figures(&self, principal: &str) -> FigureServiceClient<Authorized> {
        FigureServiceClient::new(self.channel(principal))
    }
}

async fn run(folder: &TempDir, clock: &Arc<HandClock>) -> Services {
    banggiao_runtime::telemetry::init("warn", false);
    let seams = banggiao_testkit::seams(Arc::clone(clock));
    let outside = Outside {
        origins: vec![ORIGIN.to_owned()],
        ..Outside::at("127.0.0.1:0")
    };
    Services::start(folder.path(), outside, seams)
        .await
        .expect("the services start")
}
