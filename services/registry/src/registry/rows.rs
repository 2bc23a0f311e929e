//! Rows of an import: each is recognised, drafted and folded in on its own, many in one transaction.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use banggiao_contracts::{
    registry::v1::{self as pb, import_row::Row},
    r#type::v1::{RowOutcome, RowResult},
};
use banggiao_directory::{Directory, changes};
use banggiao_model::permission::Action;
use banggiao_rpc::{identity::Caller, rows};
use banggiao_store::{Tx, import_row};

use super::{Registry, session::Session};
use crate::domain::{Error, import};

/// Rows of an import, with the drafts of a dry run so far.
#[derive(Debug, Default, Clone)]
pub struct DryRun {
    directory: Option<Directory>,
    rows: BTreeMap<import::Recognition, String>,
}

impl Registry {
    /// Takes rows of an import: each is accepted, repeated or rejected on its own.
    pub async fn import(
        self: &Arc<Self>,
        caller: &Caller,
        source: String,
        rows: Vec<pb::ImportRow>,
    ) -> Result<(Vec<RowResult>, i64), Error> {
        self.authorize(caller, Action::ManageRegistry)?;
        let (author, rows) = (caller.name(), Arc::new(rows));
        self.in_turn(move |registry| async move {
            let work = {
                let registry = Arc::clone(&registry);
                move |tx: Tx| {
                    let (registry, author) = (Arc::clone(&registry), author.clone());
                    let (source, rows) = (source.clone(), Arc::clone(&rows));
                    async move {
                        let (mut head, before) = registry.at_head(&tx).await?;
                        let mut session = Session::open(&registry.seams, &author, (*before).clone(), head.epoch);
                        let mut known = known_rows(&tx, &source, &rows).await?;
                        let mut results = Vec::with_capacity(rows.len());
                        for row in rows.iter() {
                            results.push(registry.import_row(&tx, &mut session, &source, &mut known, row).await?);
                        }
                        session.store(&tx, &mut head).await?;
                        Ok::<_, Error>((results, Arc::new(session.directory)))
                    }
                }
            };
            let (results, after) = registry.store.tx("registry.import", work).await?;
            registry.publish(&after);
            Ok((results, after.position()))
        })
        .await
    }

    async fn import_row(
        &self,
        tx: &Tx,
        session: &mut Session,
        source: &str,
        known: &mut KnownRows,
        row: &pb::ImportRow,
    ) -> Result<RowResult, Error> {
        let Some(content) = &row.row else {
            return import::rejected(row.line, empty_row());
        };
        let recognition = import::recognition(content);
        let key = key_of(source, &recognition);
        if let Some(before) = known.get(&key) {
            let stored = match session.changes.iter().find(|change| change.position == before.position) {
                Some(change) => change.clone(),
                None => changes::read(tx, before.position).await?,
            };
            let resource = stored.resource.as_ref();
            return Ok(if before.digest == recognition.digest {
                let name = resource.map(import::resource_name).unwrap_or_default();
                rows::stands(row.line, RowOutcome::Repeated, name)
            } else {
                import::differs(row.line, resource, content, source)
            });
        }
        let (position, name) = match self.record_row(session, content) {
            Ok(recorded) => recorded,
            Err(error) => return import::rejected(row.line, error),
        };
        let stored = import_row::Model {
            source: key.0.clone(),
            kind: key.1.clone(),
            key: key.2.clone(),
            digest: recognition.digest.to_vec(),
            position,
        };
        import_row::insert(tx, vec![stored.clone()]).await?;
        known.insert(key, stored);
        Ok(rows::stands(row.line, RowOutcome::Accepted, &name))
    }

    /// Drafts and folds in what a row records; gives its position and the resource's name.
    fn record_row(&self, session: &mut Session, row: &Row) -> Result<(i64, String), Error> {
        let resource = import::draft(&session.directory, row, &self.new_id('r'))?;
        let name = import::resource_name(&resource).to_owned();
        Ok((session.record(resource)?, name))
    }

    /// Checks rows as [`Self::import`] would take them, storing nothing; rows see those of the stream before them.
    pub async fn check_rows(
        self: &Arc<Self>,
        caller: &Caller,
        source: &str,
        rows: &[pb::ImportRow],
        dry: &mut DryRun,
    ) -> Result<Vec<RowResult>, Error> {
        self.authorize(caller, Action::ManageRegistry)?;
        let directory = dry.directory.take().unwrap_or_else(|| (*self.now()).clone());
        let epoch = directory.epoch();
        let mut session = Session::open(&self.seams, &caller.name(), directory, epoch);
        let stored = {
            let (source, rows) = (source.to_owned(), Arc::new(rows.to_vec()));
            let find = move |tx: Tx| {
                let (source, rows) = (source.clone(), Arc::clone(&rows));
                async move { known_rows(&tx, &source, &rows).await }
            };
            self.store.tx("registry.recognize", find).await?
        };
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(content) = &row.row else {
                results.push(import::rejected(row.line, empty_row())?);
                continue;
            };
            let known = import::recognition(content);
            let before = stored.get(&key_of(source, &known));
            results.push(match (before, dry.rows.get(&known)) {
                (Some(before), _) if before.digest == known.digest => rows::stands(row.line, RowOutcome::Repeated, ""),
                (Some(before), _) => {
                    let stored = changes::read(self.store.reader(), before.position).await?;
                    import::differs(row.line, stored.resource.as_ref(), content, source)
                }
                (None, Some(name)) => rows::stands(row.line, RowOutcome::Repeated, name),
                (None, None) => match self.record_row(&mut session, content) {
                    Ok((_, name)) => {
                        let result = rows::stands(row.line, RowOutcome::Accepted, &name);
                        dry.rows.insert(known, name);
                        result
                    }
                    Err(error) => import::rejected(row.line, error)?,
                },
            });
        }
        dry.directory = Some(session.directory);
        Ok(results)
    }
}

/// Rows that were imported before, by source, kind and key.
type KnownRows = HashMap<import_row::Key, import_row::Model>;

fn key_of(source: &str, row: &import::Recognition) -> import_row::Key {
    (source.to_owned(), row.kind.to_owned(), row.key.clone())
}

async fn known_rows(tx: &Tx, source: &str, rows: &[pb::ImportRow]) -> Result<KnownRows, Error> {
    let contents = rows.iter().filter_map(|row| row.row.as_ref());
    let keys: Vec<_> = contents
        .map(|content| key_of(source, &import::recognition(content)))
        .collect();
    Ok(import_row::find(tx, &keys).await?)
}

fn empty_row() -> Error {
    let mut violations = banggiao_rpc::Violations::new();
    violations.root().required("row");
    Error::Invalid(violations)
}
