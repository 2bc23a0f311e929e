//! Coming in and going out.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use banggiao_contracts::{journal::v1::UploadAttachmentRequest, registry::v1::Role};
use sha2::{Digest, Sha256};
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_types::StatusExt;

use super::{client, download, files, get, messages, parts, reason, stored, until, upload, violations};
use crate::installation::Installation;

/// The size that is taken at most unless it is configured.
const LIMIT: usize = 20 * 1024 * 1024;

fn name_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .fold("attachments/".to_owned(), |name, byte| name + &format!("{byte:02x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_goes_out_byte_for_byte_also_after_a_restart() {
    let mut installation = Installation::start().await;
    let mut documents = vec![b"a".to_vec(), "đ".as_bytes().to_vec()];
    for (seed, size) in [4095, 4096, 4097, 65_535, 1024 * 1024, 1024 * 1024 + 1, LIMIT - 1, LIMIT]
        .into_iter()
        .enumerate()
    {
        documents.push(files::pdf(size, seed as u64));
    }
    for restarted in [false, true] {
        for bytes in &documents {
            let administrator = || client(&installation, "administrator");
            let name = name_of(bytes);
            if !restarted {
                let uploaded = upload(administrator(), bytes).await.expect("it is taken");
                assert_eq!(
                    (uploaded.name.as_str(), uploaded.size_bytes),
                    (name.as_str(), bytes.len() as i64)
                );
                assert_eq!(uploaded.author, "principals/administrator");
                assert_eq!(uploaded.create_time.expect("a time").seconds, 1_773_536_400);
            }
            let (told, read) = download(administrator(), &name).await.expect("it is given out");
            assert!(read == *bytes, "{} bytes", bytes.len());
            assert_eq!(told, get(administrator(), &name).await.expect("it is known"));
        }
        if !restarted {
            installation.restart().await;
        }
    }
    assert_eq!(
        (stored(&installation).len(), parts(&installation)),
        (documents.len(), 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_message_is_taken_and_a_larger_one_is_not() {
    let installation = Installation::start().await;
    let bytes = files::pdf(2 * 1024 * 1024, 7);
    let mut administrator = client(&installation, "administrator");
    let whole = tokio_stream::iter(messages(&bytes, 1024 * 1024));
    let uploaded = administrator
        .upload_attachment(whole)
        .await
        .expect("it is taken")
        .into_inner();
    assert_eq!(uploaded.name, name_of(&bytes));
    let larger = tokio_stream::iter(messages(&bytes, 1024 * 1024 + 1));
    let refused = administrator
        .upload_attachment(larger)
        .await
        .expect_err("too large a message");
    assert_eq!((refused.code(), violations(&refused).len()), (Code::InvalidArgument, 1));
}

/// A line that never ends: whoever is not told before all was sent waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_told_before_all_of_it_was_sent() {
    let installation = Installation::start().await;
    let refused = upload(client(&installation, "administrator"), &files::pdf(LIMIT + 1, 1)).await;
    assert_eq!(refused.expect_err("one byte too many").code(), Code::ResourceExhausted);

    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let endless = tokio_stream::iter(0..).map(move |n: usize| {
        counted.fetch_add(1, Ordering::Relaxed);
        let data = if n == 0 {
            files::pdf(1024 * 1024, 2)
        } else {
            vec![0; 1024 * 1024]
        };
        UploadAttachmentRequest {
            data,
            ..UploadAttachmentRequest::default()
        }
    });
    let refused = client(&installation, "administrator")
        .upload_attachment(endless)
        .await
        .expect_err("no end");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "TOO_LARGE")
    );
    assert!(
        refused.get_error_details().retry_info().is_none(),
        "coming back does not help"
    );
    assert!(sent.load(Ordering::Relaxed) < 60, "{sent:?} messages were sent");

    let said = UploadAttachmentRequest {
        size_bytes: Some(LIMIT as i64 + 1),
        ..UploadAttachmentRequest::default()
    };
    let waiting = tokio_stream::once(said).chain(tokio_stream::pending());
    let refused = client(&installation, "administrator")
        .upload_attachment(waiting)
        .await
        .expect_err("it was said");
    assert_eq!(reason(&refused), "TOO_LARGE");
    let page = UploadAttachmentRequest {
        data: [&b"<html>"[..], &[b' '; 5000]].concat(),
        ..UploadAttachmentRequest::default()
    };
    let waiting = tokio_stream::once(page).chain(tokio_stream::pending());
    let refused = client(&installation, "administrator")
        .upload_attachment(waiting)
        .await
        .expect_err("a page");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REFUSED_CONTENT")
    );
    until("nothing is left", async || stored(&installation).is_empty()).await;
    // Others on the connections behind the gateway did not notice.
    assert!(upload(client(&installation, "administrator"), b"a").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_of_a_document_must_be_so() {
    let installation = Installation::start().await;
    let bytes = files::pdf(300_000, 3);
    let sent = async |size_bytes: Option<i64>, sha256: &str| {
        let said = UploadAttachmentRequest {
            size_bytes,
            sha256: sha256.to_owned(),
            data: Vec::new(),
        };
        let messages = std::iter::once(said).chain(messages(&bytes, 100_000));
        let mut client = client(&installation, "administrator");
        client
            .upload_attachment(tokio_stream::iter(messages.collect::<Vec<_>>()))
            .await
    };
    let digest = name_of(&bytes).replace("attachments/", "");
    let invalid = |field: &str| (field.to_owned(), "INVALID_FIELD".to_owned());
    for (size, sha256, expected) in [
        (Some(299_999), digest.as_str(), vec![invalid("size_bytes")]),
        (Some(300_001), digest.as_str(), vec![invalid("size_bytes")]),
        (
            Some(300_001),
            &"0".repeat(64),
            vec![invalid("size_bytes"), invalid("sha256")],
        ),
        (None, &"0".repeat(64), vec![invalid("sha256")]),
        (
            Some(-1),
            &digest.to_uppercase(),
            vec![invalid("size_bytes"), invalid("sha256")],
        ),
    ] {
        let refused = sent(size, sha256).await.expect_err("it is not so");
        assert_eq!(
            (refused.code(), violations(&refused)),
            (Code::InvalidArgument, expected),
            "{size:?} {sha256}"
        );
    }
    until("nothing is left", async || stored(&installation).is_empty()).await;
    sent(Some(300_000), &digest).await.expect("it is so");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_is_stands_in_its_bytes() {
    let installation = Installation::start().await;
    for (bytes, expected) in files::taken() {
        let uploaded = upload(client(&installation, "administrator"), &bytes).await;
        assert_eq!(uploaded.expect(&expected).media_type, expected);
    }
    let before = stored(&installation).len();
    for (what, bytes) in files::refused() {
        let refused = upload(client(&installation, "administrator"), &bytes)
            .await
            .expect_err(what);
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "REFUSED_CONTENT"),
            "{what}"
        );
    }
    let empty = upload(client(&installation, "administrator"), b"")
        .await
        .expect_err("empty");
    assert_eq!(violations(&empty), [("data".to_owned(), "INVALID_FIELD".to_owned())]);
    until("nothing is left of them", async || {
        stored(&installation).len() == before
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_stored_once_however_many_send_them_at_once() {
    let installation = Installation::start().await;
    installation.principal("clerk", Role::Recorder, "").await;
    let bytes = Arc::new(files::pdf(700_000, 4));
    let mut uploads = tokio::task::JoinSet::new();
    for n in 0..8 {
        let principal = if n % 2 == 0 { "clerk" } else { "administrator" };
        let (client, bytes) = (client(&installation, principal), Arc::clone(&bytes));
        uploads.spawn(async move { (principal, upload(client, &bytes).await.expect("it is taken")) });
    }
    let mut names = BTreeSet::new();
    for (principal, uploaded) in uploads.join_all().await {
        assert_eq!(
            uploaded.author,
            format!("principals/{principal}"),
            "nobody learns who else has it"
        );
        names.insert(uploaded.name);
    }
    assert_eq!(names, BTreeSet::from([name_of(&bytes)]));
    assert_eq!(stored(&installation).len(), 1);
    for principal in ["clerk", "administrator"] {
        let (_, read) = download(client(&installation, principal), &name_of(&bytes))
            .await
            .expect(principal);
        assert!(read == *bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_leaves_nothing_and_holds_no_place() {
    let installation = Installation::start().await;
    installation.principal("clerk", Role::Recorder, "").await;
    let begin = |principal: &str| {
        let mut client = client(&installation, principal);
        let first = tokio_stream::iter(messages(&files::pdf(100_000, 5), 100_000));
        tokio::spawn(async move {
            client
                .upload_attachment(first.chain(tokio_stream::pending()))
                .await
                .map(drop)
        })
    };
    for _ in 0..2 {
        let under_way: Vec<_> = (0..4).map(|_| begin("clerk")).collect();
        until("all are under way", async || parts(&installation) == 4).await;
        let fifth = upload(client(&installation, "clerk"), b"a")
            .await
            .expect_err("no place is left");
        assert_eq!(
            (fifth.code(), reason(&fifth).as_str()),
            (Code::ResourceExhausted, "OVERLOADED")
        );
        assert!(
            upload(client(&installation, "administrator"), b"a").await.is_ok(),
            "others have places"
        );
        for upload in under_way {
            upload.abort();
        }
        until("nothing is left", async || parts(&installation) == 0).await;
    }
    upload(client(&installation, "clerk"), b"a")
        .await
        .expect("the places are free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_told_and_nothing_that_is_broken_goes_out() {
    let installation = Installation::start().await;
    let administrator = || client(&installation, "administrator");
    let (folder, away) = ["attachments", "away"]
        .map(|name| installation.folder().join(name))
        .into();
    fs::rename(&folder, &away).expect("the folder goes away");
    let bytes = files::pdf(500_000, 6);
    let refused = upload(administrator(), &bytes).await.expect_err("no folder");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unavailable, "UNAVAILABLE")
    );
    fs::rename(&away, &folder).expect("it comes back");
    let name = name_of(&bytes);
    let in_the_way = folder.join(&name["attachments/".len()..][..2]);
    fs::write(&in_the_way, "").expect("a file");
    let refused = upload(administrator(), &bytes)
        .await
        .expect_err("the name cannot be given");
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(
        get(administrator(), &name).await.expect_err("nothing is known").code(),
        Code::NotFound
    );
    until("nothing is left", async || {
        stored(&installation) == [in_the_way.clone()]
    })
    .await;
    fs::remove_file(&in_the_way).expect("it was there");
    upload(administrator(), &bytes).await.expect("it is taken");

    let path = stored(&installation).pop().expect("a content");
    let mut altered = bytes.clone();
    altered[400_000] ^= 1;
    fs::write(&path, &altered).expect("it is altered");
    let broken = download(administrator(), &name)
        .await
        .expect_err("it is not what its name says");
    assert_eq!(broken.code(), Code::Internal);
    fs::remove_file(&path).expect("it is lost");
    assert_eq!(
        download(administrator(), &name).await.expect_err("lost").code(),
        Code::Internal
    );
    upload(administrator(), &bytes).await.expect("it is taken again");
    assert!(download(administrator(), &name).await.expect("it is mended").1 == bytes);
}

/// A reader of a long content that stops reading holds up nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn readers_that_stop_reading_hold_up_only_themselves() {
    let installation = Installation::start().await;
    let bytes = files::pdf(LIMIT, 8);
    let name = upload(client(&installation, "administrator"), &bytes)
        .await
        .expect("it is taken")
        .name;
    let mut stalled = Vec::new();
    for _ in 0..12 {
        let request = banggiao_contracts::journal::v1::DownloadAttachmentRequest { name: name.clone() };
        let opened = client(&installation, "administrator")
            .download_attachment(request)
            .await;
        stalled.push(opened.expect("a stream").into_inner());
    }
    let read = tokio::time::timeout(
        Duration::from_secs(30),
        download(client(&installation, "administrator"), &name),
    );
    assert!(read.await.expect("others are answered").expect("it is given out").1 == bytes);
}
