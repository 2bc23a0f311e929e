//! Reports against a small server in this process: what is sent, what is written, and which exit codes come of it.

use banggiao_cli::{Error, Globals, Verb};
use banggiao_contracts::journal::v1 as journal;
use banggiao_contracts::registry::v1 as registry;
use banggiao_contracts::reporting::v1 as pb;
use clap::Parser;
use journal::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use pb::report_service_server::{ReportService, ReportServiceServer};
use registry::registry_feed_service_server::{RegistryFeedService, RegistryFeedServiceServer};
use std::fs;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

/// What the server was sent.
#[derive(Debug, Default)]
struct Seen {
    generated: Option<pb::GenerateReportRequest>,
    issued: Option<pb::IssueReportRequest>,
    updated: Option<pb::UpdateReportTemplateRequest>,
    rendered: Option<pb::RenderReportRequest>,
}

#[derive(Debug, Clone, Default)]
struct Server(Arc<Mutex<Seen>>);

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not here"))
}

#[tonic::async_trait]
impl EventFeedService for Server {
    type WatchEventsStream = Boxed<journal::WatchEventsResponse>;

    async fn get_head(&self, _: Request<journal::GetHeadRequest>) -> Answer<journal::LogPosition> {
        Ok(Response::new(journal::LogPosition {
            log_index: 1024,
            ..Default::default()
        }))
    }

    async fn watch_events(&self, _: Request<journal::WatchEventsRequest>) -> Answer<Self::WatchEventsStream> {
        not_here()
    }
}

#[tonic::async_trait]
impl RegistryFeedService for Server {
    type WatchChangesStream = Boxed<registry::WatchChangesResponse>;

    async fn get_head(&self, _: Request<registry::GetHeadRequest>) -> Answer<registry::RegistryPosition> {
        Ok(Response::new(registry::RegistryPosition {
            position: 88,
            ..Default::default()
        }))
    }

    async fn watch_changes(&self, _: Request<registry::WatchChangesRequest>) -> Answer<Self::WatchChangesStream> {
        not_here()
    }
}

#[tonic::async_trait]
impl ReportService for Server {
    type RenderReportStream = Boxed<pb::RenderReportResponse>;

    async fn list_report_templates(
        &self,
        _: Request<pb::ListReportTemplatesRequest>,
    ) -> Answer<pb::ListReportTemplatesResponse> {
        not_here()
    }

    async fn get_report_template(&self, _: Request<pb::GetReportTemplateRequest>) -> Answer<pb::ReportTemplate> {
        Ok(Response::new(pb::ReportTemplate {
            etag: "3-x".into(),
            ..Default::default()
        }))
    }

    async fn create_report_template(&self, _: Request<pb::CreateReportTemplateRequest>) -> Answer<pb::ReportTemplate> {
        not_here()
    }

    async fn update_report_template(
        &self,
        request: Request<pb::UpdateReportTemplateRequest>,
    ) -> Answer<pb::ReportTemplate> {
        let request = request.into_inner();
        let answer = request.report_template.clone().unwrap();
        self.0.lock().unwrap().updated = Some(request);
        Ok(Response::new(answer))
    }

    async fn generate_report(&self, request: Request<pb::GenerateReportRequest>) -> Answer<pb::Report> {
        self.0.lock().unwrap().generated = Some(request.into_inner());
        Ok(Response::new(pb::Report {
            name: "reports/r1".into(),
            ..Default::default()
        }))
    }

    async fn get_report(&self, _: Request<pb::GetReportRequest>) -> Answer<pb::Report> {
        not_here()
    }

    async fn list_reports(&self, _: Request<pb::ListReportsRequest>) -> Answer<pb::ListReportsResponse> {
        not_here()
    }

    async fn issue_report(&self, request: Request<pb::IssueReportRequest>) -> Answer<pb::Report> {
        self.0.lock().unwrap().issued = Some(request.into_inner());
        Ok(Response::new(pb::Report::default()))
    }

    async fn supersede_report(&self, _: Request<pb::SupersedeReportRequest>) -> Answer<pb::Report> {
        Err(Status::failed_precondition("no"))
    }

    async fn verify_report(&self, request: Request<pb::VerifyReportRequest>) -> Answer<pb::VerifyReportResponse> {
        Ok(Response::new(pb::VerifyReportResponse {
            verified: request.into_inner().name == "reports/sound",
            ..Default::default()
        }))
    }

    async fn list_changes_since_issue(
        &self,
        request: Request<pb::ListChangesSinceIssueRequest>,
    ) -> Answer<pb::ListChangesSinceIssueResponse> {
        assert_eq!(request.into_inner().min_log_index, 1024);
        Ok(Response::new(pb::ListChangesSinceIssueResponse::default()))
    }

