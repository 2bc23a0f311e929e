//! Permission: the table, the sample's cases, and a naive evaluator on random worlds.

use crate::sample::{World, day, document, establish, id, revocation};
use crate::worlds::{self, worlds};
use banggiao_model::date::Date;
use banggiao_model::hierarchy::{Hierarchy, Key, Rule};
use banggiao_model::permission::{Action, Classification, Grant, Role, Units, decide, scope};
use proptest::prelude::*;

const TODAY: &str = "2026-01-15";

fn grant(role: Role, unit: Option<&str>) -> Grant {
    Grant {
        role,
        unit: unit.map(id),
        clearance: Classification::Unclassified,
        start: None,
        end: None,
        substitute_for: None,
    }
}

/// Whether the units are within reach of one grant today.
fn may(world: &World, action: Action, grant: Grant, units: &[&str]) -> bool {
    let units = world.keys(units);
    decide(
        action,
        &[grant],
        &world.hierarchy,
        day(TODAY),
        &units,
        Classification::Unclassified,
    )
}

#[test]
fn a_recorder_logs_for_its_unit_and_below_and_for_those_it_succeeded() {
    let world = World::reorganized();
    let recorder = |unit| grant(Role::Recorder, Some(unit));
    let log = |unit, home| may(&world, Action::RecordEvent, recorder(unit), &[home]);
    assert!(log("tayninh-tan-bien", "tayninh-tan-bien"));
    assert!(!log("tayninh-tan-bien", "tayninh"));
    assert!(!log("tayninh-tan-bien", "longan-duc-hue"));
    for home in ["tayninh", "longan", "k71", "k73", "tayninh-tan-bien", "longan-duc-hue"] {
        assert!(log("tayninh", home), "{home}");
        assert!(
            log("longan", home),
            "the grant on Long An holds for Tây Ninh now: {home}"
        );
    }
    assert!(!log("tayninh", "mr7") && !log("tayninh", "tayninh-ubnd"));
    assert!(
        may(
            &world,
            Action::ReadEvent,
            recorder("k73"),
            &["kh-tboungkhmum-memot", "k73"]
        ),
        "any unit is enough"
    );
}

#[test]
fn what_was_logged_at_a_void_unit_is_read_by_those_over_its_first_parent() {
    let mut world = World::units();
    world.accept(&document(
        "founding",
        "2020-01-01",
        vec![establish("k79", "longan", "2020-01-01")],
    ));
    world.accept(&revocation("founding"));
    let read = |unit| may(&world, Action::ReadEvent, grant(Role::Recorder, Some(unit)), &["k79"]);
    assert!(read("longan") && read("mr7"));
    assert!(!read("tayninh") && !read("k79"));
}

#[test]
fn an_approver_decides_for_units_below_only() {
    let mut world = World::reorganized();
    world.add("dissolved", "tayninh", "2020-01-01", "2021-01-01");
    let approver = |unit| grant(Role::Approver, Some(unit));
    let approve = |unit, home| may(&world, Action::ApproveEvent, approver(unit), &[home]);
    assert!(approve("tayninh", "tayninh-tan-bien") && approve("mr7", "tayninh-tan-bien"));
    assert!(!approve("tayninh", "tayninh") && approve("mr7", "tayninh"));
    assert!(!approve("tayninh", "longan") && approve("mr7", "longan"));
    assert!(
        approve("tayninh", "dissolved"),
        "the parent of a unit without successor decides for it"
    );
    assert!(!approve("mr7", "mr7"));
    assert!(may(&world, Action::ApproveEvent, grant(Role::Approver, None), &["mr7"]));
}

