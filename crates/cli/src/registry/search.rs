//! `search`: whatever the registry knows, by what one remembers of it.

use crate::error::Error;
use crate::globals::Session;
use crate::listing::{self, PageArgs};
use crate::{choices, nouns};
use banggiao_contracts::registry::v1 as pb;

/// What to look for.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Words that must all occur, in any order, with or without diacritics.
    #[arg(value_name = "WORD", required = true)]
    pub words: Vec<String>,
    /// Only these kinds: unit, agreement, programme, marker.
    #[arg(long, value_delimiter = ',', value_parser = choices::search_kind)]
    pub kind: Vec<pb::SearchKind>,
    /// Which part of what is found.
    #[command(flatten)]
    pub page: PageArgs,
}

impl Args {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::SearchRequest {
        pb::SearchRequest {
            query: self.words.join(" "),
            kinds: self.kind.iter().map(|kind| i32::from(*kind)).collect(),
            ..pb::SearchRequest::default()
        }
    }

    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        listing::list(session, &nouns::SEARCH_RESULT, &self.request(), &self.page).await
    }
}
