//! An office that outgrows its machine: what it recorded goes on in a cluster, on PostgreSQL, and what it signed there is
//! the same to the last bit.

use std::process::Command;

use banggiao_contracts::reporting::v1::{
    GenerateReportRequest, GetReportRequest, IssueReportRequest, VerifyReportRequest,
    figure_service_client::FigureServiceClient, report_service_client::ReportServiceClient,
};
use banggiao_testkit::postgres;

use super::check_every_figure;
use crate::{
    cluster::Cluster,
    installation::Installation,
    processes::{self, program},
};

fn banggiao(arguments: &[&str]) {
    let ended = Command::new(program("banggiao"))
        .args(arguments)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{arguments:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_signed_on_an_office_machine_verifies_in_a_cluster() {
    let Some(server) = postgres::Cluster::start() else {
        return;
    };
    let urls = ["registry", "journal", "reporting"].map(|name| server.database(&format!("moved_{name}")));
    let mut installation = Installation::with_sample().await;
    let mut reports = ReportServiceClient::new(installation.channel("administrator"));
    let request = GenerateReportRequest {
        template: "reportTemplates/six-month".to_owned(),
        unit: "units/tayninh".to_owned(),
        period: "legal/2024-H1".to_owned(),
        ..GenerateReportRequest::default()
    };
    let draft = reports.generate_report(request).await.expect("a draft").into_inner();
    let request = IssueReportRequest {
        name: draft.name,
        ..IssueReportRequest::default()
    };
    let signed = reports
        .issue_report(request)
        .await
        .expect("an issued report")
        .into_inner();
    installation.stop().await;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let backup = folder.path().join("backup");
    let (backup, data) = (
        backup.to_str().expect("a path"),
        installation.folder().to_str().expect("a path"),
    );
    banggiao(&["backup", backup, "--data-dir", data]);
    let [registry, journal, reporting] = &urls;
    let arguments = [
        "transfer",
        backup,
        "--registry",
        registry,
        "--journal",
        journal,
        "--reporting",
        reporting,
    ];
    banggiao(&arguments);
    let again = Command::new(program("banggiao"))
        .args(arguments)
        .output()
        .expect("it runs");
    assert!(!again.status.success(), "what holds records is not overwritten");
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds records already"));

    let cluster = Cluster::with_databases([registry, journal, reporting]);
    let address = cluster.address();
    processes::serving(&address).await;
    let door = processes::administrator(&address, cluster.folder.path());
    let mut reports = ReportServiceClient::new(door.clone());
    let request = VerifyReportRequest {
        name: signed.name.clone(),
    };
    let verified = reports.verify_report(request).await.expect("an answer").into_inner();
    assert!(verified.verified, "{:?}", verified.faults);
    assert_eq!(verified.computed_digest, signed.digest);
    let request = GetReportRequest { name: signed.name };
    let shown = reports.get_report(request).await.expect("the report").into_inner();
    assert_eq!(shown.content, signed.content);
    check_every_figure(FigureServiceClient::new(door)).await;
}