#[test]
fn grants_end_and_units_without_successor_take_theirs_along() {
    let mut world = World::reorganized();
    world.add("gone", "tayninh", "2020-01-01", "2021-01-01");
    world.add("to-come", "tayninh", "2030-01-01", "");
    for unit in ["gone", "to-come", "unheard-of"] {
        assert!(
            !may(&world, Action::ReadEvent, grant(Role::Reader, Some(unit)), &["tayninh"]),
            "{unit}"
        );
        assert!(
            may(&world, Action::ReadReference, grant(Role::Reader, Some(unit)), &[]),
            "{unit}"
        );
    }
    assert!(may(
        &world,
        Action::ReadEvent,
        grant(Role::Reader, Some("tayninh")),
        &["gone"]
    ));
    assert!(may(
        &world,
        Action::ReadEvent,
        grant(Role::Reader, Some("tayninh")),
        &["to-come"]
    ));
    let dated = |start: &str, end: &str| Grant {
        start: Some(day(start)),
        end: Some(day(end)),
        ..grant(Role::Reader, None)
    };
    assert!(may(&world, Action::ReadEvent, dated(TODAY, TODAY), &["mr7"]));
    assert!(!may(
        &world,
        Action::ReadEvent,
        dated("2026-01-16", "2026-12-31"),
        &["mr7"]
    ));
    assert!(!may(
        &world,
        Action::ReadEvent,
        dated("2025-01-01", "2026-01-14"),
        &["mr7"]
    ));
}

#[test]
fn what_has_no_unit_takes_a_grant_over_everything() {
    let world = World::reorganized();
    let everything = |action| may(&world, action, grant(Role::Administrator, None), &[]);
    let limited = |action| may(&world, action, grant(Role::Administrator, Some("mr7")), &[]);
    // What services tell each other is nobody else's.
    let of_people = |action: &Action| *action != Action::EnterReport;
    for action in Action::ALL.into_iter().filter(of_people) {
        assert!(everything(action), "{action:?}");
        let unlimited = matches!(action, Action::ReadReference | Action::ReadFigures);
        assert_eq!(limited(action), unlimited, "{action:?}");
    }
    let feed = scope(
        Action::ReadFeed,
        &[grant(Role::Service, Some("mr7"))],
        &world.hierarchy,
        day(TODAY),
    );
    assert!(feed.is_empty());
    assert!(scope(Action::ReadEvent, &[], &world.hierarchy, day(TODAY)).is_empty());
}

#[test]
fn clearance_covers_its_own_classification_and_below() {
    let world = World::reorganized();
    let cleared = |clearance, unit| Grant {
        clearance,
        ..grant(Role::Reader, unit)
    };
    let grants = [
        cleared(Classification::Confidential, None),
        cleared(Classification::Secret, Some("tayninh")),
    ];
    let scope = scope(Action::ReadEvent, &grants, &world.hierarchy, day(TODAY));
    let (inside, outside) = (world.keys(&["k73"]), world.keys(&["rcaf"]));
    assert!(scope.allows(&outside, Classification::Confidential) && !scope.allows(&outside, Classification::Secret));
    assert!(scope.allows(&inside, Classification::Secret) && !scope.allows(&inside, Classification::TopSecret));
    assert!(!scope.is_everything());
    assert_eq!(scope.parts().len(), 2);
    assert_eq!(scope.parts()[0].units, Units::All);
    let top = [cleared(Classification::TopSecret, None)];
    assert!(banggiao_model::permission::scope(Action::ReadEvent, &top, &world.hierarchy, day(TODAY)).is_everything());
}

#[test]
fn codes_are_read_in_any_case() {
    for role in Role::ALL {
        assert_eq!(Role::from_code(&role.code().to_lowercase()), Some(role));
    }
    for classification in Classification::ALL {
        assert_eq!(Classification::from_code(classification.code()), Some(classification));
    }
    assert_eq!(Classification::from_code("top-secret"), Some(Classification::TopSecret));
    assert_eq!(Role::from_code("owner"), None);
    assert!(Classification::default() < Classification::Confidential);
}

