//! The search on real databases: each test in the list runs on an SQLite file and on a PostgreSQL server. The texts are
//! those of the sample border.

mod finding;
mod fixture;
mod order;
mod writing;

macro_rules! on_both_databases {
    ($($room:ident::$test:ident,)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let folder = tempfile::tempdir().unwrap();
                    let url = format!("sqlite:{}", folder.path().join("registry.db").display());
                    super::$room::$test(&super::fixture::open(&url).await).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    if let Some(cluster) = banggiao_testkit::postgres::Cluster::shared() {
                        let url = cluster.database(stringify!($test));
                        super::$room::$test(&super::fixture::open(&url).await).await;
                    }
                }
            )*
        }
    };
}

on_both_databases! {
    finding::what_people_type_finds_what_they_mean,
    finding::what_is_not_there_is_not_found,
    finding::nothing_that_is_typed_is_an_error,
    finding::only_the_collections_that_are_asked_for,
    order::hits_come_in_the_order_of_their_places,
    order::the_same_diacritics_come_first,
    order::pages_hold_every_hit_once,
    writing::texts_are_replaced,
    writing::a_long_text_is_found_by_its_beginning,
    writing::a_taken_number_is_passed_over,
    writing::the_reach_is_remembered,
}
