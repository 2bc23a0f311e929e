//! What one caller does, another does not notice: answers stay small, a reader that stops reading holds up only itself,
//! and nobody takes all places.

use std::time::Duration;

use banggiao_contracts::{
    journal::v1::{
        BatchLogEventsRequest, Event, GetEventRequest, ListEventsRequest, LogEventRequest, WatchEventsRequest,
        event_feed_service_client::EventFeedServiceClient, event_service_client::EventServiceClient,
    },
    registry::v1::Role,
    reporting::v1::QueryFiguresRequest,
};
use banggiao_rpc::channel::Bearer;
use tonic::{Code, Request, service::interceptor::InterceptedService, transport::Endpoint};
use tonic_types::StatusExt;

use crate::installation::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_small_and_costs_nobody_the_connection() {
    let installation = Installation::with_sample().await;
    let mut events = installation.events("administrator");
    let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
    let mut watching = feed
        .watch_events(WatchEventsRequest::default())
        .await
        .expect("a stream")
        .into_inner();
    for _ in 0..20 {
        let name = format!("events/{}", "x".repeat(6000));
        let refused = events
            .get_event(GetEventRequest { name, revision: 0 })
            .await
            .expect_err("no name");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        let bad = Event {
            start_date: "never".to_owned(),
            persons: Some(-1),
            ..Event::default()
        };
        let bad = Event {
            home_unit: "units/tayninh".to_owned(),
            ..bad
        };
        let request = BatchLogEventsRequest {
            events: vec![bad; 200],
            ..BatchLogEventsRequest::default()
        };
        let refused = events.batch_log_events(request).await.expect_err("600 faults");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        let details = refused.get_error_details();
        let listed = &details.bad_request().expect("violations").field_violations;
        assert!(
            listed.last().is_some_and(|last| last.description.contains("more")),
            "{listed:?}"
        );
    }
    let mut seen = 0;
    while seen < 4279 {
        seen += watching
            .message()
            .await
            .expect("the stream lives on")
            .expect("a message")
            .revisions
            .len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_stop_reading_hold_up_only_themselves() {
    let installation = Installation::with_sample().await;
    let mut stalled = Vec::new();
    for _ in 0..12 {
        // A window that is full at once, and never emptied.
        let endpoint = Endpoint::from_shared(installation.address()).expect("an address");
        let channel = endpoint
            .initial_stream_window_size(4096)
            .connect()
            .await
            .expect("a connection");
        let bearer = Bearer::new(&installation.token("administrator")).expect("a token");
        let mut feed = EventFeedServiceClient::new(InterceptedService::new(channel, bearer));
        stalled.push(
            feed.watch_events(WatchEventsRequest::default())
                .await
                .expect("a stream")
                .into_inner(),
        );
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut events = installation.events("administrator");
    for _ in 0..5 {
        let mut request = Request::new(ListEventsRequest {
            page_size: 1000,
            ..ListEventsRequest::default()
        });
        request.set_timeout(Duration::from_secs(5));
        let page = events
            .list_events(request)
            .await
            .expect("others are answered")
            .into_inner();
        assert_eq!(page.events.len(), 1000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_all_places() {
    let installation = Installation::start().await;
    installation.principal("modest", Role::Reader, "").await;
    let mut open = Vec::new();
    let refused = loop {
        let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
        match feed.watch_events(WatchEventsRequest::default()).await {
            Ok(stream) => open.push(stream.into_inner()),
            Err(status) => break status,
        }
        assert!(open.len() < 1000, "there is no end");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    let other = installation
        .events("modest")
        .list_events(ListEventsRequest::default())
        .await;
    other.expect("others are answered");
    open.clear();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
        if feed.watch_events(WatchEventsRequest::default()).await.is_ok() {
            return;
        }
    }
    panic!("places are not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_deadline_and_a_large_message_are_refused() {
    let installation = Installation::start().await;
    let mut figures = installation.figures("administrator");
    let waits = || QueryFiguresRequest {
        min_log_index: 1_000_000,
        ..QueryFiguresRequest::default()
    };
    let mut malformed = Request::new(waits());
    malformed
        .metadata_mut()
        .insert("grpc-timeout", "soon".parse().expect("a header"));
    let refused = figures.query_figures(malformed).await.expect_err("no time");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    let large = Event {
        summary: [("vi".to_owned(), "x".repeat(5 * 1024 * 1024))].into(),
        ..Event::default()
    };
    let request = LogEventRequest {
        event: Some(large),
        ..LogEventRequest::default()
    };
    let refused = installation
        .events("administrator")
        .log_event(request)
        .await
        .expect_err("too large");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_with_many_open_streams_disturbs_nobody() {
    let installation = Installation::with_sample().await;
    let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
    let mut watching = feed
        .watch_events(WatchEventsRequest::default())
        .await
        .expect("a stream")
        .into_inner();
    let mut events = installation.events("administrator");
    for _ in 0..5 {
        let channel = installation.channel("administrator");
        let mut open = tokio::task::JoinSet::new();
        for n in 0..64 {
            let (mut feed, mut events) = (
                EventFeedServiceClient::new(channel.clone()),
                EventServiceClient::new(channel.clone()),
            );
            open.spawn(async move {
                // Half of them read a feed, half are in the middle of a call when their client goes.
                if n % 2 == 0 {
                    let _stream = feed.watch_events(WatchEventsRequest::default()).await;
                    std::future::pending::<()>().await;
                }
                loop {
                    let _page = events
                        .list_events(ListEventsRequest {
                            page_size: 1000,
                            ..Default::default()
                        })
                        .await;
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop((open, channel));
        for _ in 0..5 {
            events
                .list_events(ListEventsRequest::default())
                .await
                .expect("others are answered");
        }
    }
    let mut seen = 0;
    while seen < 4279 {
        seen += watching
            .message()
            .await
            .expect("the stream lives on")
            .expect("a message")
            .revisions
            .len();
    }
}
