//! The feeds: ordered, without gap or double, from any position, and open for what comes.

use banggiao_contracts::{
    journal::v1::{LogPosition, WatchEventsRequest, event_feed_service_client::EventFeedServiceClient},
    registry::v1::{Role, WatchChangesRequest, registry_feed_service_client::RegistryFeedServiceClient},
};
use tonic::Code;

use crate::{auditor, installation::Installation};

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_gives_everything_after_a_position_once_and_in_order() {
    let installation = Installation::with_sample().await;
    let mut feed = EventFeedServiceClient::new(installation.channel("administrator"));
    for after in [0, 1, 4000, 4284] {
        let position = LogPosition {
            epoch: 1,
            log_index: after,
        };
        let request = WatchEventsRequest { after: Some(position) };
        let mut stream = feed.watch_events(request).await.expect("a stream").into_inner();
        let first = stream.message().await.expect("no fault").expect("a message");
        assert!(first.revisions.is_empty(), "the first message tells the progress");
        let head = first.head.expect("a head").log_index;
        let mut seen = Vec::new();
        while seen.last() != Some(&head) {
            let message = stream.message().await.expect("no fault").expect("a message");
            seen.extend(auditor::places(&message));
        }
        assert_eq!(seen, (after + 1..=head).collect::<Vec<_>>());
    }
    let request = WatchEventsRequest {
        after: Some(LogPosition {
            epoch: 1,
            log_index: 5000,
        }),
    };
    let mut stream = feed.watch_events(request).await.expect("a stream").into_inner();
    for _ in 0..2 {
        let message = stream.message().await.expect("no fault").expect("a message");
        assert!(message.revisions.is_empty(), "a position of the future waits");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_carries_everything_so_it_takes_a_grant_for_everything() {
    let installation = Installation::with_sample().await;
    installation.principal("province", Role::Auditor, "tayninh").await;
    let mut feed = RegistryFeedServiceClient::new(installation.channel("province"));
    let refused = feed
        .watch_changes(WatchChangesRequest::default())
        .await
        .expect_err("not for everything");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut feed = EventFeedServiceClient::new(installation.channel("province"));
    let refused = feed.watch_events(WatchEventsRequest::default()).await;
    let refused = match refused {
        Err(status) => status,
        Ok(stream) => {
            let mut stream = stream.into_inner();
            loop {
                match stream.message().await {
                    Err(status) => break status,
                    Ok(message) => assert!(message.is_some_and(|message| message.revisions.is_empty())),
                }
            }
        }
    };
    assert_eq!(refused.code(), Code::PermissionDenied);
}
