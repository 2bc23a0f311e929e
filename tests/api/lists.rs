//! Lists of events: a walk through their pages while others write, and what each filter leaves in.

use std::{collections::BTreeSet, sync::Arc};

use banggiao_contracts::{
    journal::v1::{BatchLogEventsRequest, Event, EventFilter, ExternalReference, ListEventsRequest},
    r#type::v1::Direction,
};
use tokio::sync::Notify;

use crate::{clerk::Clerk, installation::Installation};

/// Before everything in the sample, so that a filter tells these events from the rest.
const YEAR: i32 = 2001;
const EVENTS: usize = 10_000;

fn meeting(n: usize) -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: format!("{YEAR}-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
        home_unit: "units/tayninh".to_owned(),
        ..Event::default()
    }
}

async fn log_all(clerk: &mut Clerk, events: Vec<Event>) -> Vec<String> {
    let request = BatchLogEventsRequest {
        events,
        ..BatchLogEventsRequest::default()
    };
    let logged = clerk
        .0
        .batch_log_events(request)
        .await
        .expect("logged")
        .into_inner()
        .events;
    logged.into_iter().map(|event| event.name).collect()
}

fn of_the_year() -> EventFilter {
    EventFilter {
        start_date: format!("{YEAR}-01-01"),
        end_date: format!("{YEAR}-12-31"),
        ..EventFilter::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_through_ten_thousand_events_misses_none_and_doubles_none_while_others_write() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let mut before = BTreeSet::new();
    for first in (0..EVENTS).step_by(1000) {
        before.extend(log_all(&mut clerk, (first..first + 1000).map(meeting).collect()).await);
    }
    assert_eq!(before.len(), EVENTS);
    let over = Arc::new(Notify::new());
    let mut writer = Clerk::new(&installation, "administrator");
    let stop = Arc::clone(&over);
    let writing = tokio::spawn(async move {
        let mut written = 0;
        loop {
            let logged = tokio::select! {
                logged = log_all(&mut writer, (written..written + 20).map(meeting).collect()) => logged,
                () = stop.notified() => return written,
            };
            written += logged.len();
            // Submitting changes the row, not its place.
            writer.submit(&logged[0]).await.expect("submitted");
        }
    });
    let request = ListEventsRequest {
        filter: Some(of_the_year()),
        page_size: 250,
        ..ListEventsRequest::default()
    };
    let walked = clerk.walk(request).await;
    over.notify_one();
    let written = writing.await.expect("the writer ends");
    assert!(written > 0, "nobody wrote meanwhile");
    let once: BTreeSet<&String> = walked.iter().collect();
    assert_eq!(once.len(), walked.len(), "an event came twice");
    let missed = before.iter().filter(|name| !once.contains(name)).count();
    assert_eq!(missed, 0, "events were missed");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_leaves_in_what_it_says() {
    let installation = Installation::with_sample().await;
    let mut clerk = Clerk::new(&installation, "administrator");
    let mut names = Vec::new();
    for (n, (marker_from, marker_to, place)) in [
        ("vn-kh-110", "vn-kh-112", "Cửa khẩu Mộc Bài"),
        ("vn-kh-120", "", "Cột cờ 100% vải"),
        ("", "", "Đồn biên phòng Phước Tân"),
    ]
    .into_iter()
    .enumerate()
    {
        let marker = |id: &str| {
            if id.is_empty() {
                String::new()
            } else {
                format!("markers/{id}")
            }
        };
        let patrol = !marker_from.is_empty();
        let event = Event {
            event_type: if patrol {
                "eventTypes/joint-patrol"
            } else {
                "eventTypes/delegation-visit"
            }
            .to_owned(),
            marker_from: marker(marker_from),
            marker_to: marker(marker_to),
            partner_units: if n == 1 {
                Vec::new()
            } else {
                vec!["units/kh-svayrieng-sector".to_owned()]
            },
            direction: if patrol {
                Direction::Unspecified
            } else {
                Direction::Inbound
            }
            .into(),
            persons: Some(if n == 0 { 900 } else { 9 }),
            place: [("vi".to_owned(), place.to_owned())].into(),
            external_reference: Some(ExternalReference {
                source: "lists".to_owned(),
                reference: format!("L-{n}"),
            }),
            ..meeting(n)
        };
        names.push(clerk.log(event).await.expect("logged").name);
    }
    let stretch = |from: &str, to: &str| EventFilter {
        marker_from: format!("markers/{from}"),
        marker_to: if to.is_empty() {
            String::new()
        } else {
            format!("markers/{to}")
        },
        ..of_the_year()
    };
    let text = |words: &str| EventFilter {
        text: words.to_owned(),
        ..of_the_year()
    };
    let country = EventFilter {
        partner_country: "KH".to_owned(),
        ..of_the_year()
    };
    let implausible = EventFilter {
        warnings: vec![banggiao_contracts::journal::v1::WarningCode::UnusuallyMany.into()],
        ..of_the_year()
    };
    let cases: [(&str, EventFilter, &[usize]); 12] = [
        ("all", of_the_year(), &[0, 1, 2]),
        ("within the stretch", stretch("vn-kh-111", ""), &[0]),
        ("across its end", stretch("vn-kh-112", "vn-kh-120"), &[0, 1]),
        ("the other way round", stretch("vn-kh-120", "vn-kh-112"), &[0, 1]),
        ("beside it", stretch("vn-kh-113", "vn-kh-119"), &[]),
        ("folded words", text("moc bai"), &[0]),
        ("in any order", text("BÀI mộc"), &[0]),
        ("đ is d", text("don bien phong"), &[2]),
        ("a sign is no pattern", text("100%"), &[1]),
        ("the reference", text("L-2"), &[2]),
        ("partners of a country", country, &[0, 2]),
        ("with a warning", implausible, &[0]),
    ];
    for (what, filter, expected) in cases {
        let listed: BTreeSet<String> = clerk.list(filter).await.into_iter().collect();
        let expected: BTreeSet<String> = expected.iter().map(|n| names[*n].clone()).collect();
        assert_eq!(listed, expected, "{what}");
    }
}
