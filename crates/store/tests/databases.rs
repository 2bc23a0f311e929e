//! The store on real databases. Each test in the list runs on an SQLite file and on a PostgreSQL server; what only one
//! of them has is told apart below.

mod appending;
mod bulk;
mod conflicts;
mod errors;
mod fixture;
mod head;
mod opening;
mod snapshot;
mod tables;
mod transactions;

macro_rules! on_both_databases {
    ($($room:ident::$test:ident,)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let database = crate::fixture::sqlite();
                    crate::$room::$test(database.url()).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    if let Some(url) = crate::fixture::postgres(stringify!($test)) {
                        crate::$room::$test(&url).await;
                    }
                }
            )*
        }
    };
}

on_both_databases! {
    appending::all_or_nothing,
    appending::what_outlives_its_work_is_not_committed,
    appending::what_goes_together_is_done_or_not_together,
    appending::who_appends_and_who_does_not_take_turns,
    bulk::rows_stand_as_they_were_given,
    conflicts::a_conflict_is_tried_again_and_then_told,
    conflicts::a_lock_that_is_held_too_long_is_a_conflict,
    conflicts::a_cancelled_caller_cancels_nothing,
    errors::a_unique_key_is_a_duplicate,
    head::positions_are_gapless_under_many_writers,
    opening::a_newer_schema_is_refused_and_left_alone,
    opening::a_step_that_fails_leaves_nothing,
    opening::opening_again_migrates_nothing,
    opening::many_can_open_at_once,
    tables::a_cursor_is_moved_once,
    tables::an_imported_row_is_recognised,
    tables::a_row_that_is_there_is_left_alone,
    tables::pages_follow_each_other,
    transactions::an_error_leaves_nothing,
    transactions::a_panic_leaves_nothing,
    transactions::a_transaction_that_outlives_its_work_is_not_committed,
    transactions::a_failed_statement_is_never_committed,
}
