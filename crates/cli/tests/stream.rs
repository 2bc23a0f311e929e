//! Imports and calls by descriptor against a small server in this process, which breaks on purpose.

use banggiao_cli::import::{self, File, Options};
use banggiao_cli::{Connection, dynamic};
use banggiao_contracts::registry::v1 as registry;
use banggiao_contracts::reporting::v1 as reporting;
use banggiao_contracts::r#type::v1::{RowOutcome, RowResult, RowViolation};
use registry::import_service_server::{ImportService, ImportServiceServer};
use reporting::figure_service_server::{FigureService, FigureServiceServer};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What the server has seen.
#[derive(Debug, Default)]
struct Seen {
    names: BTreeSet<String>,
    requests: Vec<usize>,
    authorization: Option<String>,
    breaks: usize,
    /// Takes the second request and never answers.
    hangs: bool,
}

#[derive(Debug, Clone, Default)]
struct Server(Arc<Mutex<Seen>>);

impl Server {
    /// Stores a batch, and breaks the stream after it as long as breaks are left.
    fn take(&self, request: &registry::ImportRowsRequest) -> Result<registry::ImportRowsResponse, Status> {
        let mut seen = self.0.lock().unwrap();
        seen.requests.push(request.rows.len());
        let results = request.rows.iter().map(|row| {
            let Some(registry::import_row::Row::Unit(unit)) = &row.row else {
                panic!("{row:?}")
            };
            let mut result = RowResult {
                line: row.line,
                ..RowResult::default()
            };
            if unit.name == "units/bad" {
                result.violations = vec![RowViolation {
                    field: "unit.parent".into(),
                    description: "no".into(),
                    reason: String::new(),
                }];
                result.set_outcome(RowOutcome::Rejected);
            } else if seen.names.insert(unit.name.clone()) {
                result.set_outcome(RowOutcome::Accepted);
            } else {
                result.set_outcome(RowOutcome::Repeated);
            }
            result
        });
        let results = results.collect();
        if seen.breaks > 0 {
            seen.breaks -= 1;
            return Err(Status::unavailable("gone for a moment"));
        }
        Ok(registry::ImportRowsResponse {
            results,
            registry_position: seen.names.len() as i64,
        })
    }
}

#[tonic::async_trait]
impl ImportService for Server {
    type ImportRowsStream = Boxed<registry::ImportRowsResponse>;

