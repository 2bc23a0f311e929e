//! Four processes, each with its own configuration file, database and credentials, started in any order, killed and
//! restarted one by one in the middle of the import; and the figures come out.

use std::{fs, process::Command, time::Duration};

use banggiao_cli::{Connection, import};
use banggiao_contracts::reporting::v1::figure_service_client::FigureServiceClient;
use banggiao_standalone::sample;

use super::sample::check_every_figure;
use crate::{
    cluster::{Cluster, SERVICES},
    processes::{self, program},
};

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_are_killed_one_by_one_during_the_import() {
    let mut cluster = Cluster::start([3, 2, 1, 0]);
    let address = cluster.address();
    processes::serving(&address).await;
    let token = fs::read_to_string(cluster.folder.path().join("admin.token"))
        .expect("a token")
        .trim()
        .to_owned();
    let connection = Connection::open(&address, Some(token), Duration::from_secs(20)).expect("an address");
    let import = {
        let connection = connection.clone();
        tokio::spawn(async move {
            let options = import::Options {
                files: sample::files(),
                ..import::Options::default()
            };
            import::run(&connection, &options).await
        })
    };
    for index in [1, 0, 2, 3, 1] {
        tokio::time::sleep(Duration::from_millis(350)).await;
        cluster.processes[index].restart();
    }
    let summary = import
        .await
        .expect("the import does not panic")
        .expect("the import goes on over all restarts");
    assert!(summary.clean(), "{:?}", summary.files);
    processes::serving(&address).await;
    // Whatever was acknowledged before a kill is repeated now, and nothing is there twice.
    let options = import::Options {
        files: sample::files(),
        ..import::Options::default()
    };
    let again = import::run(&connection, &options).await.expect("the second import");
    assert!(
        again.clean() && again.files.iter().all(|file| file.accepted == 0),
        "{:?}",
        again.files
    );
    assert_eq!(again.log_index, 4285);
    assert!(again.shown, "reporting has caught up");
    let channel = processes::administrator(&address, cluster.folder.path());
    check_every_figure(FigureServiceClient::new(channel)).await;
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("config.toml");
    fs::write(
        &file,
        "listen = \"127.0.0.1:1\"\n[identity]\ninstallation = \"from-file\"\n",
    )
    .expect("a file");
    for service in SERVICES {
        let config = |variable: &str| {
            let mut command = Command::new(program(&format!("banggiao-{service}")));
            command
                .args(["config", "--config"])
                .arg(&file)
                .env(variable, "127.0.0.1:2")
                .output()
                .expect("it runs")
        };
        let shown = config("BANGGIAO__LISTEN");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(
            shown.contains("127.0.0.1:2") && shown.contains("from-file") && shown.contains("jwks.json"),
            "{shown}"
        );
        let refused = config("BANGGIAO__LISTENN");
        assert!(!refused.status.success(), "{service} takes an unknown setting");
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains("listenn"),
            "the setting is named"
        );
    }
}
