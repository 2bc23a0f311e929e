//! Those who only ask: readers of the feed, who store their place and go on from it after every fault, and a reporter who
//! asks for figures all the time.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use banggiao_contracts::{
    journal::v1::{
        GetHeadRequest, WatchEventsRequest, WatchEventsResponse, event_feed_service_client::EventFeedServiceClient,
    },
    reporting::v1::{
        EventMeasure, EventSum, Measure, QueryFiguresRequest, figure_service_client::FigureServiceClient, measure,
    },
};
use banggiao_rpc::channel::Authorized;
use tokio::{sync::watch, time::timeout};
use tonic::Status;

use super::{
    figures::Figure,
    history::Entry,
    office::{Office, Passing, UNITS, bounded},
    settings::drawn,
    writing::Tally,
};

/// The feed tells its progress each second; whoever hears nothing for so long asks anew.
const SILENCE: Duration = Duration::from_secs(4);
/// Before a question is put again.
const PAUSE: Duration = Duration::from_millis(20);
/// So long is an answer waited for that must come in the end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Months of the year in which everything takes place.
const MONTHS: u64 = 12;

/// Follows the feed over all faults until it has received as many entries as it is told.
pub async fn follow(office: Office, until: watch::Receiver<Option<usize>>) -> Vec<Entry> {
    let mut feed = EventFeedServiceClient::new(office.recorder());
    let mut received: Vec<Entry> = Vec::new();
    let mut enough: Option<Instant> = None;
    loop {
        if let Some(count) = *until.borrow() {
            let since = enough.get_or_insert_with(Instant::now);
            if received.len() >= count || since.elapsed() > PATIENCE {
                return received;
            }
        }
        receive(&mut feed, &mut received, &until).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Receives until the stream breaks, or there is enough.
async fn receive(
    feed: &mut EventFeedServiceClient<Authorized>,
    received: &mut Vec<Entry>,
    until: &watch::Receiver<Option<usize>>,
) {
    let after = received.last().map(Entry::position);
    let answer = timeout(SILENCE, feed.watch_events(WatchEventsRequest { after })).await;
    let Ok(Ok(answer)) = answer else { return };
    let mut stream = answer.into_inner();
    while let Ok(Ok(Some(message))) = timeout(SILENCE, stream.message()).await {
        received.extend(entries(message));
        if until.borrow().is_some_and(|count| received.len() >= count) {
            return;
        }
    }
}

/// The entries that a message tells of, in their order.
fn entries(message: WatchEventsResponse) -> Vec<Entry> {
    let revisions = message.revisions.into_iter().map(Box::new).map(Entry::Revision);
    let others = message.other_entries.into_iter().map(Entry::Other);
    let mut entries: Vec<Entry> = revisions.chain(others).collect();
    entries.sort_by_key(|entry| entry.position().log_index);
    entries
}

/// The whole log as it stands now.
pub async fn log(office: &Office) -> Vec<Entry> {
    let mut feed = EventFeedServiceClient::new(office.recorder());
    let head = feed.get_head(GetHeadRequest {}).await.expect("a head").into_inner();
    let head = usize::try_from(head.log_index).expect("a position");
    let until = watch::Sender::new(Some(head));
    let received = follow(office.clone(), until.subscribe()).await;
    assert!(received.len() >= head, "{} of {head} can be read", received.len());
    received
}

fn query(office: &Office, unit: &str, month: u64, unapproved: bool, min_log_index: i64) -> QueryFiguresRequest {
    let measure = |sum: EventSum| Measure {
        label: format!("{sum:?}"),
        source: Some(measure::Source::Events(EventMeasure {
            sum: sum.into(),
            ..EventMeasure::default()
        })),
    };
    QueryFiguresRequest {
        unit: format!("units/{unit}"),
        period: format!("civil/2016-{month:02}"),
        measures: vec![measure(EventSum::Events), measure(EventSum::Persons)],
        include_unapproved: unapproved,
        min_log_index,
        min_registry_position: office.registry_position,
        ..QueryFiguresRequest::default()
    }
}

async fn ask(
    figures: &mut FigureServiceClient<Authorized>,
    query: QueryFiguresRequest,
    month: u64,
) -> Result<Figure, Status> {
    let (unit, unapproved) = (query.unit.clone(), query.include_unapproved);
    let answer = figures.query_figures(bounded(query)).await?.into_inner();
    let value = |place: usize| answer.cells[place].value.parse().expect("a count");
    Ok(Figure {
        unit,
        month: format!("2016-{month:02}"),
        unapproved,
        log_index: answer.log_index,
        events: value(0),
        persons: value(1),
    })
}

/// Asks for one figure after the other until it is told to stop.
pub async fn report(office: Office, seed: u64, tally: &Tally) -> Vec<Figure> {
    let mut figures = FigureServiceClient::new(office.recorder());
    let mut answered = Vec::new();
    for n in 0.. {
        if tally.stop.load(Ordering::Relaxed) {
            break;
        }
        let unit = UNITS[usize::try_from(drawn(seed, 3 * n, UNITS.len() as u64)).expect("an index")];
        let month = 1 + drawn(seed, 3 * n + 1, MONTHS);
        let unapproved = drawn(seed, 3 * n + 2, 2) == 0;
        match ask(&mut figures, query(&office, unit, month, unapproved, 0), month).await {
            Ok(figure) => answered.push(figure),
            Err(status) => assert!(Passing::BrokenCalls.includes(&status), "a figure: {status:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    answered
}

/// Every figure, once reporting knows the log up to an index; and how long that took.
pub async fn converged(office: &Office, log_index: i64) -> (Vec<Figure>, Duration) {
    let mut figures = FigureServiceClient::new(office.recorder());
    let since = Instant::now();
    while let Err(status) = ask(&mut figures, query(office, UNITS[0], 1, false, log_index), 1).await {
        assert!(since.elapsed() < PATIENCE, "reporting stays behind: {status:?}");
    }
    let took = since.elapsed();
    let mut answered = Vec::new();
    for unit in UNITS {
        for month in 1..=MONTHS {
            for unapproved in [false, true] {
                let figure = ask(&mut figures, query(office, unit, month, unapproved, log_index), month).await;
                answered.push(figure.expect("a figure"));
            }
        }
    }
    (answered, took)
}
