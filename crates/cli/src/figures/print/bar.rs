//! How much a figure has risen or fallen, as a bar that is seen at a glance.

use banggiao_model::decimal;

/// How many places a full bar takes, and into how many parts its last place is divided.
const PLACES: i64 = 8;
const PARTS: i64 = 8;
const LAST: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Which way a figure went, and how far: a full bar if one of the two is nothing, half of one if one is twice the other.
/// Nothing if either is no decimal.
pub(super) fn bar(value: &str, before: &str) -> String {
    drawn(value, before).unwrap_or_default()
}

fn drawn(value: &str, before: &str) -> Option<String> {
    let (value, before) = (decimal::parse(value).ok()?, decimal::parse(before).ok()?);
    if value == before {
        return Some("=".to_owned());
    }
    let arrow = if value > before { "▲" } else { "▼" };
    let whole = decimal::parse(&(PLACES * PARTS).to_string()).ok()?;
    let share = value.checked_sub(before)?.abs().checked_mul(whole)?;
    let parts = share.checked_div(value.abs().max(before.abs()))?.round();
    // What has changed at all shows at least a part.
    let parts = i64::try_from(parts).ok()?.clamp(1, PLACES * PARTS);
    let full = "█".repeat(usize::try_from(parts / PARTS).ok()?);
    let last = LAST.get(usize::try_from(parts % PARTS).ok()?)?;
    Some(format!("{arrow} {full}{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_tells_way_and_share() {
        for (value, before, shown) in [
            ("10", "5", "▲ ████"),
            ("5", "10", "▼ ████"),
            ("7", "0", "▲ ████████"),
            ("0", "0.5", "▼ ████████"),
            ("10001", "10000", "▲ ▏"),
            ("19", "15", "▲ █▋"),
            ("-4", "4", "▼ ████████"),
            ("7.0", "7", "="),
            ("", "7", ""),
        ] {
            assert_eq!(bar(value, before), shown, "{value} after {before}");
        }
    }
}
