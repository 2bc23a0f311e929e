//! The order of rows that refer to each other: what a row names must come before it.
//!
//! Files may name a parent that stands further down. Parents are brought forward, and everything else stays in the
//! order of its file. A circle stays as it is, for the registry to refuse.

use banggiao_contracts::registry::v1::ImportRow;
use banggiao_contracts::registry::v1::import_row::Row;
use std::collections::HashMap;

/// The same rows, parents before children.
#[must_use]
pub fn parents_first<T>(rows: Vec<(ImportRow, T)>) -> Vec<(ImportRow, T)> {
    let mut places = HashMap::with_capacity(rows.len());
    for (index, (row, _)) in rows.iter().enumerate() {
        if let Some((id, _)) = id_and_parent(row) {
            // Of two rows with one id the first is the one that counts.
            places.entry(id.to_owned()).or_insert(index);
        }
    }
    let parents: Vec<Option<usize>> = rows
        .iter()
        .map(|(row, _)| id_and_parent(row).and_then(|(_, parent)| places.get(parent).copied()))
        .collect();
    let order = sorted(&parents);
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| rows[index].take()).collect()
}

fn id_and_parent(row: &ImportRow) -> Option<(&str, &str)> {
    match row.row.as_ref()? {
        Row::Unit(unit) => Some((&unit.name, &unit.parent)),
        Row::Agreement(agreement) => Some((&agreement.name, &agreement.parent)),
        Row::Reorganization(_) | Row::Programme(_) | Row::Marker(_) => None,
    }
}

/// Every index once, each after its parent.
fn sorted(parents: &[Option<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(parents.len());
    let mut seen = vec![false; parents.len()];
    let mut chain = Vec::new();
    for start in 0..parents.len() {
        // Up to the first ancestor that is placed already, without recursion: a file may be one long chain.
        let mut next = Some(start);
        while let Some(index) = next.filter(|index| !seen[*index]) {
            seen[index] = true;
            chain.push(index);
            next = parents[index];
        }
        order.extend(chain.drain(..).rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::registry::v1::Unit;

    fn order(rows: &[(&str, &str)]) -> Vec<String> {
        let name = |id: &str| {
            if id.is_empty() {
                String::new()
            } else {
                format!("units/{id}")
            }
        };
        let rows = rows.iter().enumerate().map(|(index, (id, parent))| {
            let unit = Unit {
                name: name(id),
                parent: name(parent),
                ..Unit::default()
            };
            (
                ImportRow {
                    line: index as i64 + 2,
                    row: Some(Row::Unit(unit)),
                },
                index,
            )
        });
        let sorted = parents_first(rows.collect());
        assert!(
            sorted.iter().all(|(row, index)| row.line == *index as i64 + 2),
            "lines travel along"
        );
        sorted
            .iter()
            .filter_map(|(row, _)| Some(id_and_parent(row)?.0.trim_start_matches("units/").to_owned()))
            .collect()
    }

    #[test]
    fn parents_come_first_and_the_rest_keeps_its_order() {
        assert_eq!(
            order(&[("a", ""), ("c", "b"), ("b", "a"), ("d", "")]),
            ["a", "b", "c", "d"]
        );
        assert_eq!(order(&[("z", ""), ("y", ""), ("x", "z")]), ["z", "y", "x"]);
        assert_eq!(order(&[("a", "elsewhere"), ("b", "a")]), ["a", "b"]);
    }

    #[test]
    fn circles_and_doubles_lose_nothing() {
        assert_eq!(order(&[("a", "b"), ("b", "a"), ("c", "a")]).len(), 3);
        assert_eq!(order(&[("a", "a")]), ["a"]);
        assert_eq!(order(&[("b", "a"), ("a", ""), ("a", "b")]), ["a", "b", "a"]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let parents: Vec<_> = (1..200_000).map(Some).chain([None]).collect();
        let order = sorted(&parents);
        assert_eq!((order[0], order.len()), (199_999, 200_000));
    }
}
