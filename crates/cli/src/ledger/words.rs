//! Findings in words, in both languages.

use crate::globals::Lang;
use banggiao_ledger::check::Finding;

/// A finding in a sentence.
pub fn of(finding: &Finding, lang: Lang) -> String {
    match lang {
        Lang::En => finding.to_string(),
        Lang::Vi => in_vietnamese(finding),
    }
}

fn in_vietnamese(finding: &Finding) -> String {
    let entries = |leaves: std::ops::Range<u64>| format!("các mục {}\u{2013}{}", leaves.start + 1, leaves.end);
    match finding {
        Finding::Gap { expected, found } => format!("mục {found} đứng ở chỗ của mục {expected}"),
        Finding::Content(entry) => format!("mục {entry}: nội dung lưu không đúng với cam kết trong nhật ký"),
        Finding::Leaf(entry) => format!("mục {entry} không đúng với mã băm của nó"),
        Finding::Node(node) => format!("{} không phải là những mục đã được băm", entries(node.leaves())),
        Finding::Missing(node) => format!("thiếu mã băm của {}", entries(node.leaves())),
        Finding::Surplus(node) => format!("thừa mã băm thứ {} ở tầng {}", node.index, node.level),
        Finding::Head(leaves) => format!("{} không đúng với đầu nhật ký đã lưu", entries(leaves.clone())),
        Finding::Short { signed, found } => format!("đã ký {signed} mục, nay chỉ có {found}"),
        Finding::Rewritten { size, fits } => format!("{} không phải là những mục đã được ký", entries(*fits..*size)),
    }
}
