//! Who may read what: an attachment is as secret as the events that name it, and nobody finds out what is there.

use banggiao_contracts::{
    FieldMask,
    journal::v1::{CorrectEventRequest, Event},
    registry::v1::{Grant, GrantRoleRequest, Role, access_service_client::AccessServiceClient},
    r#type::v1::Classification,
};
use tonic::{Code, Status};

use super::{client, download, event, files, get, log, upload, with_units};
use crate::installation::Installation;

/// What both calls of reading say, which is the same.
async fn read(installation: &Installation, principal: &str, name: &str) -> Result<(), Status> {
    let got = get(client(installation, principal), name).await;
    let downloaded = download(client(installation, principal), name).await;
    match (got, downloaded) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(one), Err(other)) => {
            assert_eq!(told(&one), told(&other));
            Err(one)
        }
        (got, downloaded) => panic!("{got:?}, but {:?}", downloaded.map(|_| ())),
    }
}

/// All that a caller is told.
fn told(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

async fn may_not_read(installation: &Installation, principal: &str, name: &str) {
    let hidden = read(installation, principal, name).await.expect_err("it is hidden");
    let absent = format!("attachments/{}", "0".repeat(64));
    let absent = read(installation, principal, &absent).await.expect_err("it is absent");
    assert_eq!(told(&hidden), told(&absent), "{principal} finds out what is there");
    assert_eq!(hidden.code(), Code::PermissionDenied);
}

async fn correct(installation: &Installation, event: Event, paths: &[&str]) -> Event {
    let request = CorrectEventRequest {
        event: Some(event),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        reason: "a second look".to_owned(),
        ..CorrectEventRequest::default()
    };
    let corrected = installation.events("administrator").correct_event(request).await;
    corrected.expect("it is corrected").into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_read_an_event_may_read_what_any_of_its_revisions_names() {
    let installation = with_units().await;
    installation.principal("clerk", Role::Recorder, "tayninh-ben-cau").await;
    installation.principal("above", Role::Reader, "tayninh").await;
    installation.principal("beside", Role::Reader, "binhphuoc").await;
    let name = upload(client(&installation, "clerk"), &files::pdf(5000, 1))
        .await
        .expect("a clerk uploads")
        .name;
    read(&installation, "clerk", &name).await.expect("the own one");
    may_not_read(&installation, "above", &name).await;
    let orphan = read(&installation, "administrator", &name)
        .await
        .expect_err("nobody named it");
    assert_eq!(orphan.code(), Code::NotFound);

    let logged = log(&installation, "clerk", event("tayninh-ben-cau", &[&name]))
        .await
        .expect("it is logged");
    for principal in ["clerk", "above", "administrator"] {
        read(&installation, principal, &name).await.expect(principal);
    }
    let shown = get(client(&installation, "above"), &name).await.expect("it is shown");
    assert_eq!(
        (shown.author.as_str(), shown.create_time),
        ("", None),
        "who has it is nobody's business"
    );
    may_not_read(&installation, "beside", &name).await;
    let upload = upload(client(&installation, "above"), b"a")
        .await
        .expect_err("a reader uploads nothing");
    assert_eq!(upload.code(), Code::PermissionDenied);

    let dropped = Event {
        attachments: Vec::new(),
        ..logged
    };
    let dropped = correct(&installation, dropped, &["attachments"]).await;
    assert_eq!(dropped.attachments, []);
    read(&installation, "above", &name)
        .await
        .expect("the first revision names it for ever");
    may_not_read(&installation, "beside", &name).await;

    let secret = Event {
        classification: Classification::Secret.into(),
        ..dropped
    };
    correct(&installation, secret, &["classification"]).await;
    may_not_read(&installation, "above", &name).await;
    read(&installation, "clerk", &name).await.expect("the own one still");
    read(&installation, "administrator", &name)
        .await
        .expect("cleared for all");
}

/// What is secret in one revision does not come out by another one that names it no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_is_hidden_shows_nothing() {
    let installation = with_units().await;
    installation.principal("above", Role::Reader, "tayninh").await;
    let name = upload(client(&installation, "administrator"), &files::pdf(5000, 2))
        .await
        .expect("uploaded")
        .name;
    let secret = Event {
        classification: Classification::Secret.into(),
        ..event("tayninh", &[&name])
    };
    let logged = log(&installation, "administrator", secret).await.expect("it is logged");
    may_not_read(&installation, "above", &name).await;
    let open = Event {
        classification: 0,
        attachments: Vec::new(),
        ..logged
    };
    let open = correct(&installation, open, &["classification", "attachments"]).await;
    assert_eq!(open.classification(), Classification::Unspecified);
    may_not_read(&installation, "above", &name).await;
    // Another event that may be read shows it.
    log(&installation, "administrator", event("tayninh", &[&name]))
        .await
        .expect("it is logged");
    read(&installation, "above", &name)
        .await
        .expect("it is named in the open");
}

/// It was uploaded to be recorded; who records no more has nothing to do with it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_no_longer_record_loses_what_was_not_recorded() {
    let installation = with_units().await;
    installation.principal("clerk", Role::Reader, "binhphuoc").await;
    let grant = Grant {
        principal: "principals/clerk".to_owned(),
        role: Role::Recorder.into(),
        unit: "units/tayninh".to_owned(),
        end_date: "2026-03-15".to_owned(),
        ..Grant::default()
    };
    let request = GrantRoleRequest {
        grant: Some(grant),
        ..GrantRoleRequest::default()
    };
    let mut access = AccessServiceClient::new(installation.channel("administrator"));
    access.grant_role(request).await.expect("a grant for a day");
    super::until("the grant is known", async || {
        upload(client(&installation, "clerk"), b"x").await.is_ok()
    })
    .await;
    let name = upload(client(&installation, "clerk"), &files::pdf(5000, 3))
        .await
        .expect("uploaded")
        .name;
    read(&installation, "clerk", &name).await.expect("the own one");
    installation.clock.move_by(24 * 3600);
    may_not_read(&installation, "clerk", &name).await;
}
