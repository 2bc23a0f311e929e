//! What is packed reads as it was.

use std::{collections::BTreeSet, sync::Arc};

use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::{
    decimal::{self, Decimal},
    hierarchy::Key,
    permission::Classification,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{Day, Index, Packed};
use crate::domain::{
    fact::{Extra, Fact},
    symbol::{Symbol, Symbols},
    world::{World, day},
};

const AMOUNTS: [&str; 4] = ["0", "15.8", "-3.000000001", "9999999999999999999999999999"];

fn units() -> Vec<Key> {
    World::new().directory.hierarchy().keys().collect()
}

fn symbols(count: u32) -> Vec<Symbol> {
    let mut symbols = Symbols::default();
    (0..count).map(|number| symbols.intern(&number.to_string())).collect()
}

/// Most facts have none of it.
fn extra() -> impl Strategy<Value = Extra> {
    let some = (
        option::of(select(units())),
        option::of(Just([symbols(2)[0], symbols(2)[1]])),
        vec(option::of(select(AMOUNTS.to_vec())), 0..3),
    );
    let some = some.prop_map(|(team, stretch, worth)| {
        let worth = worth
            .into_iter()
            .map(|value| value.map(|value| decimal::parse(value).unwrap()));
        Extra {
            team,
            stretch,
            items: symbols(9).into_iter().zip(worth).collect(),
        }
    });
    prop_oneof![3 => Just(Extra::default()), 1 => some]
}

prop_compose! {
    /// Some fit, some have several of something, and some do not fit.
    fn fact()(
        id in prop_oneof![4 => any::<u128>().prop_map(|id| format!("e{id:032x}")), 1 => "[a-z]{1,8}"],
        revision in prop_oneof![1_i32..4, 1_i32..999],
        kind in prop_oneof![9 => 0_usize..20, 1 => 16_380_usize..16_390],
        (direction, classification) in (0_usize..3, 0_usize..4),
        delegations in option::of(prop_oneof![9 => 0_u32..9, 1 => 250_u32..1_000]),
        persons in option::of(prop_oneof![9 => 0_u32..99, 1 => 65_530_u32..65_540]),
        homes in subsequence(units(), 1..4),
        partners in subsequence(units(), 0..4),
        programmes in prop_oneof![9 => subsequence(symbols(9), 0..3), 1 => Just(symbols(300))],
        quantities in vec((0_usize..9, 0..AMOUNTS.len()), 0..3),
        waits in any::<bool>(),
        extra in extra(),
    ) -> Fact {
        let quantities = quantities.into_iter().map(|(key, amount)| {
            (symbols(9)[key], decimal::parse(AMOUNTS[amount]).unwrap())
        });
        Fact {
            event: id.into(),
            log_index: 0,
            revision,
            day: day("2024-12-30"),
            event_type: *symbols(kind as u32 + 1).last().unwrap(),
            direction: [Direction::Unspecified, Direction::Inbound, Direction::Outbound][direction],
            classification: Classification::ALL[classification],
            held: true,
            approved: !waits,
            delegations,
            persons,
            homes: homes.into(),
            partners: partners.into(),
            programmes: programmes.into(),
            quantities: quantities.collect(),
            extra,
        }
    }
}

fn assert_same(packed: Packed<'_>, fact: &Fact) {
    assert_eq!(
        (packed.event(), packed.log_index(), packed.revision()),
        (fact.event.clone().into(), fact.log_index, fact.revision)
    );
    assert_eq!(packed.day(), fact.day);
    assert_eq!(
        (packed.event_type(), packed.direction(), packed.classification()),
        (fact.event_type, fact.direction, fact.classification)
    );
    assert_eq!(
        (packed.delegations(), packed.persons()),
        (fact.delegations, fact.persons)
    );
    assert_eq!((packed.homes(), packed.partners()), (&*fact.homes, &*fact.partners));
    assert_eq!(packed.programmes().collect::<Vec<_>>(), fact.programmes.to_vec());
    for key in symbols(9) {
        let amount: Option<Decimal> = packed.quantity(key);
        assert_eq!(amount, fact.quantity(key));
    }
    let extra = packed.extra().cloned().unwrap_or_default();
    assert_eq!(extra, fact.extra);
    let (day, place) = packed.place();
    if !day.fronts()[place].is_whole() {
        assert_eq!(day.has_quantities(place), !fact.quantities.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_packed_reads_as_it_was(
        facts in vec((fact(), 1_u8..4, any::<[bool; 2]>()), 1..60),
        first in prop_oneof![Just(1_i64), Just(i64::from(u32::MAX) - 3)],
    ) {
        let mut packed = Day::new(day("2024-12-30"));
        let mut standing = Vec::new();
        for ((mut fact, stands, ends), log_index) in facts.into_iter().zip(first..) {
            fact.log_index = log_index;
            packed.push(&fact, stands & 1 > 0, stands & 2 > 0);
            standing.push((fact, [stands & 1 > 0, stands & 2 > 0], ends));
        }
        for (fact, stands, ends) in &mut standing {
            for (number, index) in [Index::Newest, Index::Counted].into_iter().enumerate() {
                if ends[number] {
                    packed.end(fact.log_index, index);
                    stands[number] = false;
                }
            }
        }
        standing.retain(|(_, stands, _)| stands.contains(&true));
        let check = |packed: Day| {
            let packed = Arc::new(packed);
            prop_assert_eq!(packed.fronts().len(), standing.len());
            let not_alone = |place: &usize| !packed.fronts()[*place].has_one_home();
            let several = packed.several_homes().map(|(place, _)| place);
            prop_assert_eq!(
                several.chain(packed.not_fitting()).collect::<BTreeSet<_>>(),
                (0..standing.len()).filter(not_alone).collect()
            );
            for (place, homes) in packed.several_homes() {
                prop_assert_eq!(homes, &*standing[place].0.homes);
            }
            for (place, (fact, stands, _)) in standing.iter().enumerate() {
                let front = &packed.fronts()[place];
                prop_assert_eq!([front.stands_in(Index::Newest), front.stands_in(Index::Counted)], *stands);
                assert_same(Packed::new(&packed, place), fact);
            }
            Ok(())
        };
        check(packed.clone())?;
        packed.shrink_to_fit();
        check(packed)?;
    }
}

#[test]
fn a_fact_takes_38_bytes_and_what_it_has_several_of() {
    assert_eq!((size_of::<super::Front>(), size_of::<super::Rest>()), (16, 22));
}
