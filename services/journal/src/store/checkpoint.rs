//! The newest checkpoint that was signed in each epoch of the log.

use banggiao_store::{Error, Tx};
use sea_orm::{
    ActiveValue::Set,
    QueryOrder,
    entity::prelude::*,
    sea_query::{ColumnDef, ExprTrait, Index, OnConflict, Table, TableCreateStatement},
};

/// One signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// Epoch of the log.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    /// How many entries it speaks of.
    pub size: i64,
    /// The signed note.
    pub note: String,
}

/// No relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table.
pub fn create_table() -> TableCreateStatement {
    Table::create()
        .table(Entity)
        .col(ColumnDef::new(Column::Epoch).big_integer().not_null())
        .col(ColumnDef::new(Column::Size).big_integer().not_null())
        .col(ColumnDef::new(Column::Note).text().not_null())
        .primary_key(Index::create().col(Column::Epoch))
        .to_owned()
}

/// The newest one, of whatever epoch.
pub async fn newest(db: &impl ConnectionTrait) -> Result<Option<Model>, Error> {
    Ok(Entity::find().order_by_desc(Column::Epoch).one(db).await?)
}

/// Puts a checkpoint in the place of an older one of its epoch, and gives the one that stands then: another replica may have
/// put a later one.
pub async fn advance(tx: &Tx, model: Model) -> Result<Model, Error> {
    let (epoch, size) = (model.epoch, model.size);
    let row = ActiveModel {
        epoch: Set(model.epoch),
        size: Set(model.size),
        note: Set(model.note),
    };
    let replaced = OnConflict::column(Column::Epoch)
        .update_columns([Column::Size, Column::Note])
        .action_and_where(Expr::col((Entity, Column::Size)).lt(size))
        .to_owned();
    Entity::insert(row)
        .on_conflict(replaced)
        .exec_without_returning(tx)
        .await?;
    let stands = Entity::find_by_id(epoch).one(tx).await?;
    stands.ok_or(Error::Missing("the checkpoint"))
}
