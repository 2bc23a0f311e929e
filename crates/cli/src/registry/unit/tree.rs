//! `unit tree`: the units of a day, drawn as they stand under one another.
//!
//! It owns the drawing. Which units there are, and under which, is what ListUnits says.

use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::listing::{self, PageArgs};
use crate::output::{self, Output};
use crate::table::{self, Cell, Column, Table};
use crate::{dynamic, json, names, nouns, show};
use banggiao_contracts::registry::v1 as pb;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};

/// A name is not squeezed into fewer columns than this: rather the kinds are left out.
const NAME_WIDTH_MIN: usize = 16;
/// The blanks between the parts of a line.
const GAP: usize = 2;

/// Which units to draw.
#[derive(Debug, Clone, Default, Args)]
pub struct Tree {
    /// The unit on top; by default all that have none above them.
    #[arg(value_parser = names::unit)]
    pub unit: Option<String>,
    /// The day; by default today.
    #[arg(long, value_name = "DATE", value_parser = names::day)]
    pub as_of: Option<String>,
    /// How many levels below the top are drawn; by default all.
    #[arg(long, value_name = "N")]
    pub depth: Option<usize>,
}

/// A unit at its place in the tree.
#[derive(Debug)]
struct Node {
    unit: pb::Unit,
    /// For the unit and each unit above it but the top: whether nobody follows it under the same unit.
    last: Vec<bool>,
    /// Whether units below it are drawn.
    parent: bool,
}

impl Tree {
    /// The request, without its page.
    #[must_use]
    pub fn request(&self) -> pb::ListUnitsRequest {
        pb::ListUnitsRequest {
            filter: Some(pb::UnitFilter {
                subtree: self.unit.clone().unwrap_or_default(),
                ..pb::UnitFilter::default()
            }),
            as_of: self.as_of.clone().unwrap_or_default(),
            ..pb::ListUnitsRequest::default()
        }
    }

    pub(super) async fn run(self, session: &Session) -> Result<(), Error> {
        let page = PageArgs::default();
        let response: pb::ListUnitsResponse = listing::typed(session, nouns::UNIT.list, &self.request(), &page).await?;
        if let Some(unit) = self.unit.as_ref().filter(|_| response.units.is_empty()) {
            return Err(self.absent(session, unit).await?);
        }
        let nodes = nodes(response.units, self.depth.unwrap_or(usize::MAX));
        match session.output {
            Output::Json => output::data(&json::typed(&pb::ListUnitsResponse {
                units: nodes.into_iter().map(|node| node.unit).collect(),
                ..pb::ListUnitsResponse::default()
            })?),
            Output::Csv => output::data(&csv(&nodes, session.lang)?),
            Output::Table => output::data(&draw(&nodes, session.lang, output::width())),
        }
    }
}

impl Tree {
    /// Why there is nothing to draw: the unit is known, or the list would have been refused, but not on that day.
    async fn absent(&self, session: &Session, name: &str) -> Result<Error, Error> {
        let request = pb::GetUnitRequest {
            name: name.to_owned(),
            as_of: String::new(),
        };
        let unit: pb::Unit = dynamic::ask(&session.connection, nouns::UNIT.get, &request).await?;
        let (id, start, end) = (names::short(name), unit.start_date, unit.end_date);
        let lang = session.lang;
        let day = self.as_of.as_deref().unwrap_or(lang.pick("today", "hôm nay"));
        Ok(Error::failure(lang.pick(
            format!("{id} does not exist on the day asked for ({day}): it is from {start} to {end}"),
            format!("{id} không tồn tại vào ngày được hỏi ({day}): từ {start} đến {end}"),
        )))
    }
}

/// The units in the order of the tree, each below the one it stands under; what is deeper than `depth` is left out.
fn nodes(units: Vec<pb::Unit>, depth: usize) -> Vec<Node> {
    let known: BTreeSet<String> = units.iter().map(|unit| unit.name.clone()).collect();
    let mut below: BTreeMap<String, Vec<pb::Unit>> = BTreeMap::new();
    for unit in units {
        // What stands under a unit that is not in the list is on top of it.
        let parent = if known.contains(&unit.parent) {
            unit.parent.clone()
        } else {
            String::new()
        };
        below.entry(parent).or_default().push(unit);
    }
    let mut nodes = Vec::new();
    let mut open: Vec<(pb::Unit, Vec<bool>)> = Vec::new();
    let tops = below.remove("").unwrap_or_default();
    open.extend(tops.into_iter().rev().map(|unit| (unit, Vec::new())));
    while let Some((unit, last)) = open.pop() {
        let mut children = below.remove(&unit.name).unwrap_or_default();
        if last.len() >= depth {
            children.clear();
        }
        let parent = !children.is_empty();
        for (place, child) in children.into_iter().rev().enumerate() {
            let mut path = last.clone();
            path.push(place == 0);
            open.push((child, path));
        }
        nodes.push(Node { unit, last, parent });
    }
    nodes
}

impl Node {
    /// What stands before the id.
    fn branch(&self) -> String {
        let Some((own, above)) = self.last.split_last() else {
            return String::new();
        };
        let mut branch: String = above.iter().map(|last| if *last { "    " } else { "│   " }).collect();
        branch.push_str(if *own { "└── " } else { "├── " });
        branch
    }