    async fn import_rows(
        &self,
        request: Request<Streaming<registry::ImportRowsRequest>>,
    ) -> Result<Response<Self::ImportRowsStream>, Status> {
        let header = request
            .metadata()
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        self.0.lock().unwrap().authorization = header.map(str::to_owned);
        let server = self.clone();
        let answers = request.into_inner().then(move |request| {
            let server = server.clone();
            async move {
                let answer = server.take(&request?);
                let hangs = server.0.lock().unwrap().hangs && server.0.lock().unwrap().requests.len() > 1;
                if hangs { std::future::pending().await } else { answer }
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

#[tonic::async_trait]
impl FigureService for Server {
    type ExplainDifferenceStream = Boxed<reporting::ExplainDifferenceResponse>;
    type ExplainFigureStream = Boxed<reporting::ExplainFigureResponse>;

    async fn explain_difference(
        &self,
        _: Request<reporting::ExplainDifferenceRequest>,
    ) -> Result<Response<Self::ExplainDifferenceStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn query_figures(
        &self,
        _: Request<reporting::QueryFiguresRequest>,
    ) -> Result<Response<reporting::QueryFiguresResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn explain_figure(
        &self,
        _: Request<reporting::ExplainFigureRequest>,
    ) -> Result<Response<Self::ExplainFigureStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_position(
        &self,
        _: Request<reporting::GetPositionRequest>,
    ) -> Result<Response<reporting::ReportingPosition>, Status> {
        let registry_position = self.0.lock().unwrap().names.len() as i64;
        Ok(Response::new(reporting::ReportingPosition {
            registry_position,
            ..Default::default()
        }))
    }
}

fn connect(address: SocketAddr) -> Connection {
    Connection::open(
        &format!("http://{address}"),
        Some("secret".into()),
        Duration::from_secs(5),
    )
    .unwrap()
}

fn spawn(server: &Server, listener: TcpListener) {
    let router = tonic::transport::Server::builder()
        .add_service(ImportServiceServer::new(server.clone()))
        .add_service(FigureServiceServer::new(server.clone()));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
}

async fn serve(breaks: usize) -> (Server, Connection) {
    let server = Server::default();
    server.0.lock().unwrap().breaks = breaks;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(&server, listener);
    (server, connect(address))
}

fn options(rows: usize, more: &str, dry_run: bool) -> Options {
    let mut text = "id,country,kind,parent,name_vi,name_en,name_km,start_date,end_date\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!("u{row},VN,COMMAND,,x,,,1976-05-02,\n"));
    }
    text.push_str(more);
    let files = vec![File::new("units.csv", text.into_bytes()).unwrap()];
    Options {
        files,
        source: Some("test".into()),
        dry_run,
        progress: false,
    }
}

#[tokio::test]
async fn rows_arrive_in_batches_and_are_booked() {
    let (server, connection) = serve(0).await;
    let bad = "bad,VN,COMMAND,,x,,,1976-05-02,\nu0,VN,COMMAND,,x,,,1976-05-02,\nshort,VN\n";
    let summary = import::run(&connection, &options(1_700, bad, false)).await.unwrap();
    let file = &summary.files[0];
    assert_eq!((file.accepted, file.repeated, file.rejections.len()), (1_700, 1, 2));
    let rejected: Vec<_> = file.rejections.iter().map(|rejection| rejection.row.line).collect();
    assert_eq!(rejected, [1_704, 1_702]);
    assert_eq!(file.rejections[1].faults[0].field, "parent");
    assert_eq!(summary.registry_position, 1_700);
    assert!(summary.shown && !summary.clean());
    let seen = server.0.lock().unwrap();
    assert_eq!(seen.requests, [500, 500, 500, 202]);
    assert_eq!(seen.authorization.as_deref(), Some("Bearer secret"));
}

#[tokio::test]
async fn a_break_is_bridged_and_what_was_stored_is_repeated() {
    let (_, connection) = serve(2).await;
    let summary = import::run(&connection, &options(1_200, "", false)).await.unwrap();
    let file = &summary.files[0];
    // The first batch was stored twice before its answer came through; nothing is lost or doubled.
    assert_eq!(file.accepted + file.repeated, 1_200);
    assert!(file.repeated >= 500 && summary.clean());
    assert_eq!(summary.registry_position, 1_200);
}

/// A server whose process dies in the middle, and comes back at the same address.
#[tokio::test]
async fn a_server_that_dies_and_returns_is_found_again() {
    let server = Server::default();
    server.0.lock().unwrap().hangs = true;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let first = server.clone();
    let bound = runtime.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn(&first, listener);
        address
    });
    let address = bound.await.unwrap();
    let import = tokio::spawn(async move { import::run(&connect(address), &options(1_200, "", false)).await });
    while server.0.lock().unwrap().requests.len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    runtime.shutdown_background();
    server.0.lock().unwrap().hangs = false;
    tokio::time::sleep(Duration::from_millis(300)).await;
    spawn(&server, TcpListener::bind(address).await.unwrap());
    let summary = import.await.unwrap().unwrap();
    let file = &summary.files[0];
    // How many answers had arrived before the server died is a matter of moments; that no row is lost or doubled is not.
    assert_eq!(
        (file.accepted + file.repeated, summary.registry_position),
        (1_200, 1_200)
    );
    assert!(file.repeated <= 1_000 && file.rejections.is_empty(), "{file:?}");
}

#[tokio::test]
async fn a_dry_run_begins_again_after_a_break() {
    let (server, connection) = serve(1).await;
    let summary = import::run(&connection, &options(600, "", true)).await.unwrap();
    assert_eq!(summary.files[0].accepted + summary.files[0].repeated, 600);
    assert_eq!(
        server
            .0
            .lock()
            .unwrap()
            .requests
            .iter()
            .filter(|rows| **rows == 500)
            .count(),
        2
    );
}

#[tokio::test]
async fn a_refused_file_does_not_hold_up_the_others() {
    let (_, connection) = serve(0).await;
    let mut options = options(3, "", false);
    options
        .files
        .push(File::new("markers.csv", &b"border,number\n"[..]).unwrap());
    let summary = import::run(&connection, &options).await.unwrap();
    assert_eq!(summary.files[0].accepted, 3);
    assert_eq!(
        summary.files[1].refused.as_deref(),
        Some("column \"home_unit\" is missing; column \"partner_unit\" is missing")
    );
    assert!(!summary.clean());
}

/// The server has no journal: whoever asks it is told so.
#[tokio::test]
async fn a_dry_run_checks_no_events_of_units_that_are_not_there_yet() {
    let (_, connection) = serve(0).await;
    let mut options = options(3, "", true);
    let events = "reference,type,start_date,end_date,direction,home_unit,co_home_units,partner_units,place_vi,delegations,\
                  persons,programmes,agreement,marker_from,marker_to,quantities,state,summary_vi\n\
                  EV-1,AID,2024-03-01,,,u1,,,,,,,,,,,APPROVED,x\n\
                  EV-2,AID,2024-03-01,,,u1,,,,,many,,,,,,APPROVED,x\n";
    options.files.push(File::new("events.csv", events.as_bytes()).unwrap());
    options
        .files
        .push(File::new("corrections.csv", &b"reference,field,value,reason\n"[..]).unwrap());
    let summary = import::run(&connection, &options).await.unwrap();
    let [units, events, corrections] = &summary.files[..] else {
        panic!("{summary:?}")
    };
    assert_eq!((units.accepted, units.skipped), (3, false));
    // What cannot be read is known without anybody being asked.
    assert_eq!(
        (events.skipped, events.rejections.len(), summary.clean()),
        (true, 1, false)
    );
    assert!(!corrections.skipped);
    // The units are known by now.
    let error = import::run(&connection, &options).await.unwrap_err();
    assert!(error.text().starts_with("UNIMPLEMENTED"), "{}", error.text());
}

#[tokio::test]
async fn a_call_by_descriptor_goes_over_the_wire() {
    let (_, connection) = serve(0).await;
    import::run(&connection, &options(7, "", false)).await.unwrap();
    let method = dynamic::method("banggiao.reporting.v1.FigureService/GetPosition").unwrap();
    let request = dynamic::message(&reporting::GetPositionRequest {}).unwrap();
    let response = dynamic::unary(&connection, &method, request).await.unwrap();
    assert_eq!(
        banggiao_cli::json::dynamic(&response).unwrap(),
        "{\n  \"registryPosition\": \"7\"\n}\n"
    );
    let method = dynamic::method("banggiao.reporting.v1.IndicatorService/ListIndicators").unwrap();
    let request = dynamic::message(&reporting::ListIndicatorsRequest::default()).unwrap();
    let error = dynamic::unary(&connection, &method, request).await.unwrap_err();
    assert!(error.text().starts_with("UNIMPLEMENTED"), "{}", error.text());
}
