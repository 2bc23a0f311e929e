//! `ledger key`: the keys that sign for the log, and how one follows on another.

use crate::change;
use crate::error::Error;
use crate::globals::Session;
use crate::output::{self, Output};
use crate::table::{Cell, Column, Table};
use banggiao_contracts::journal::v1 as pb;
use banggiao_ledger::{KeyChange, Note};
use clap::Subcommand;

/// What can be done with the keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyVerb {
    /// List the keys, and for which sizes of the log the signature of each is to be believed.
    List,
    /// Make another key; it signs together with the one until now, until that is retired.
    Rotate {
        /// Why; it stands in the log for ever.
        #[arg(long)]
        reason: String,
    },
    /// Let the former key sign no more, and destroy its secret.
    Retire {
        /// Why; it stands in the log for ever.
        #[arg(long)]
        reason: String,
    },
}

impl KeyVerb {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Error> {
        let request_id = String::new();
        let change: pb::LedgerKeyChange = match self {
            Self::List => return list(session).await,
            Self::Rotate { reason } => {
                let request = pb::RotateLogKeyRequest { reason, request_id };
                change::typed(session, "banggiao.journal.v1.LedgerService/RotateLogKey", &request).await?
            }
            Self::Retire { reason } => {
                let request = pb::RetireLogKeyRequest { reason, request_id };
                change::typed(session, "banggiao.journal.v1.LedgerService/RetireLogKey", &request).await?
            }
        };
        if session.output == Output::Json {
            return output::data(&crate::json::typed(&change)?);
        }
        let statement = Note::parse(&change.note).ok();
        let statement = statement.and_then(|note| KeyChange::from_note(&note).ok());
        let statement = statement.ok_or_else(|| Error::failure("the change of keys does not read"))?;
        let entry = change.log_index;
        for key in &statement.signing {
            output::data(&format!("{key}\n"))?;
        }
        output::note(&match statement.signing.as_slice() {
            [_] => session.lang.pick(
                format!("from entry {entry} on this key alone signs for the log"),
                format!("từ mục {entry} chỉ khóa này ký cho nhật ký"),
            ),
            _ => session.lang.pick(
                format!(
                    "from entry {entry} on these keys sign for the log, the newest last; hand it to whoever checks, then \
                     retire the former"
                ),
                format!(
                    "từ mục {entry} các khóa này ký cho nhật ký, khóa mới nhất ở cuối; hãy giao khóa đó cho những nơi kiểm \
                     tra rồi cho khóa cũ thôi ký"
                ),
            ),
        });
        Ok(())
    }
}

/// Tells of a key that nobody can have yet.
pub fn new(session: &Session, key: &str) {
    output::note(&session.lang.pick(
        format!("the key of this epoch is new; hand it to whoever checks: {key}"),
        format!("khóa của thời kỳ này là khóa mới; hãy giao cho những nơi kiểm tra: {key}"),
    ));
}

async fn list(session: &Session) -> Result<(), Error> {
    let connection = &session.connection;
    let request = pb::ListLogKeysRequest {};
    let response = connection.call(connection.ledger().list_log_keys(request)).await?;
    if session.output == Output::Json {
        return output::data(&crate::json::typed(&response)?);
    }
    let lang = session.lang;
    let mut table = Table::new(vec![
        Column::new("key", lang.pick("Key", "Khóa")),
        Column::new("first", lang.pick("From size", "Từ số mục")),
        Column::new("last", lang.pick("To size", "Đến số mục")),
    ]);
    for key in &response.keys {
        let last = match key.last_tree_size {
            0 => String::new(),
            last => last.to_string(),
        };
        table.push(vec![
            Cell::text(&key.verifier_key),
            Cell::text(key.first_tree_size.to_string()),
            Cell::text(last),
        ]);
    }
    output::data(&match session.output {
        Output::Csv => table.csv()?,
        Output::Table | Output::Json => table.render(lang, output::width()),
    })
}