    /// What stands before the second line of a name, so that the lines of the tree go on.
    fn behind(&self) -> String {
        let mut behind: String = self
            .last
            .iter()
            .map(|last| if *last { "    " } else { "│   " })
            .collect();
        behind.push_str(if self.parent { "│" } else { " " });
        behind
    }
}

/// The tree, no wider than `width` if that is given: names are broken into lines.
fn draw(nodes: &[Node], lang: Lang, width: Option<u16>) -> String {
    let length = |text: &str| text.chars().count();
    let heads: Vec<_> = nodes
        .iter()
        .map(|node| format!("{}{}", node.branch(), names::short(&node.unit.name)))
        .collect();
    let head = heads.iter().map(|head| length(head)).max().unwrap_or(0) + GAP;
    let mut kind = nodes.iter().map(|node| length(&node.unit.kind)).max().unwrap_or(0) + GAP;
    if width.is_some_and(|width| head + kind + NAME_WIDTH_MIN > width.into()) {
        kind = 0;
    }
    let room = width.map(|width| usize::from(width).saturating_sub(head + kind).max(NAME_WIDTH_MIN));
    let mut lines = Vec::with_capacity(nodes.len());
    for (node, id) in nodes.iter().zip(heads) {
        let name = name(&node.unit, lang);
        let mut parts = room
            .map_or_else(|| vec![name.clone()], |room| table::wrap(&name, room))
            .into_iter();
        let first = parts.next().unwrap_or_default();
        let code = if kind == 0 { "" } else { &node.unit.kind };
        lines.push(format!("{id:<head$}{code:<kind$}{first}"));
        let behind = node.behind();
        lines.extend(parts.map(|part| format!("{behind:<head$}{:<kind$}{part}", "")));
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// The unit's name in the language asked for, as tables show it.
fn name(unit: &pb::Unit, lang: Lang) -> String {
    let shown = dynamic::message(unit).map(|message| show::cell(&message, "names", lang));
    shown.map_or_else(|_| String::new(), |cell| cell.words(lang))
}

fn csv(nodes: &[Node], lang: Lang) -> Result<String, Error> {
    let keys = ["depth", "name", "parent", "kind", "names"];
    let mut table = Table::new(keys.iter().map(|key| Column::new(*key, *key)).collect());
    for node in nodes {
        table.push(vec![
            Cell::number(node.last.len()),
            Cell::text(names::short(&node.unit.name)),
            Cell::text(names::short(&node.unit.parent)),
            Cell::text(&node.unit.kind),
            Cell::text(name(&node.unit, lang)),
        ]);
    }
    table.csv()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<pb::Unit> {
        let unit = |id: &str, parent: &str, name: &str| pb::Unit {
            name: format!("units/{id}"),
            parent: format!("units/{parent}"),
            kind: "COMMAND".into(),
            names: [("vi".into(), name.into())].into(),
            ..pb::Unit::default()
        };
        vec![
            unit("a", "elsewhere", "Quân khu"),
            unit("a-1", "a", "Bộ Chỉ huy Quân sự tỉnh Tây Ninh"),
            unit("a-1-x", "a-1", "Đội K70"),
            unit("a-2", "a", "Bộ Chỉ huy Quân sự tỉnh Đồng Nai"),
            unit("b", "", "Một đơn vị"),
        ]
    }

    #[test]
    fn units_stand_under_one_another() {
        let drawn = draw(&nodes(sample(), usize::MAX), Lang::Vi, None);
        let expected = "\
a              COMMAND  Quân khu
├── a-1        COMMAND  Bộ Chỉ huy Quân sự tỉnh Tây Ninh
│   └── a-1-x  COMMAND  Đội K70
└── a-2        COMMAND  Bộ Chỉ huy Quân sự tỉnh Đồng Nai
b              COMMAND  Một đơn vị";
        assert_eq!(drawn, expected);
        assert_eq!(nodes(sample(), 1).len(), 4);
        assert_eq!(nodes(sample(), 0).len(), 2);
    }

    #[test]
    fn in_a_narrow_terminal_names_are_broken_and_the_lines_go_on() {
        let drawn = draw(&nodes(sample(), usize::MAX), Lang::Vi, Some(40));
        let expected = "\
a              COMMAND  Quân khu
├── a-1        COMMAND  Bộ Chỉ huy Quân
│   │                   sự tỉnh Tây Ninh
│   └── a-1-x  COMMAND  Đội K70
└── a-2        COMMAND  Bộ Chỉ huy Quân
                        sự tỉnh Đồng Nai
b              COMMAND  Một đơn vị";
        assert_eq!(drawn, expected);
        let narrow = draw(&nodes(sample(), usize::MAX), Lang::Vi, Some(32));
        assert!(
            !narrow.contains("COMMAND") && narrow.lines().all(|line| line.chars().count() <= 32),
            "{narrow}"
        );
    }

    #[test]
    fn a_spreadsheet_gets_the_depth() {
        let written = csv(&nodes(sample(), usize::MAX), Lang::Vi).unwrap();
        let lines: Vec<_> = written.lines().collect();
        assert_eq!(lines[0], "depth,name,parent,kind,names");
        assert_eq!(lines[3], "2,a-1-x,a-1,COMMAND,Đội K70");
    }
}
