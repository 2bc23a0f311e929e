//! A small part of the border: Tây Ninh and Long An, which merged in 2025, and Kampong Cham, divided in 2013.

use banggiao_model::date::{self, Date};
use banggiao_model::hierarchy::{
    Act, Change, Hierarchy, Key, Reorganization, Rule, UnitSeed, Violation, ViolationKind,
};
use banggiao_model::level;
use banggiao_model::name::UnitId;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Rows as files have them: id, country, kind, parent, Vietnamese name, start.
const UNITS: &str = "\
mr7,VN,MILITARY_REGION,,Quân khu 7,1976-05-02
tayninh,VN,PROVINCIAL_COMMAND,mr7,Bộ Chỉ huy Quân sự tỉnh Tây Ninh,1976-05-02
longan,VN,PROVINCIAL_COMMAND,mr7,Bộ Chỉ huy Quân sự tỉnh Long An,1976-05-02
k71,VN,SEARCH_TEAM,tayninh,Đội K71,1976-05-02
k73,VN,SEARCH_TEAM,longan,Đội K73,1976-05-02
tayninh-tan-bien,VN,DISTRICT_COMMAND,tayninh,Ban Chỉ huy Quân sự huyện Tân Biên,1976-05-02
longan-duc-hue,VN,DISTRICT_COMMAND,longan,Ban Chỉ huy Quân sự huyện Đức Huệ,1976-05-02
tayninh-ubnd,VN,CIVIL_ADMINISTRATION,,Ủy ban nhân dân tỉnh Tây Ninh,1976-05-02
rcaf,KH,ARMED_FORCES,,Quân đội Hoàng gia Campuchia,1976-05-02
kh-kampongcham-sector,KH,PROVINCIAL_COMMAND,rcaf,Tiểu khu Quân sự tỉnh Kampong Cham,1976-05-02
kh-tboungkhmum-sector,KH,PROVINCIAL_COMMAND,rcaf,Tiểu khu Quân sự tỉnh Tboung Khmum,2013-12-31
kh-tboungkhmum-memot,KH,DISTRICT_COMMAND,kh-kampongcham-sector,Chi khu Quân sự Memot,1976-05-02
kh-kampongcham-batheay,KH,DISTRICT_COMMAND,kh-kampongcham-sector,Chi khu Quân sự Batheay,1976-05-02";

/// A hierarchy, in the words of the tests.
#[derive(Clone, Default)]
pub struct World {
    pub hierarchy: Hierarchy,
}

pub fn day(text: &str) -> Date {
    date::parse(text).unwrap()
}

pub fn id(text: &str) -> UnitId {
    UnitId::parse(text).unwrap()
}

pub fn ids(texts: &[&str]) -> Vec<UnitId> {
    texts.iter().map(|text| id(text)).collect()
}

fn pairs(moves: &[(&str, &str)]) -> Vec<(UnitId, UnitId)> {
    moves.iter().map(|(child, parent)| (id(child), id(parent))).collect()
}

pub fn merge(sources: &[&str], target: &str, moves: &[(&str, &str)]) -> Act {
    Act::Merge {
        sources: ids(sources),
        target: id(target),
        moves: pairs(moves),
    }
}

pub fn split(source: &str, targets: &[&str], moves: &[(&str, &str)]) -> Act {
    Act::Split {
        source: id(source),
        targets: ids(targets),
        moves: pairs(moves),
    }
}

pub fn names(vi: &str) -> Arc<BTreeMap<String, String>> {
    BTreeMap::from([("vi".to_owned(), vi.to_owned())]).into()
}

pub fn establish(unit: &str, parent: &str, start: &str) -> Act {
    Act::Establish(seed(unit, parent, start, ""))
}

pub fn rename(unit: &str, vi: &str) -> Act {
    Act::Rename {
        unit: id(unit),
        names: names(vi),
    }
}

/// Moves a unit; to the top if the parent is empty.
pub fn relocate(unit: &str, parent: &str) -> Act {
    Act::Move {
        unit: id(unit),
        parent: (!parent.is_empty()).then(|| id(parent)),
    }
}

pub fn dissolve(unit: &str, moves: &[(&str, &str)]) -> Act {
    Act::Dissolve {
        unit: id(unit),
        moves: pairs(moves),
    }
}

/// A reorganization of that id.
pub fn document(id: &str, effective: &str, acts: Vec<Act>) -> Change {
    Change::Reorganization(Reorganization {
        id: id.to_owned(),
        effective: day(effective),
        acts,
    })
}

pub fn revocation(id: &str) -> Change {
    Change::Revocation {
        reorganization: id.to_owned(),
    }
}

pub fn reorganization(effective: &str, acts: Vec<Act>) -> Change {
    document(&format!("of-{effective}"), effective, acts)
}

