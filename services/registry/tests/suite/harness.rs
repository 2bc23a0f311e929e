//! A registry of its own for each scenario, and clients that are its administrator.

use std::{future::Future, sync::Arc};

use banggiao_contracts::registry::v1::{
    self as pb, agreement_service_client::AgreementServiceClient, marker_service_client::MarkerServiceClient,
    programme_service_client::ProgrammeServiceClient, search_service_client::SearchServiceClient,
    unit_service_client::UnitServiceClient,
};
use banggiao_registry::Config;
use banggiao_rpc::{
    channel::{self, Authorized, Bearer},
    token::Issuer,
};
use banggiao_runtime::config::Database;
use banggiao_testkit::{HandClock, postgres::Cluster};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

/// The day of every scenario.
const NOW: &str = "2026-03-15T01:00:00Z";

/// A running registry.
pub struct Registry {
    channel: Authorized,
    shutdown: CancellationToken,
    _folder: TempDir,
}

impl Registry {
    /// On a file.
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("registry.db").display());
        Self::start(folder, url).await
    }

    /// On a database of its own, if there is PostgreSQL.
    pub async fn on_postgres(name: &str) -> Option<Self> {
        let url = Cluster::shared()?.database(name);
        Some(Self::start(tempfile::tempdir().unwrap(), url).await)
    }

    async fn start(folder: TempDir, url: String) -> Self {
        let clock = HandClock::at(NOW);
        let mut config: Config = toml::from_str(banggiao_registry::DEFAULTS).unwrap();
        let issuer = Issuer::new(&[7; 32], &config.identity.issuer, &config.identity.installation);
        let keys = folder.path().join("jwks.json");
        std::fs::write(&keys, issuer.jwks()).unwrap();
        config.identity.jwks_file = keys;
        config.database = Database { url };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let seams = banggiao_testkit::seams(Arc::clone(&clock));
        tokio::spawn(banggiao_registry::start(config, listener, seams, shutdown.clone()));
        let token = issuer.issue("administrator", 3600, "token", &*clock).unwrap();
        let channel = channel::authorized(&address, Bearer::new(&token).unwrap()).unwrap();
        Self {
            channel,
            shutdown,
            _folder: folder,
        }
    }

    pub fn units(&self) -> UnitServiceClient<Authorized> {
        UnitServiceClient::new(self.channel.clone())
    }

    pub fn agreements(&self) -> AgreementServiceClient<Authorized> {
        AgreementServiceClient::new(self.channel.clone())
    }

    pub fn programmes(&self) -> ProgrammeServiceClient<Authorized> {
        ProgrammeServiceClient::new(self.channel.clone())
    }

    pub fn search(&self) -> SearchServiceClient<Authorized> {
        SearchServiceClient::new(self.channel.clone())
    }

    pub fn markers(&self) -> MarkerServiceClient<Authorized> {
        MarkerServiceClient::new(self.channel.clone())
    }

    /// Records a unit since 1976.
    pub async fn unit(&self, id: &str, kind: &str, parent: &str) -> pb::Unit {
        let country = if id.starts_with("kh-") { "KH" } else { "VN" };
        let unit = pb::Unit {
            country: country.to_owned(),
            kind: kind.to_owned(),
            parent: named("units", parent),
            names: [("vi".to_owned(), format!("Đơn vị {id}"))].into(),
            start_date: "1976-05-02".to_owned(),
            ..pb::Unit::default()
        };
        let request = pb::CreateUnitRequest {
            unit_id: id.to_owned(),
            unit: Some(unit),
            ..pb::CreateUnitRequest::default()
        };
        ok(self.units().create_unit(request)).await
    }

    /// A region with two provinces of two districts each, and two partners.
    pub async fn ground(&self) {
        self.unit("region", "MILITARY_REGION", "").await;
        for province in ["east", "west"] {
            self.unit(province, "PROVINCIAL_COMMAND", "region").await;
            for district in ["one", "two"] {
                self.unit(&format!("{province}-{district}"), "DISTRICT_COMMAND", province)
                    .await;
            }
        }
        self.unit("kh-north", "PROVINCIAL_COMMAND", "").await;
        self.unit("kh-south", "PROVINCIAL_COMMAND", "").await;
    }

    /// Records acts that take effect on a day.
    pub async fn reorganize(
        &self,
        day: &str,
        acts: Vec<pb::reorganization_act::Act>,
    ) -> Result<pb::ReorganizeUnitsResponse, Status> {
        let request = pb::ReorganizeUnitsRequest {
            reorganization: Some(document(day, acts)),
            ..pb::ReorganizeUnitsRequest::default()
        };
        self.units().reorganize_units(request).await.map(Response::into_inner)
    }

    /// A unit as it was on a day.
    pub async fn unit_on(&self, id: &str, day: &str) -> Result<pb::Unit, Status> {
        let request = pb::GetUnitRequest {
            name: named("units", id),
            as_of: day.to_owned(),
        };
        self.units().get_unit(request).await.map(Response::into_inner)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A reorganisation.
pub fn document(day: &str, acts: Vec<pb::reorganization_act::Act>) -> pb::Reorganization {
    pb::Reorganization {
        effective_date: day.to_owned(),
        legal_basis: "Quyết định 1".to_owned(),
        acts: acts
            .into_iter()
            .map(|act| pb::ReorganizationAct { act: Some(act) })
            .collect(),
        ..pb::Reorganization::default()
    }
}

/// A resource name; of nothing, nothing.
pub fn named(collection: &str, id: &str) -> String {
    if id.is_empty() {
        String::new()
    } else {
        format!("{collection}/{id}")
    }
}

/// What a call answers that must succeed.
pub async fn ok<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> T {
    call.await.unwrap_or_else(|status| panic!("{status:?}")).into_inner()
}

/// The code, the reason and the fields or subjects of a refusal.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String, Vec<String>) {
    let status = answer.expect_err("it is refused");
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let fields = details.bad_request().map(|bad| {
        let violations = bad.field_violations.iter();
        violations.map(|violation| violation.field.clone()).collect()
    });
    let subjects = details.precondition_failure().map(|failure| {
        let violations = failure.violations.iter();
        violations.map(|violation| violation.subject.clone()).collect()
    });
    (status.code(), reason, fields.or(subjects).unwrap_or_default())
}

/// A field mask.
pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    })
}