#[test]
fn the_table_says_who_may_do_what() {
    use Role::{Administrator, Approver, Auditor, Reader, Recorder, Registrar, Service};
    let all = [Reader, Recorder, Approver, Registrar, Auditor, Administrator, Service];
    for action in Action::ALL {
        let expected: &[Role] = match action {
            Action::ReadReference | Action::ReadFigures | Action::ReadAgreement | Action::ReadEvent => &all,
            Action::RecordEvent => &[Recorder, Administrator],
            Action::ApproveEvent => &[Approver, Administrator],
            Action::MigrateEvents | Action::ManageRegistry => &[Registrar, Administrator],
            Action::ReadAccess | Action::ReadFeed => &[Auditor, Administrator, Service],
            Action::WriteReport => &[Recorder, Approver, Administrator],
            Action::IssueReport => &[Approver, Administrator],
            Action::EnterReport => &[Service],
            Action::ManageAccess => &[Administrator],
        };
        for role in Role::ALL {
            assert_eq!(action.permits(role), expected.contains(&role), "{action:?} {role}");
        }
    }
}

/// The rule as it is told, one grant and one unit at a time.
fn naive(
    action: Action,
    grants: &[Grant],
    hierarchy: &Hierarchy,
    today: Date,
    units: &[Key],
    wanted: Classification,
) -> bool {
    grants.iter().any(|grant| {
        let valid = grant.start.is_none_or(|start| start <= today) && grant.end.is_none_or(|end| today <= end);
        if !valid || !action.permits(grant.role) || wanted > grant.clearance {
            return false;
        }
        let Some(unit) = &grant.unit else { return true };
        match action {
            Action::ReadReference | Action::ReadFigures => true,
            Action::ReadFeed | Action::EnterReport => false,
            _ => units
                .iter()
                .any(|object| covers(hierarchy, unit, *object, today, action == Action::ApproveEvent)),
        }
    })
}

fn covers(hierarchy: &Hierarchy, unit: &str, object: Key, today: Date, parent_only: bool) -> bool {
    let Some(unit) = hierarchy.key_of(unit) else {
        return false;
    };
    let root = hierarchy.place(unit, today, today);
    if !matches!(root.rule, Rule::Itself | Rule::Successor | Rule::PrincipalSuccessor) {
        return false;
    }
    let object = hierarchy.place(object, today, today);
    let (Some(root), Some(stand_in)) = (root.unit, object.unit) else {
        return false;
    };
    let above = matches!(object.rule, Rule::LastParent | Rule::FirstParent);
    let from = if parent_only && !above {
        hierarchy.parent_on(stand_in, today)
    } else {
        Some(stand_in)
    };
    from.is_some_and(|from| hierarchy.in_subtree(from, root, today))
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let dates = || proptest::option::weighted(0.2, 0..12_u8);
    let one = (
        0..Role::ALL.len(),
        proptest::option::weighted(0.8, 0..18_u8),
        0..4_usize,
        dates(),
        dates(),
    );
    let one = one.prop_map(|(role, unit, clearance, start, end)| Grant {
        role: Role::ALL[role],
        unit: unit.map(|unit| id(&format!("u{unit}"))),
        clearance: Classification::ALL[clearance],
        start: start.map(worlds::day),
        end: end.map(worlds::day),
        substitute_for: None,
    });
    proptest::collection::vec(one, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn a_scope_is_what_a_naive_evaluator_says(world in worlds(), grants in grants(), today in 0..12_u8) {
        let (hierarchy, today) = (&world.hierarchy, worlds::day(today));
        let keys: Vec<Key> = hierarchy.keys().collect();
        let singles = keys.iter().map(std::slice::from_ref);
        let objects: Vec<&[Key]> = singles.chain(keys.chunks(3)).chain([&[][..]]).collect();
        for action in Action::ALL {
            let scope = scope(action, &grants, hierarchy, today);
            for (units, classification) in objects.iter().flat_map(|units| Classification::ALL.map(|c| (*units, c))) {
                let allowed = naive(action, &grants, hierarchy, today, units, classification);
                prop_assert_eq!(scope.allows(units, classification), allowed, "{:?} {:?}", action, units);
                let listed = scope.parts().iter().any(|part| part.clearance >= classification
                    && match &part.units {
                        Units::All => true,
                        Units::Set(set) => units.iter().any(|unit| set.contains(unit)),
                    });
                prop_assert_eq!(listed, allowed);
            }
        }
    }
}