    async fn render_report(&self, request: Request<pb::RenderReportRequest>) -> Answer<Self::RenderReportStream> {
        let request = request.into_inner();
        let breaks = request.name == "reports/breaks";
        self.0.lock().unwrap().rendered = Some(request);
        let part = |data: &str| {
            Ok(pb::RenderReportResponse {
                data: data.into(),
                ..Default::default()
            })
        };
        let last = if breaks {
            Err(Status::unavailable("gone"))
        } else {
            part("cáo\n")
        };
        Ok(Response::new(Box::pin(tokio_stream::iter([part("# Báo "), last]))))
    }
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// A server, and what a line of the command does with it.
struct Scene {
    server: Server,
    address: String,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = tonic::transport::Server::builder()
            .add_service(ReportServiceServer::new(server.clone()))
            .add_service(EventFeedServiceServer::new(server.clone()))
            .add_service(RegistryFeedServiceServer::new(server.clone()));
        tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
        let folder = tempfile::tempdir().unwrap();
        Self {
            server,
            address,
            folder,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn run(&self, line: &str) -> Result<(), Error> {
        let token = self.path("token");
        fs::write(&token, "").unwrap();
        let words = format!(
            "banggiao --server {} --token-file {token} --lang vi {line}",
            self.address
        );
        let cli = Cli::try_parse_from(words.split_whitespace()).unwrap_or_else(|error| panic!("{line}: {error}"));
        banggiao_cli::run(cli.verb, &cli.globals).await
    }
}

#[tokio::test]
async fn a_draft_and_its_issue_hold_what_was_written_before() {
    let scene = Scene::new().await;
    scene
        .run("report generate --template six-month --unit tayninh --period civil/2024-H1")
        .await
        .unwrap();
    scene.run("report issue r1 --document-number 123/BC-BCH").await.unwrap();
    scene.run("report since r1").await.unwrap();
    let seen = scene.server.0.lock().unwrap();
    let generated = seen.generated.as_ref().unwrap();
    assert_eq!((generated.min_log_index, generated.min_registry_position), (1024, 88));
    let issued = seen.issued.as_ref().unwrap();
    assert_eq!((issued.min_log_index, issued.min_registry_position), (1024, 88));
    assert_eq!(issued.document_number, "123/BC-BCH");
    assert!(!issued.request_id.is_empty() && issued.request_id != generated.request_id);
}

#[tokio::test]
async fn a_report_that_is_not_the_same_fails() {
    let scene = Scene::new().await;
    for output in ["table", "json", "csv"] {
        scene
            .run(&format!("report verify sound --output {output}"))
            .await
            .unwrap();
        let error = scene
            .run(&format!("report verify other --output {output}"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Reported) && error.exit_code() == 1, "{error:?}");
    }
    let error = scene.run("report supersede r1 --reason x").await.unwrap_err();
    assert!(error.text().starts_with("FAILED_PRECONDITION"), "{}", error.text());
}

#[tokio::test]
async fn a_document_is_there_whole_or_not_at_all() {
    let scene = Scene::new().await;
    let file = scene.path("r.md");
    let render = |name: &str, more: &str| format!("report render {name} --format markdown --to {file} {more}");
    let error = scene.run(&render("breaks", "")).await.unwrap_err();
    assert!(error.text().starts_with("UNAVAILABLE"), "{}", error.text());
    assert!(!fs::exists(&file).unwrap());
    scene.run(&render("r1", "")).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "# Báo cáo\n");
    assert!(
        scene
            .run(&render("r1", ""))
            .await
            .unwrap_err()
            .text()
            .contains("--force")
    );
    scene.run(&render("r1", "--force --language en")).await.unwrap();
    let language = || scene.server.0.lock().unwrap().rendered.take().unwrap().language;
    assert_eq!(language(), "en");
    scene.run("report get r1").await.unwrap();
    assert_eq!(language(), "vi", "the language of the session");
}

#[tokio::test]
async fn a_template_is_changed_under_the_etag_that_is_known() {
    let scene = Scene::new().await;
    let file = scene.path("template.json");
    let etag = |scene: &Scene| {
        let request = scene.server.0.lock().unwrap().updated.take().unwrap();
        let paths = request.update_mask.unwrap().paths;
        assert_eq!(paths, ["titles", "legal_basis", "of_programme", "sections"]);
        let template = request.report_template.unwrap();
        assert_eq!(
            (template.name.as_str(), template.revision),
            ("reportTemplates/six-month", 0)
        );
        template.etag
    };
    fs::write(
        &file,
        r#"{"name": "six-month", "titles": {"vi": "Báo cáo"}, "revision": 7}"#,
    )
    .unwrap();
    scene.run(&format!("report template update {file}")).await.unwrap();
    assert_eq!(etag(&scene), "3-x", "the newest");
    fs::write(
        &file,
        r#"{"name": "six-month", "titles": {"vi": "Báo cáo"}, "etag": "2-y"}"#,
    )
    .unwrap();
    scene.run(&format!("report template update {file}")).await.unwrap();
    assert_eq!(etag(&scene), "2-y", "that of the file");
    scene
        .run(&format!("report template update {file} --etag 1-z"))
        .await
        .unwrap();
    assert_eq!(etag(&scene), "1-z", "that of the flag");
}
