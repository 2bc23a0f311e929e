//! What was uploaded and never named goes after a day, and what a crash left goes at once. What was ever named stays.

use std::fs;

use banggiao_contracts::{
    FieldMask,
    journal::v1::{CorrectEventRequest, Event},
};
use tonic::Code;

use super::{client, event, files, get, log, parts, stored, until, upload, with_units};

const HOUR: i64 = 3600;

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_names_goes_after_a_day() {
    let mut installation = with_units().await;
    let mut names = Vec::new();
    for seed in 0..4 {
        let uploaded = upload(client(&installation, "administrator"), &files::pdf(3000, seed)).await;
        names.push(uploaded.expect("uploaded").name);
    }
    let [named, dropped, again, orphan] = [0, 1, 2, 3].map(|index: usize| names[index].clone());
    let logged = log(&installation, "administrator", event("tayninh", &[&named, &dropped]))
        .await
        .expect("logged");
    let request = CorrectEventRequest {
        event: Some(Event {
            attachments: event("tayninh", &[&named]).attachments,
            ..logged
        }),
        update_mask: Some(FieldMask {
            paths: vec!["attachments".to_owned()],
        }),
        reason: "the wrong document".to_owned(),
        ..CorrectEventRequest::default()
    };
    installation
        .events("administrator")
        .correct_event(request)
        .await
        .expect("corrected");

    installation.clock.move_by(23 * HOUR);
    let leftover = installation.folder().join("attachments/left-by-a-crash.part");
    fs::write(&leftover, "half of it").expect("a file");
    let unknown = installation.folder().join("attachments/ab").join("c".repeat(62));
    fs::create_dir_all(unknown.parent().expect("a folder")).expect("a folder");
    fs::write(&unknown, "without a row").expect("a file");
    installation.restart().await;
    until("what a crash left is gone", async || {
        parts(&installation) == 0 && !unknown.exists()
    })
    .await;
    for name in &names {
        get(client(&installation, "administrator"), name)
            .await
            .expect("it is not yet a day old");
    }
    upload(client(&installation, "administrator"), &files::pdf(3000, 2))
        .await
        .expect("uploaded again");

    installation.clock.move_by(HOUR + 1);
    installation.restart().await;
    until("the orphan's content is gone", async || {
        stored(&installation).len() == 3
    })
    .await;
    let gone = get(client(&installation, "administrator"), &orphan)
        .await
        .expect_err("a day has passed");
    assert_eq!(gone.code(), Code::NotFound);
    let refused = log(&installation, "administrator", event("tayninh", &[&orphan]))
        .await
        .expect_err("gone");
    assert_eq!(refused.code(), Code::InvalidArgument);
    for name in [&named, &dropped, &again] {
        get(client(&installation, "administrator"), name)
            .await
            .expect("it stays");
    }

    installation.clock.move_by(1000 * HOUR);
    installation.restart().await;
    until("only what a revision names is there", async || {
        stored(&installation).len() == 2
    })
    .await;
    for name in [&named, &dropped] {
        super::download(client(&installation, "administrator"), name)
            .await
            .expect("it stays for ever");
    }
    // What is gone can be uploaded anew.
    let anew = upload(client(&installation, "administrator"), &files::pdf(3000, 3))
        .await
        .expect("uploaded");
    assert_eq!(anew.name, orphan);
    log(&installation, "administrator", event("tayninh", &[&orphan]))
        .await
        .expect("it is there again");
}

/// The folder of one installation with the database of another: nothing is removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_knows_of_none_removes_none() {
    let mut installation = with_units().await;
    let foreign = installation.folder().join("attachments/ab").join("c".repeat(62));
    fs::create_dir_all(foreign.parent().expect("a folder")).expect("a folder");
    fs::write(&foreign, "of another database").expect("a file");
    let leftover = installation.folder().join("attachments/left-by-a-crash.part");
    fs::write(&leftover, "half of it").expect("a file");
    installation.restart().await;
    until("it was swept", async || parts(&installation) == 0).await;
    // What was left goes first; the rest of the sweep takes no longer than this.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(foreign.exists());
}
