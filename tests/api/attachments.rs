//! `AttachmentService`: documents come in and go out whole or not at all, whoever goes away meanwhile.

pub(super) mod files;
mod naming;
mod permission;
mod sweep;
mod transfer;

use std::{fs, future::Future, path::PathBuf, time::Duration};

use banggiao_contracts::journal::v1::{
    Attachment, DownloadAttachmentRequest, Event, EventAttachment, GetAttachmentRequest, LogEventRequest,
    UploadAttachmentRequest, attachment_service_client::AttachmentServiceClient,
};
use banggiao_rpc::channel::Authorized;
use banggiao_standalone::sample;
use tonic::Status;
use tonic_types::StatusExt;

use crate::installation::Installation;

type Client = AttachmentServiceClient<Authorized>;

/// Attachments, as a principal.
pub(super) fn client(installation: &Installation, principal: &str) -> Client {
    AttachmentServiceClient::new(installation.channel(principal))
}

/// An installation that knows units and nothing else.
async fn with_units() -> Installation {
    let installation = Installation::start().await;
    let units = installation.import(sample::files().into_iter().take(1).collect()).await;
    assert!(units.clean());
    installation
}

/// The messages of a document that is sent in pieces.
fn messages(bytes: &[u8], piece: usize) -> Vec<UploadAttachmentRequest> {
    let data = |data: &[u8]| UploadAttachmentRequest {
        data: data.to_vec(),
        ..UploadAttachmentRequest::default()
    };
    bytes.chunks(piece).map(data).collect()
}

pub(super) async fn upload(mut client: Client, bytes: &[u8]) -> Result<Attachment, Status> {
    let messages = tokio_stream::iter(messages(bytes, 256 * 1024));
    Ok(client.upload_attachment(messages).await?.into_inner())
}

async fn get(mut client: Client, name: &str) -> Result<Attachment, Status> {
    let name = name.to_owned();
    Ok(client.get_attachment(GetAttachmentRequest { name }).await?.into_inner())
}

/// What the first message says, and all bytes.
async fn download(mut client: Client, name: &str) -> Result<(Attachment, Vec<u8>), Status> {
    let name = name.to_owned();
    let mut stream = client
        .download_attachment(DownloadAttachmentRequest { name })
        .await?
        .into_inner();
    let (mut first, mut bytes) = (None, Vec::new());
    while let Some(message) = stream.message().await? {
        assert!(message.data.len() <= 1024 * 1024);
        assert_eq!(first.is_none(), message.attachment.is_some(), "only the first says it");
        first = first.or(message.attachment);
        bytes.extend(message.data);
    }
    Ok((first.expect("a message"), bytes))
}

/// An event of a unit that names attachments.
fn event(unit: &str, attachments: &[&str]) -> Event {
    let named = |name: &&str| EventAttachment {
        attachment: (*name).to_owned(),
        file_name: "bien-ban.pdf".to_owned(),
        ..EventAttachment::default()
    };
    Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2024-05-01".to_owned(),
        home_unit: format!("units/{unit}"),
        attachments: attachments.iter().map(named).collect(),
        ..Event::default()
    }
}

async fn log(installation: &Installation, principal: &str, event: Event) -> Result<Event, Status> {
    let request = LogEventRequest {
        event: Some(event),
        ..LogEventRequest::default()
    };
    let logged = installation.events(principal).log_event(request).await?;
    Ok(logged.into_inner())
}

/// Paths below the folder of contents.
fn stored(installation: &Installation) -> Vec<PathBuf> {
    let root = installation.folder().join("attachments");
    let (mut folders, mut found) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Uploads that are under way, or were left.
fn parts(installation: &Installation) -> usize {
    let stored = stored(installation);
    stored
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "part"))
        .count()
}

/// Waits until something holds.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not come to be that {what}");
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Field and reason of every violation.
fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone());
    let violations = violations.unwrap_or_default().into_iter();
    violations.map(|fault| (fault.field, fault.reason)).collect()
}
