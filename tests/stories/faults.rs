//! A database that is full, read-only, or gone: calls are answered UNAVAILABLE, nothing wrong is answered, nothing that was
//! acknowledged is lost, and all goes on by itself once the database is there again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use banggiao_contracts::{
    journal::v1::{Event, EventFilter, ListEventsRequest, LogEventRequest, event_service_client::EventServiceClient},
    registry::v1::{CreateUnitRequest, Unit, unit_service_client::UnitServiceClient},
    reporting::v1::{
        EventMeasure, EventSum, Measure, QueryFiguresRequest, figure_service_client::FigureServiceClient, measure,
    },
};
use banggiao_rpc::channel::Authorized;
use banggiao_testkit::postgres;
use tonic::{Code, Status};

use crate::{
    cluster::Cluster,
    processes::{self, Process, program},
};
use banggiao_testkit::network::free_port;

/// One client of all that is asked here.
struct Office {
    channel: Authorized,
    acknowledged: Vec<Event>,
    sent: usize,
}

impl Office {
    async fn open(address: &str, folder: &Path) -> Self {
        processes::serving(address).await;
        let channel = processes::administrator(address, folder);
        let unit = Unit {
            country: "VN".to_owned(),
            kind: "PROVINCIAL_COMMAND".to_owned(),
            names: [("vi".to_owned(), "Tây Ninh".to_owned())].into(),
            start_date: "1976-05-02".to_owned(),
            ..Unit::default()
        };
        let request = CreateUnitRequest {
            unit_id: "tayninh".to_owned(),
            unit: Some(unit),
            ..CreateUnitRequest::default()
        };
        let mut units = UnitServiceClient::new(channel.clone());
        units.create_unit(request).await.expect("a unit");
        Self {
            channel,
            acknowledged: Vec::new(),
            sent: 0,
        }
    }

    /// Logs one more event, with a summary of so many characters.
    async fn log(&mut self, characters: usize) -> Result<(), Status> {
        self.sent += 1;
        let event = Event {
            event_type: "eventTypes/diplomatic-event".to_owned(),
            start_date: "2016-05-01".to_owned(),
            home_unit: "units/tayninh".to_owned(),
            persons: Some(2),
            summary: [("vi".to_owned(), "x".repeat(characters))].into(),
            ..Event::default()
        };
        let request = LogEventRequest {
            event: Some(event),
            request_id: uuid::Uuid::from_u64_pair(9, self.sent as u64).to_string(),
            ..LogEventRequest::default()
        };
        let logged = EventServiceClient::new(self.channel.clone()).log_event(request).await?;
        self.acknowledged.push(logged.into_inner());
        Ok(())
    }

    /// Logs until it is refused, at most so often; gives the refusal.
    async fn log_until_refused(&mut self, times: usize, characters: usize) -> Status {
        for _ in 0..times {
            if let Err(status) = self.log(characters).await {
                return status;
            }
        }
        panic!("nothing was refused");
    }

    async fn list(&self) -> Result<Vec<Event>, Status> {
        let request = ListEventsRequest {
            filter: Some(EventFilter::default()),
            page_size: 1000,
            ..ListEventsRequest::default()
        };
        let listed = EventServiceClient::new(self.channel.clone()).list_events(request).await;
        listed.map(|listed| listed.into_inner().events)
    }

    async fn persons(&self, min_log_index: i64) -> Result<String, Status> {
        let events = EventMeasure {
            sum: EventSum::Persons.into(),
            ..EventMeasure::default()
        };
        let measure = Measure {
            label: "persons".to_owned(),
            source: Some(measure::Source::Events(events)),
        };
        let request = QueryFiguresRequest {
            unit: "units/tayninh".to_owned(),
            start_date: "2016-01-01".to_owned(),
            end_date: "2016-12-31".to_owned(),
            measures: vec![measure],
            include_unapproved: true,
            min_log_index,
            ..QueryFiguresRequest::default()
        };
        let figures = FigureServiceClient::new(self.channel.clone())
            .query_figures(request)
            .await;
        figures.map(|figures| figures.into_inner().cells[0].value.clone())
    }
}

