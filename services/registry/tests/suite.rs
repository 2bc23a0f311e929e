//! The registry from the outside, on SQLite and on PostgreSQL: the same scenarios, the same answers.

mod suite {
    pub mod agreements;
    pub mod harness;
    pub mod lists;
    pub mod markers;
    pub mod parties;
    pub mod programmes;
    pub mod search;
    pub mod units;
}

use suite::{agreements, harness::Registry, lists, markers, parties, programmes, search, units};

/// A test for each scenario on each database.
macro_rules! scenarios {
    ($($module:ident: $($name:ident)*;)*) => {
        mod sqlite {
            use super::*;
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    $module::$name(&Registry::on_sqlite().await).await;
                }
            )*)*
        }

        mod postgres {
            use super::*;
            $($(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    if let Some(registry) = Registry::on_postgres(stringify!($name)).await {
                        $module::$name(&registry).await;
                    }
                }
            )*)*
        }
    };
}

scenarios! {
    units:
        a_unit_is_corrected_without_a_date
        acts_of_every_kind_in_one_document
        an_impossible_document_changes_nothing
        a_merger_is_revoked_and_stays_on_record
        a_new_kind_of_units
        a_repeated_request_is_answered_as_it_was;
    agreements:
        the_life_of_an_agreement
        steps_that_do_not_follow_are_refused
        a_draft_is_corrected_and_a_settled_one_is_not
        what_was_signed_can_be_corrected_until_something_else_is_done;
    lists:
        filters_of_agreements;
    parties:
        successors_of_parties_are_settled_in_a_batch
        parties_after_backdated_and_revoked_acts;
    programmes:
        a_programme_changes_and_has_targets;
    markers:
        responsible_units_by_date_and_succession
        sections_between_markers;
    search:
        what_is_written_is_found_as_it_is_typed
        kinds_pages_and_faults_of_a_search
        the_largest_page_has_a_next_one;
}
