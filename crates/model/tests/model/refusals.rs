//! What is wrong with acts, and how it is said.

use crate::sample::{World, dissolve, document, establish, merge, relocate, rename, seed};
use banggiao_model::hierarchy::Act;

/// Acts of 1 July 2025, with what is said of them.
type Refused = Vec<(Vec<Act>, Vec<&'static str>)>;

/// Acts upon one unit.
fn plain() -> Refused {
    let on = "2025-07-01";
    let ended = Act::Establish(seed("x", "mr7", on, "2026-01-01"));
    vec![
        (
            vec![relocate("longan", "k73")],
            vec!["acts[0].parent: unit longan would stand above itself on 2025-07-01"],
        ),
        (
            vec![relocate("longan", "longan")],
            vec!["acts[0].parent: unit longan would stand above itself on 2025-07-01"],
        ),
        (
            vec![relocate("longan", "mr7")],
            vec!["acts[0].parent: nothing changes for unit longan"],
        ),
        (
            vec![relocate("mr7", "")],
            vec!["acts[0].parent: nothing changes for unit mr7"],
        ),
        (
            vec![rename("k73", "Đội K73"), rename("x", "")],
            vec![
                "acts[0].names: nothing changes for unit k73",
                "acts[1].unit: unit x is not known",
            ],
        ),
        (
            vec![relocate("k73", "mr7"), relocate("k73", "tayninh")],
            vec!["acts[1].unit: unit k73 is named twice"],
        ),
        (
            vec![
                relocate("k73", "mr7"),
                merge(&["tayninh", "longan"], "tayninh", &[("k73", "rcaf")]),
            ],
            vec![
                "acts[1].moves[0].unit: unit k73 is named twice",
                "acts[1].moves[0].unit: unit k73 is not a child of a unit of this act on 2025-07-01",
            ],
        ),
        (
            vec![establish("tayninh", "x", "2025-07-02"), ended],
            vec![
                "acts[0].id: unit tayninh exists already",
                "acts[0].start_date: the start 2025-07-02 is not the effective date 2025-07-01",
                "acts[0].parent: unit x is not known",
                "acts[1].end_date: the end of a unit that is being established is not taken: dissolve it when it ends",
            ],
        ),
        (
            vec![establish("x", "mr7", on), rename("x", "y"), establish("x", "mr7", on)],
            vec![
                "acts[1].unit: unit x is named twice",
                "acts[2].id: unit x exists already",
            ],
        ),
    ]
}

/// Acts by which units end.
fn ending() -> Refused {
    vec![
        (
            vec![establish("x", "mr7", "2025-07-01"), dissolve("x", &[])],
            vec!["acts[1].unit: unit x is not alive on 2025-06-30"],
        ),
        (
            vec![
                dissolve("longan", &[]),
                relocate("longan", "rcaf"),
                relocate("k71", "longan"),
            ],
            vec![
                "acts[1].unit: unit longan is not alive on 2025-07-01",
                "acts[2].parent: unit longan cannot be a parent on 2025-07-01: it is not alive on that day",
            ],
        ),
        (
            vec![dissolve("longan", &[("k71", "mr7"), ("k73", "longan")])],
            vec![
                "acts[0].moves[0].unit: unit k71 is not a child of a unit of this act on 2025-07-01",
                "acts[0].moves[1].parent: unit longan cannot be a parent on 2025-07-01: it is not alive on that day",
            ],
        ),
        // There is no way back to a unit that has ended: succession does not run in a circle.
        (
            vec![
                merge(&["tayninh", "longan"], "longan", &[]),
                merge(&["longan"], "tayninh", &[]),
            ],
            vec![
                "acts[1].target: unit tayninh starts on 1976-05-02, not on 2025-07-01: establish it on that day, or list it as a source",
            ],
        ),
        (
            vec![merge(&["longan", "k73"], "k73", &[]), relocate("k73", "mr7")],
            vec!["acts[0]: unit k73 would stand above itself on 2025-07-01"],
        ),
    ]
}

#[test]
fn what_is_wrong_with_acts_is_said_at_once() {
    let mut world = World::units();
    for (acts, expected) in plain().into_iter().chain(ending()) {
        let change = document("refused", "2025-07-01", acts);
        assert_eq!(world.said(&change), expected, "{change:?}");
    }
    world.accept(&document("once", "2025-07-01", vec![relocate("k73", "mr7")]));
    let twice = document("once", "2026-07-01", vec![relocate("k73", "longan")]);
    assert_eq!(world.said(&twice), ["id: reorganization once exists already"]);
}
