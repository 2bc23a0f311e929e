//! `AttachmentService`.

use std::{pin::Pin, sync::Arc, time::Duration};

use banggiao_contracts::journal::v1::{self as pb, attachment_service_server::AttachmentService};
use banggiao_model::permission::Action;
use banggiao_rpc::{Violations, identity::Caller};
use futures_util::stream;
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncReadExt};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{Calls, DOMAIN, status::refuse};
use crate::{
    attachments::Readable,
    domain::{
        Error,
        attachment::{self, Reception},
        checked,
    },
    journal::Journal,
};

/// An upload whose sender says nothing for so long is given up: it holds a place.
const SILENCE: Duration = Duration::from_secs(30);
/// One message of a download carries so many bytes.
const DATA_BYTES: usize = 256 * 1024;

#[tonic::async_trait]
impl AttachmentService for Calls {
    async fn upload_attachment(
        &self,
        request: Request<Streaming<pb::UploadAttachmentRequest>>,
    ) -> Result<Response<pb::Attachment>, Status> {
        let authorized = self.authorize(&request, Action::RecordEvent).await?;
        let caller = &authorized.caller;
        let uploaded = receive(&self.journal, caller, request.into_inner()).await?;
        Ok(Response::new(uploaded.shown_to(caller)))
    }

    async fn get_attachment(
        &self,
        request: Request<pb::GetAttachmentRequest>,
    ) -> Result<Response<pb::Attachment>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let found = self.readable(&authorized.caller, &request.get_ref().name).await?;
        Ok(Response::new(found.shown_to(&authorized.caller)))
    }

    type DownloadAttachmentStream = Pin<Box<dyn Stream<Item = Result<pb::DownloadAttachmentResponse, Status>> + Send>>;

    async fn download_attachment(
        &self,
        request: Request<pb::DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let authorized = self.authorize(&request, Action::ReadEvent).await?;
        let found = self.readable(&authorized.caller, &request.get_ref().name).await?;
        let contents = self.journal.attachments().contents();
        let Some(file) = contents.get(found.digest()).await.map_err(refuse)? else {
            let why = format!("the content of attachment {} is gone", found.digest());
            return Err(refuse(Error::Broken(why)));
        };
        let sending = Sending {
            file,
            first: Some(found.shown_to(&authorized.caller)),
            digest: found.digest().to_owned(),
            hash: Sha256::new(),
        };
        Ok(Response::new(Box::pin(stream::try_unfold(sending, Sending::next))))
    }
}

impl Calls {
    async fn readable(&self, caller: &Caller, name: &str) -> Result<Readable, Status> {
        let mut violations = Violations::new();
        let digest = attachment::required_digest(name, "name", &mut violations.root());
        let digest = checked(digest, violations).map_err(refuse)?;
        self.journal.attachment(caller, &digest).await.map_err(refuse)
    }
}

/// Takes a document in, message by message. Whatever ends it early takes away what came in.
async fn receive(
    journal: &Arc<Journal>,
    caller: &Caller,
    mut messages: Streaming<pb::UploadAttachmentRequest>,
) -> Result<Readable, Status> {
    let attachments = journal.attachments();
    let _place = attachments.place(&caller.principal).map_err(refuse)?;
    let mut reception = Reception::new(attachments.size_bytes_max());
    let mut part = None;
    loop {
        let message = tokio::time::timeout(SILENCE, messages.message()).await;
        let late = |_| Status::deadline_exceeded("nothing more of the document came");
        let Some(message) = message.map_err(late)?? else { break };
        let data = reception.take(message).map_err(refuse)?;
        let begun = match part.take() {
            Some(part) => part,
            // What is refused by its first message never gets a file.
            None => attachments
                .contents()
                .begin(journal.seams().uuid())
                .await
                .map_err(refuse)?,
        };
        part = Some(begun.write(data).await.map_err(refuse)?);
    }
    let received = reception.finish().map_err(refuse)?;
    let part = part.ok_or_else(|| DOMAIN.internal())?;
    journal.store_attachment(caller, part, received).await.map_err(refuse)
}

/// A content on its way out.
struct Sending {
    file: File,
    /// What the first message says of it.
    first: Option<pb::Attachment>,
    digest: String,
    hash: Sha256,
}

impl Sending {
    /// The next message. A content that is not what its name says ends in an error, so that nobody takes it for whole.
    async fn next(mut self) -> Result<Option<(pb::DownloadAttachmentResponse, Self)>, Status> {
        let mut data = Vec::with_capacity(DATA_BYTES);
        let read = (&mut self.file).take(DATA_BYTES as u64).read_to_end(&mut data).await;
        read.map_err(|error| refuse(Error::from(error)))?;
        if data.is_empty() && self.first.is_none() {
            let digest: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return if digest == self.digest {
                Ok(None)
            } else {
                let why = format!("the content of attachment {} is damaged", self.digest);
                Err(refuse(Error::Broken(why)))
            };
        }
        self.hash.update(&data);
        let message = pb::DownloadAttachmentResponse {
            attachment: self.first.take(),
            data,
        };
        Ok(Some((message, self)))
    }
}