pub fn seed(id_text: &str, parent: &str, start: &str, end: &str) -> UnitSeed {
    let dated = |text: &str| (!text.is_empty()).then(|| day(text));
    UnitSeed {
        id: id(id_text),
        country: "VN".into(),
        kind: "DISTRICT_COMMAND".into(),
        level: level::Level::District,
        parent: (!parent.is_empty()).then(|| id(parent)),
        names: names(id_text),
        start: day(start),
        end: dated(end),
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hierarchy = &self.hierarchy;
        writeln!(formatter, "{hierarchy:?}")?;
        for key in hierarchy.keys() {
            let unit = hierarchy.unit(key);
            writeln!(formatter, "{} {:?}", unit.id(), unit.versions())?;
            let (before, after) = (hierarchy.predecessors(key), hierarchy.successors(key));
            writeln!(
                formatter,
                "  after {before:?}, before {after:?}, void {}",
                unit.is_void()
            )?;
        }
        hierarchy
            .reorganizations()
            .try_for_each(|recorded| writeln!(formatter, "{recorded:?}"))
    }
}

impl World {
    /// The units of the sample as they began.
    pub fn units() -> Self {
        let mut world = Self::default();
        for row in UNITS.lines() {
            let [id, country, kind, parent, name_vi, start] = row.split(',').collect::<Vec<_>>()[..] else {
                panic!("{row}")
            };
            let names = names(name_vi);
            let level = level::kind(kind).unwrap().level;
            let seed = seed(id, parent, start, "");
            world.accept(&Change::Unit(UnitSeed {
                country: country.into(),
                kind: kind.into(),
                level,
                names,
                ..seed
            }));
        }
        world
    }

    /// The sample after both reorganizations.
    pub fn reorganized() -> Self {
        let mut world = Self::units();
        let targets = ["kh-kampongcham-sector", "kh-tboungkhmum-sector"];
        let moves = [("kh-tboungkhmum-memot", "kh-tboungkhmum-sector")];
        world.accept(&reorganization(
            "2013-12-31",
            vec![split("kh-kampongcham-sector", &targets, &moves)],
        ));
        world.accept(&reorganization(
            "2025-07-01",
            vec![merge(&["tayninh", "longan"], "tayninh", &[])],
        ));
        world
    }

    pub fn add(&mut self, id: &str, parent: &str, start: &str, end: &str) {
        self.accept(&Change::Unit(seed(id, parent, start, end)));
    }

    pub fn act(&mut self, effective: &str, act: Act) {
        self.accept(&reorganization(effective, vec![act]));
    }

    pub fn accept(&mut self, change: &Change) {
        let accepted = self.hierarchy.apply(self.hierarchy.position() + 1, change);
        assert_eq!(accepted, Ok(()), "{change:?}");
    }

    /// What is wrong with a change, which leaves the hierarchy as it was.
    pub fn refusal(&mut self, change: &Change) -> Vec<(String, ViolationKind)> {
        let before = format!("{self:?}");
        let violations: Vec<Violation> = self.hierarchy.apply(self.hierarchy.position() + 1, change).unwrap_err();
        assert_eq!(format!("{self:?}"), before);
        violations
            .into_iter()
            .map(|violation| (violation.path, violation.kind))
            .collect()
    }

    pub fn key(&self, id: &str) -> Key {
        self.hierarchy.key_of(id).unwrap_or_else(|| panic!("{id}"))
    }

    pub fn keys(&self, ids: &[&str]) -> Vec<Key> {
        ids.iter().map(|id| self.key(id)).collect()
    }

    pub fn ids(&self, keys: &[Key]) -> Vec<&str> {
        keys.iter().map(|key| self.hierarchy.unit(*key).id().as_str()).collect()
    }

    /// Where a record of a unit and a day stands on another day.
    pub fn placed(&self, unit: &str, recorded: &str, on: &str) -> (Option<&str>, Rule) {
        let placement = self.hierarchy.place(self.key(unit), day(recorded), day(on));
        let unit = placement.unit.map(|unit| self.hierarchy.unit(unit).id().as_str());
        (unit, placement.rule)
    }

    /// What is wrong with a change, as it is said.
    pub fn said(&mut self, change: &Change) -> Vec<String> {
        let refusal = self.refusal(change).into_iter();
        refusal.map(|(path, kind)| format!("{path}: {kind}")).collect()
    }

    pub fn parent(&self, id: &str, on: &str) -> Option<&str> {
        let parent = self.hierarchy.parent_on(self.key(id), day(on))?;
        Some(self.hierarchy.unit(parent).id().as_str())
    }

    /// The Vietnamese name of a unit on a day.
    pub fn name(&self, id: &str, on: &str) -> Option<&str> {
        let version = self.hierarchy.version_on(self.key(id), day(on))?;
        version.names.get("vi").map(String::as_str)
    }

    /// The first days of a unit's versions.
    pub fn versions(&self, id: &str) -> Vec<String> {
        let versions = self.hierarchy.unit(self.key(id)).versions();
        versions.iter().map(|version| version.from.to_string()).collect()
    }

    pub fn children(&self, id: &str, on: &str) -> Vec<&str> {
        self.ids(&self.hierarchy.children_on(self.key(id), day(on)))
    }

    pub fn alive(&self, id: &str, on: &str) -> bool {
        self.hierarchy.alive_on(self.key(id), day(on))
    }
}
