//! Attachments as the journal keeps them: contents in a folder, a row for each in the database, and who may read them.
//!
//! A row says that the content is there. So a content gets its name before its row is committed, and loses its row before
//! the content goes, each in a transaction under the head's lock; what a crash leaves is a content without a row.

pub mod contents;
mod places;
mod reading;
mod sweep;

pub use places::Place;
pub use sweep::keep_swept;

use std::sync::Arc;

use anyhow::Context;
use banggiao_contracts::journal::v1 as pb;
use banggiao_rpc::identity::Caller;
use banggiao_store::head;

use crate::{
    config,
    domain::{
        Error,
        attachment::{self, MediaType, Received},
    },
    journal::Journal,
    store::{
        self,
        attachment::{Model, upload},
    },
};
use contents::{Contents, Part};
use places::Places;

/// Where attachments are kept, and how many come in at once.
#[derive(Debug)]
pub struct Attachments {
    contents: Contents,
    places: Places,
    size_bytes_max: u64,
    sweep_after_micros: i64,
}

impl Attachments {
    /// On the folder of the configuration.
    pub fn open(config: &config::Attachments) -> anyhow::Result<Self> {
        let folder = config.folder.display();
        let contents = Contents::open(&config.folder).with_context(|| format!("the folder {folder} cannot be made"))?;
        Ok(Self {
            contents,
            places: Places::new(config.uploads_max),
            size_bytes_max: config.size_bytes_max,
            sweep_after_micros: i64::from(config.sweep_after_hours) * 3_600_000_000,
        })
    }

    /// The folder of contents.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// A larger one is refused.
    pub fn size_bytes_max(&self) -> u64 {
        self.size_bytes_max
    }

    /// A place for an upload of a principal; it is given back when it is dropped.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many are under way.
    pub fn place(&self, principal: &Arc<str>) -> Result<Place, Error> {
        self.places.take(principal).ok_or(Error::Overloaded)
    }
}

/// An attachment that the caller may read, with when the caller uploaded it first, if ever.
#[derive(Debug)]
pub struct Readable {
    row: Model,
    uploaded_at: Option<i64>,
}

impl Readable {
    /// Its digest.
    pub fn digest(&self) -> &str {
        &self.row.digest
    }

    /// As the caller is shown it.
    pub fn shown_to(&self, caller: &Caller) -> pb::Attachment {
        pb::Attachment {
            name: attachment::name_of(&self.row.digest),
            size_bytes: self.row.size_bytes,
            media_type: self.row.media_type.clone(),
            create_time: self.uploaded_at.map(crate::sequencer::timestamp),
            author: self.uploaded_at.map(|_| caller.name()).unwrap_or_default(),
        }
    }
}

impl Journal {
    /// Stores what came in, of which a package's kind is still to be found.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a package that is not taken; [`Error::Folder`] or [`Error::Store`] if it cannot be stored,
    /// and nothing of it is then left.
    pub async fn store_attachment(&self, caller: &Caller, part: Part, received: Received) -> Result<Readable, Error> {
        let part = Arc::new(part);
        let media_type: MediaType = match received.media_type {
            Some(known) => known,
            None => Arc::clone(&part).package().await?,
        };
        Arc::clone(&part).sync().await?;
        let row = Model {
            digest: received.digest,
            size_bytes: i64::try_from(received.size_bytes).unwrap_or(i64::MAX),
            media_type: media_type.name().to_owned(),
            uploaded_at: self.seams().clock.now().as_microsecond(),
        };
        let (contents, principal) = (self.attachments().contents().clone(), Arc::clone(&caller.principal));
        let stored = self.store().tx("attachment.upload", move |tx| {
            let (contents, part, row) = (contents.clone(), Arc::clone(&part), row.clone());
            let upload = upload::Model {
                digest: row.digest.clone(),
                principal: principal.to_string(),
                uploaded_at: row.uploaded_at,
            };
            async move {
                head::lock(&tx).await?;
                store::attachment::put(&tx, row.clone()).await?;
                upload::put(&tx, upload.clone()).await?;
                let uploaded_at = upload::find(&tx, &upload.digest, &upload.principal).await?;
                // Last, so that nothing but the commit can fail after it.
                contents.put(part, &row.digest).await?;
                Ok::<_, Error>(Readable { row, uploaded_at })
            }
        });
        stored.await
    }
}
