//! `health`: is the server, and each service behind it, able to serve?
//!
//! It owns the two messages of the gRPC health checking protocol, `grpc.health.v1`, which are too small for a
//! dependency of their own.

use crate::connection::Connection;
use crate::error::{self, Error};
use crate::globals::Session;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

/// What is asked for: the gateway as a whole, then the services behind it.
const SERVICES: [&str; 6] = [
    "",
    "banggiao.registry.v1",
    "banggiao.journal.v1",
    // Whether it takes anything in: a log that is not what was signed is only read.
    "banggiao.journal.v1.writes",
    "banggiao.reporting.v1",
    // Whether its figures go on: they stand still before an entry of the journal that does not read.
    "banggiao.reporting.v1.projection",
];

const SERVING: &str = "SERVING";

/// Request of `grpc.health.v1.Health/Check`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// Response of `grpc.health.v1.Health/Check`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckResponse {
    #[prost(enumeration = "ServingStatus", tag = "1")]
    status: i32,
}

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum ServingStatus {
    Unknown = 0,
    Serving = 1,
    NotServing = 2,
    ServiceUnknown = 3,
}

/// Asks for the health of everything and prints it.
///
/// # Errors
/// The status of the first call if the server itself cannot be asked; [`Error::Reported`] if anything is not serving.
pub async fn run(session: &Session) -> Result<(), Error> {
    let mut states = Vec::with_capacity(SERVICES.len());
    for service in SERVICES {
        let state = match check(&session.connection, service).await {
            Ok(status) => name(status).to_owned(),
            Err(Error::Status(status)) if status.code() == Code::NotFound => name(ServingStatus::ServiceUnknown).into(),
            Err(Error::Status(status)) if !service.is_empty() => error::code_name(status.code()).to_owned(),
            Err(error) => return Err(error),
        };
        states.push((service, state));
    }
    print(session, &states)?;
    if states.iter().all(|(_, state)| state == SERVING) {
        Ok(())
    } else {
        Err(Error::Reported)
    }
}

async fn check(connection: &Connection, service: &str) -> Result<ServingStatus, Error> {
    let request = Request::new(HealthCheckRequest {
        service: service.to_owned(),
    });
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let mut client = tonic::client::Grpc::new(connection.service(true));
    let response = connection
        .call(async {
            client
                .ready()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
            client.unary(request, path, codec).await
        })
        .await?;
    Ok(response.status())
}

fn name(status: ServingStatus) -> &'static str {
    match status {
        ServingStatus::Unknown => "UNKNOWN",
        ServingStatus::Serving => SERVING,
        ServingStatus::NotServing => "NOT_SERVING",
        ServingStatus::ServiceUnknown => "SERVICE_UNKNOWN",
    }
}

fn print(session: &Session, states: &[(&str, String)]) -> Result<(), Error> {
    if session.output == Output::Json {
        let services: Vec<_> = states
            .iter()
            .map(|(service, state)| serde_json::json!({ "service": service, "status": state }))
            .collect();
        return output::data(&format!("{:#}", serde_json::json!({ "services": services })));
    }
    let mut table = Table::new(vec![
        Column::new("service", session.lang.pick("Service", "Dịch vụ")),
        Column::new("status", session.lang.pick("Status", "Trạng thái")),
    ]);
    for (service, state) in states {
        let shown = if service.is_empty() && session.output == Output::Table {
            "(server)"
        } else {
            service
        };
        table.push(vec![Cell::text(shown), Cell::text(state)]);
    }
    output::data(&match session.output {
        Output::Csv => table.csv()?,
        Output::Table | Output::Json => table.render(session.lang, output::width()),
    })
}