/// What was acknowledged is there and counts, and nothing else is there but what was sent and got no answer.
async fn check(office: &Office) {
    let listed = office.list().await.expect("a list");
    for event in &office.acknowledged {
        assert!(listed.contains(event), "{} is lost", event.name);
    }
    assert!(listed.len() <= office.sent, "something is there twice");
    let mut positions: Vec<i64> = listed.iter().map(|event| event.log_index).collect();
    positions.sort_unstable();
    let last = i64::try_from(listed.len()).expect("a count");
    assert_eq!(positions, (1..=last).collect::<Vec<_>>(), "the log has no gap");
    let persons = office.persons(last).await.expect("a figure");
    assert_eq!(persons, (2 * last).to_string(), "the figure is that of the log");
}

/// Logs until it goes again, and says how long that took.
async fn recovered(office: &mut Office) -> Duration {
    let since = Instant::now();
    loop {
        match office.log(10).await {
            Ok(()) => return since.elapsed(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
        }
        assert!(since.elapsed() < Duration::from_secs(60), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_for_a_while() {
    let Some(server) = postgres::Cluster::start() else {
        return;
    };
    let cluster = Cluster::with_journal_on(&server.database("gone"));
    let mut office = Office::open(&cluster.address(), cluster.folder.path()).await;
    office.log(10).await.expect("logged");
    let persons = office.persons(1).await.expect("a figure");

    server.crash();
    let away = std::env::var("BANGGIAO_DATABASE_AWAY_SECONDS").ok();
    let until = Instant::now() + Duration::from_secs(away.and_then(|s| s.parse().ok()).unwrap_or(4));
    while Instant::now() < until {
        let refused = office.log(10).await.expect_err("there is no database");
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        let refused = office.list().await.expect_err("nobody knows the events");
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        // Reporting has a database of its own and goes on saying what it knows.
        assert_eq!(office.persons(1).await.expect("a figure"), persons);
    }
    server.restart();
    recovered(&mut office).await;
    check(&office).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes() {
    let Some(server) = postgres::Cluster::start() else {
        return;
    };
    let url = server.database("standby");
    let cluster = Cluster::with_journal_on(&url);
    let mut office = Office::open(&cluster.address(), cluster.folder.path()).await;
    office.log(10).await.expect("logged");
    let order = |orders: [&str; 2]| {
        let mut psql = Command::new(server.program("psql"));
        // The order that ends it is one that writes.
        psql.env("PGOPTIONS", "-c default_transaction_read_only=off");
        psql.args([url.as_str(), "--quiet", "--set=ON_ERROR_STOP=1"]);
        for order in orders {
            psql.args(["--command", order]);
        }
        assert!(psql.output().expect("psql runs").status.success(), "{orders:?}");
    };
    let reload = "SELECT pg_reload_conf()";
    order(["ALTER SYSTEM SET default_transaction_read_only = on", reload]);
    let refused = office.log_until_refused(200, 10).await;
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    office.list().await.expect("it can be read");
    order(["ALTER SYSTEM RESET default_transaction_read_only", reload]);
    recovered(&mut office).await;
    check(&office).await;
}

/// A small file system of its own, if we may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"])
            .arg(folder)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        eprintln!("SKIPPED: no small file system can be mounted here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there does not keep it in sight.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        return;
    };
    let data = disk.0.join("data");
    let port = free_port();
    let mut command = Command::new(program("banggiao"));
    command
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(&data);
    let up = Process::start(command);
    let mut office = Office::open(&format!("http://127.0.0.1:{port}"), &data).await;
    for _ in 0..20 {
        office.log(10).await.expect("logged");
    }
    // Everything that is left is taken, by something that is not ours.
    let filler = disk.0.join("filler");
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=64k", &format!("of={}", filler.display())])
        .output();
    assert!(!filled.expect("dd runs").status.success(), "the disk is full");
    let refused = office.log_until_refused(3000, 3900).await;
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let listed = office.list().await.expect("what is there can be read");
    assert_eq!(listed.len(), office.acknowledged.len().min(1000));
    fs::remove_file(filler).expect("the filler goes");
    recovered(&mut office).await;
    let acknowledged = i64::try_from(office.acknowledged.len()).expect("a count");
    let persons = office
        .persons(office.acknowledged[office.acknowledged.len() - 1].log_index)
        .await;
    let persons: i64 = persons.expect("a figure").parse().expect("a number");
    assert!(persons >= 2 * acknowledged, "{persons} of {acknowledged} acknowledged");
    drop(up);
}
