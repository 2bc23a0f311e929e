//! Putting texts in and taking them out.

use std::slice;

use banggiao_model::text::search::EDITION;
use banggiao_store::Store;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};

use super::fixture::{document, open, replace, resources};
use crate::store::{
    migration::Migrator,
    search::{
        self,
        rank::Spelling,
        table::{Entity, Model, reach},
    },
};

async fn rows(store: &Store) -> Vec<Model> {
    let mut rows = Entity::find().all(store.reader()).await.unwrap();
    rows.sort_by_key(|row| row.number);
    rows
}

pub async fn texts_are_replaced(store: &Store) {
    let old = document("units/tayninh", &["Tây Ninh", "Tay Ninh", "Tây Ninh", "", " - "]);
    replace(store, &[old.clone(), document("units/longan", &["Long An"])]).await;
    let first = rows(store).await;
    assert_eq!(
        first.len(),
        3,
        "a text that is there twice is one, and one without words is none"
    );
    replace(store, slice::from_ref(&old)).await;
    assert_eq!(rows(store).await, first);

    let renamed = document("units/tayninh", &["Tỉnh mới"]);
    replace(store, &[old.clone(), renamed]).await;
    assert_eq!(resources(store, "tây ninh").await, Vec::<String>::new());
    assert_eq!(resources(store, "tinh moi").await, ["units/tayninh"]);
    assert_eq!(resources(store, "long an").await, ["units/longan"]);

    replace(store, &[document("units/tayninh", &[])]).await;
    assert_eq!(resources(store, "tinh moi").await, Vec::<String>::new());
    replace(store, &[]).await;
    assert_eq!(rows(store).await.len(), 1);
    replace(store, &[old, document("units/longan", &[])]).await;
    assert_eq!(resources(store, "tây ninh").await, ["units/tayninh"]);
}

pub async fn a_long_text_is_found_by_its_beginning(store: &Store) {
    // Letters that differ, so that nothing can be compressed.
    let letters = |first: u32, count: u32| -> String {
        let code = |place: u32| char::from_u32(first + place * 7_919 % 20_000);
        (0..count).filter_map(code).collect()
    };
    let texts = [letters(0x4e00, 300), letters(0x20000, 300), "ấ ".repeat(2_000)];
    for text in &texts {
        replace(store, &[document("units/long", &[text])]).await;
        let beginning: String = text.chars().take(100).collect();
        assert_eq!(resources(store, &beginning).await, ["units/long"]);
    }
}

pub async fn a_taken_number_is_passed_over(store: &Store) {
    let spelling = Spelling::of("Tây Ninh").unwrap();
    let number = spelling.number("units/tayninh", "Tây Ninh");
    for (resource, taken) in [("units/x", number), ("units/y", number + 1)] {
        let row = Model {
            number: taken,
            resource: resource.to_owned(),
            collection: search::Collection::Unit,
            text: "K71".to_owned(),
            exact: " k71 ".to_owned(),
            folded: " k71 ".to_owned(),
        };
        let row = row.into_active_model().reset_all();
        Entity::insert(row)
            .exec_without_returning(store.reader())
            .await
            .unwrap();
    }
    for _ in 0..2 {
        replace(store, &[document("units/tayninh", &["Tây Ninh"])]).await;
        let numbers: Vec<i64> = rows(store).await.into_iter().map(|row| row.number).collect();
        assert_eq!(numbers, [number, number + 1, number + 2]);
        assert_eq!(resources(store, "tây ninh").await, ["units/tayninh"]);
        assert_eq!(resources(store, "k71").await, ["units/x", "units/y"]);
    }
}

pub async fn the_reach_is_remembered(store: &Store) {
    assert_eq!(search::indexed_position(store.reader()).await.unwrap(), 0);
    let reach = store.tx("search.reach", |tx| async move {
        search::set_indexed_position(&tx, 42).await
    });
    reach.await.unwrap();
    assert_eq!(search::indexed_position(store.reader()).await.unwrap(), 42);

    // An index of another edition reaches nowhere.
    let older = reach::ActiveModel {
        id: Set(reach::ID),
        edition: Set(EDITION - 1),
        position: Set(42),
    };
    reach::Entity::update(older).exec(store.reader()).await.unwrap();
    assert_eq!(search::indexed_position(store.reader()).await.unwrap(), 0);
}

/// A database that was made before there was a search.
struct Before;

#[async_trait::async_trait]
impl MigratorTrait for Before {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Migrator::migrations().into_iter().take(1).collect()
    }
}

#[tokio::test]
async fn an_older_database_has_everything_still_to_index() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("registry.db").display());
    Store::open::<Before>(&url).await.unwrap().close().await.unwrap();
    let store = open(&url).await;
    assert_eq!(search::indexed_position(store.reader()).await.unwrap(), 0);
    replace(&store, &[document("units/tayninh", &["Tây Ninh"])]).await;
    assert_eq!(resources(&store, "tay ninh").await, ["units/tayninh"]);
}
