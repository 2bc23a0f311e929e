//! What an event was: who may still read it, what a correction leaves alone, and how two revisions are compared.

use banggiao_contracts::{
    journal::v1::{CompareEventRevisionsRequest, Event, GetEventRequest},
    registry::v1::Role,
    r#type::v1::Classification,
};
use tonic::Code;

use crate::{clerk::Clerk, installation::Installation};

fn meeting() -> Event {
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: "units/tayninh-ben-cau".to_owned(),
        persons: Some(5),
        ..Event::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_secret_is_secret_in_all_its_revisions() {
    let installation = Installation::with_sample().await;
    installation.principal("reader", Role::Reader, "tayninh").await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut reader = Clerk::new(&installation, "reader");
    let event = administrator.log(meeting()).await.expect("logged");
    let first = GetEventRequest {
        name: event.name.clone(),
        revision: 1,
    };
    let compare = |base_revision, revision| CompareEventRevisionsRequest {
        name: event.name.clone(),
        base_revision,
        revision,
    };
    assert!(reader.0.get_event(first.clone()).await.is_ok());
    let secret = Event {
        name: event.name.clone(),
        classification: Classification::Secret.into(),
        persons: Some(6),
        ..Event::default()
    };
    administrator
        .correct(secret, &["classification", "persons"])
        .await
        .expect("corrected");
    let hidden = reader.0.get_event(first.clone()).await.expect_err("hidden");
    let compared = reader
        .0
        .compare_event_revisions(compare(0, 1))
        .await
        .expect_err("hidden");
    assert_eq!(
        (hidden.code(), compared.code()),
        (Code::PermissionDenied, Code::PermissionDenied)
    );

    let differences = administrator
        .0
        .compare_event_revisions(compare(1, 2))
        .await
        .expect("compared");
    let differences = differences.into_inner().differences;
    let shown: Vec<_> = differences
        .iter()
        .map(|d| (d.field.as_str(), d.before.as_str(), d.after.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("persons", "\"5\"", "\"6\""),
            ("classification", "", "\"CLASSIFICATION_SECRET\"")
        ]
    );
    let backwards = administrator
        .0
        .compare_event_revisions(compare(2, 1))
        .await
        .expect_err("backwards");
    assert_eq!(backwards.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leaves_an_agreement_alone_that_its_author_may_not_read() {
    let installation = Installation::with_sample().await;
    installation
        .principal("recorder", Role::Recorder, "tayninh-ben-cau")
        .await;
    let mut administrator = Clerk::new(&installation, "administrator");
    let mut recorder = Clerk::new(&installation, "recorder");
    let with_agreement = Event {
        start_date: "2019-05-05".to_owned(),
        agreement: "agreements/tw-h01".to_owned(),
        ..meeting()
    };
    let name = administrator.log(with_agreement).await.expect("logged").name;
    let mended = Event {
        name: name.clone(),
        persons: Some(7),
        agreement: "agreements/tw-h01".to_owned(),
        ..Event::default()
    };
    let corrected = recorder.correct(mended.clone(), &["persons"]).await.expect("corrected");
    assert_eq!(
        (
            corrected.persons,
            corrected.agreement.as_str(),
            corrected.withheld_fields
        ),
        (Some(7), "", vec!["agreement".to_owned()]),
        "the recorder knows that there is one, and not which"
    );
    let whole = administrator.get(&name).await.expect("read");
    assert_eq!(
        (whole.agreement.as_str(), whole.withheld_fields.len()),
        ("agreements/tw-h01", 0)
    );
    let named = recorder.correct(mended, &["agreement"]).await.expect_err("named anew");
    assert_eq!(named.code(), Code::InvalidArgument);
}
