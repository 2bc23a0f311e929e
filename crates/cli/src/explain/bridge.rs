//! The bridge from one figure to another: by unit what enters, what leaves, and what has changed.
//!
//! It owns the sum at its end, by which whoever reads it sees that nothing is missing.

use crate::globals::Lang;
use crate::names;
use crate::number;
use crate::table::{Cell, Column, Table};
use banggiao_contracts::reporting::v1 as pb;
use banggiao_model::decimal;

/// Both figures, and by unit what leads from the first to the second.
pub(super) fn bridge(
    request: &pb::ExplainDifferenceRequest,
    response: &pb::ExplainDifferenceResponse,
    lang: Lang,
) -> Table {
    let mut table = Table::new(vec![
        Column::new("unit", lang.pick("Unit", "Đơn vị")),
        Column::new("entering_value", lang.pick("Entering", "Thêm vào")),
        Column::new("leaving_value", lang.pick("Leaving", "Bớt đi")),
        Column::new("changed_value", lang.pick("Changed", "Thay đổi")),
        Column::new("record_count", lang.pick("Records", "Bản ghi")),
    ]);
    let (before, after) = (value(response.before.as_ref()), value(response.after.as_ref()));
    let named = |figure: Option<&pb::ExplainFigureRequest>| figure.map(|figure| question(figure, lang));
    let figure = |asked: Option<String>, value: &str| {
        format!("{} = {}", asked.unwrap_or_default(), number::grouped(value, lang))
    };
    table.set_title(format!(
        "{} → {}",
        figure(named(request.before.as_ref()), before),
        figure(named(request.after.as_ref()), after)
    ));
    for line in &response.bridge {
        table.push(vec![
            Cell::text(names::short(&line.unit)),
            Cell::number(&line.entering_value),
            Cell::number(&line.leaving_value),
            Cell::number(&line.changed_value),
            Cell::number(line.record_count),
        ]);
    }
    match Sums::of(&response.bridge) {
        Some(sums) if !response.bridge.is_empty() => {
            table.push_sum(vec![
                Cell::text(lang.pick("Total", "Tổng")),
                Cell::number(&sums.entering),
                Cell::number(&sums.leaving),
                Cell::number(&sums.changed),
                Cell::number(sums.records),
            ]);
            table.push_remark(sums.equation(before, after, lang));
        }
        _ if response.differences.is_empty() => table.push_remark(lang.pick(
            "Nothing makes a difference between them.",
            "Không có bản ghi nào làm hai số liệu khác nhau.",
        )),
        _ => table.push_remark(lang.pick(
            "Units are counted once, so that what enters and leaves does not add up by unit.",
            "Mỗi đơn vị chỉ tính một lần nên không cộng được theo từng đơn vị.",
        )),
    }
    table
}

fn value(figure: Option<&pb::Cell>) -> &str {
    figure.map_or("0", |cell| cell.value.as_str())
}

/// What was asked for a figure, in so many words as tell it from another.
fn question(figure: &pb::ExplainFigureRequest, lang: Lang) -> String {
    let days = if figure.period.is_empty() {
        format!("{} – {}", figure.start_date, figure.end_date)
    } else {
        names::short(&figure.period)
    };
    let mut parts = vec![names::short(&figure.unit), days];
    if !figure.hierarchy_date.is_empty() {
        parts.push(format!(
            "{} {}",
            lang.pick("units of", "đơn vị ngày"),
            figure.hierarchy_date
        ));
    }
    if figure.known_log_index > 0 {
        let known = lang.pick("known at", "biết đến vị trí");
        parts.push(match figure.known_registry_position {
            0 => format!("{known} {}", figure.known_log_index),
            registry => format!("{known} {}:{registry}", figure.known_log_index),
        });
    }
    parts.join(" · ")
}

/// What all lines of a bridge add up to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums {
    entering: String,
    leaving: String,
    changed: String,
    records: i64,
}

impl Sums {
    /// Nothing if a value of the bridge is no decimal.
    pub(super) fn of(bridge: &[pb::BridgeLine]) -> Option<Self> {
        let sum = |value: fn(&pb::BridgeLine) -> &str| {
            let mut sum = decimal::parse("0").ok()?;
            for line in bridge {
                sum = sum.checked_add(decimal::parse(value(line)).ok()?)?;
            }
            Some(decimal::format(sum))
        };
        Some(Self {
            entering: sum(|line| &line.entering_value)?,
            leaving: sum(|line| &line.leaving_value)?,
            changed: sum(|line| &line.changed_value)?,
            records: bridge.iter().map(|line| line.record_count).sum(),
        })
    }

    /// The first figure with what enters, leaves and changes, which is the second.
    pub(super) fn equation(&self, before: &str, after: &str, lang: Lang) -> String {
        let decimal = |text: &str| decimal::parse(text).ok();
        let reached = || {
            let with = decimal(before)?.checked_add(decimal(&self.entering)?)?;
            let without = with.checked_sub(decimal(&self.leaving)?)?;
            without.checked_add(decimal(&self.changed)?)
        };
        let equal = reached().is_some_and(|reached| Some(reached) == decimal(after));
        let shown = |text: &str| number::grouped(text, lang);
        let (sign, changed) = match self.changed.strip_prefix('-') {
            Some(less) => ("−", less),
            None => ("+", self.changed.as_str()),
        };
        format!(
            "{} + {} − {} {sign} {} {} {}",
            shown(before),
            shown(&self.entering),
            shown(&self.leaving),
            shown(changed),
            if equal { "=" } else { "≠" },
            shown(after)
        )
    }
}
