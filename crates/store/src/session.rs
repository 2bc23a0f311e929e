//! What statements are asked of.

use std::future::Future;

use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Select, Statement, TryIntoModel};

use crate::Error;

/// A connection, a transaction on one, the transaction of [`Store::append`](crate::Store::append), or what is sent together
/// in it.
pub trait Session: Sync {
    /// Which database it is.
    fn backend(&self) -> DbBackend;

    /// Runs a statement that answers nothing.
    fn run(&self, statement: Statement) -> impl Future<Output = Result<(), Error>> + Send;

    /// The rows of an entity that a query finds.
    fn find<E: EntityTrait>(&self, select: Select<E>) -> impl Future<Output = Result<Vec<E::Model>, Error>> + Send
    where
        E::ActiveModel: TryIntoModel<E::Model>;
}

impl<C: ConnectionTrait> Session for C {
    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn run(&self, statement: Statement) -> Result<(), Error> {
        self.execute_raw(statement).await?;
        Ok(())
    }

    async fn find<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>, Error>
    where
        E::ActiveModel: TryIntoModel<E::Model>,
    {
        Ok(select.all(self).await?)
    }
}
