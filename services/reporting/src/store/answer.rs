//! Answers to requests that had an id, so that the same request gets the same answer.

use banggiao_rpc::request::RequestId;
use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    entity::prelude::*,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer")]
pub struct Model {
    /// Id of the principal who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    /// Id of the request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: Uuid,
    /// Digest of the request.
    pub request_digest: Vec<u8>,
    /// The answer as a message of the contract.
    pub content: Vec<u8>,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Principal).string_len(63).not_null())
        .col(ColumnDef::new(Column::RequestId).uuid().not_null())
        .col(ColumnDef::new(Column::RequestDigest).blob().not_null())
        .col(ColumnDef::new(Column::Content).blob().not_null())
        .primary_key(Index::create().col(Column::Principal).col(Column::RequestId))
        .to_owned()
}

/// What a request of a principal was answered before.
pub async fn find(tx: &Tx, principal: &str, id: Uuid) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id((principal.to_owned(), id)).one(tx).await?)
}

/// Keeps the answer to a request.
pub async fn keep(tx: &Tx, principal: &str, request: &RequestId, content: Vec<u8>) -> Result<(), Error> {
    let row = ActiveModel {
        principal: Set(principal.to_owned()),
        request_id: Set(request.id),
        request_digest: Set(request.digest.to_vec()),
        content: Set(content),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
