//! Many rows at once: each stands as it was given, whatever its types and wherever nothing is given.

use banggiao_store::{Error, Retry, Session, Store, bulk};
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, entity::prelude::*};

use crate::fixture::{open, run};

/// A row with a column of every type that a table has.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sample")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub small: i16,
    pub number: Option<i32>,
    pub large: Option<i64>,
    pub told: bool,
    pub text: Option<String>,
    pub bytes: Option<Vec<u8>>,
    pub request: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn sample(id: i64) -> Model {
    // Something, nothing, and what looks like nothing: in turn, so that the first row has nothing in places.
    let given = |turn: i64| (id % 3 != turn).then_some(id % 2);
    Model {
        id,
        small: i16::try_from(-id).unwrap(),
        number: given(0).map(|n| i32::try_from(n).unwrap()),
        large: None,
        told: id % 2 == 0,
        text: given(1).map(|n| ["", "{\"Mộc, Bài\", NULL}"][usize::try_from(n).unwrap()].to_owned()),
        bytes: given(2).map(|n| vec![0, 255, 92][..usize::try_from(n * 3).unwrap()].to_vec()),
        request: given(0).map(|n| Uuid::from_u128(u128::try_from(n).unwrap() << 64)),
    }
}

async fn insert(tx: &impl Session, rows: &[Model], taken: bulk::Taken<Column>) -> Result<(), Error> {
    let rows = rows.iter().cloned().map(|row| ActiveModel {
        id: Set(row.id),
        small: Set(row.small),
        number: Set(row.number),
        large: Set(row.large),
        told: Set(row.told),
        text: Set(row.text),
        bytes: Set(row.bytes),
        request: Set(row.request),
    });
    bulk::insert(tx, rows.collect(), taken).await
}

/// Puts the rows and gives all that are there, as both kinds of transactions read them.
async fn put(store: &Store, rows: Vec<Model>, taken: bulk::Taken<Column>) -> Result<Vec<Model>, Error> {
    let all = || Entity::find().order_by_asc(Column::Id);
    let given = rows.clone();
    let appended = store.append("sample.append", move |tx| {
        let rows = given.clone();
        async move {
            insert(&tx, &rows, taken).await?;
            // What is read there is not kept, so that the other one puts the same.
            Err::<(), _>(match tx.find(all()).await {
                Ok(rows) => Read::There(rows),
                Err(error) => Read::Failed(error),
            })
        }
    });
    let read = appended.await;
    let put = store.tx("sample.put", move |tx| {
        let rows = rows.clone();
        async move {
            insert(&tx, &rows, taken).await?;
            Ok(all().all(&tx).await?)
        }
    });
    let put: Result<_, Error> = put.await;
    match (read, &put) {
        (Err(Read::There(appended)), Ok(put)) => assert_eq!(&appended, put),
        (Err(Read::Failed(appended)), Err(put)) => assert_eq!(appended.kind(), put.kind()),
        other => panic!("they differ: {other:?}"),
    }
    put
}

/// How a transaction ends that is to leave nothing.
#[derive(Debug)]
enum Read {
    There(Vec<Model>),
    Failed(Error),
}

impl From<Error> for Read {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Retry for Read {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_conflict())
    }
}

pub async fn rows_stand_as_they_were_given(url: &str) {
    let store = open(url).await;
    let created = store.tx("sample.create", |tx| async move {
        let schema = sea_orm::Schema::new(tx.get_database_backend());
        let table = tx
            .get_database_backend()
            .build(&schema.create_table_from_entity(Entity));
        run(&tx, &table.to_string()).await
    });
    created.await.unwrap();
    let rows: Vec<Model> = (0..517).map(sample).collect();
    assert_eq!(put(&store, rows.clone(), bulk::Taken::Refuse).await.unwrap(), rows);
    assert_eq!(put(&store, Vec::new(), bulk::Taken::Refuse).await.unwrap(), rows);

    // The last of many is there already: none of them is added.
    let taken: Vec<Model> = (600..700).chain([3]).map(sample).collect();
    let refused = put(&store, taken, bulk::Taken::Refuse).await;
    assert!(matches!(refused, Err(Error::Duplicate(_))), "{refused:?}");

    let other = |id| Model {
        text: Some("other".to_owned()),
        ..sample(id)
    };
    let kept = put(&store, vec![other(516), other(517)], bulk::Taken::Keep)
        .await
        .unwrap();
    assert_eq!(kept, [rows.clone(), vec![other(517)]].concat());
    let replaced = vec![other(515), other(518)];
    let replaced = put(&store, replaced, bulk::Taken::Replace(Column::Id)).await.unwrap();
    assert_eq!(replaced[515..], [other(515), sample(516), other(517), other(518)]);
    assert_eq!(replaced[..515], rows[..515]);
}
