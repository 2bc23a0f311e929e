//! How the cells of a form look.

use crate::form::{Kind, Words};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

/// The colours of headings: what must be filled in, and what may.
const REQUIRED: Color = Color::RGB(0x1F_4E_79);
const OPTIONAL: Color = Color::RGB(0x5B_7F_A6);
const EXPLAINED: Color = Color::RGB(0xF2_F2_F2);

pub(super) fn text_format() -> Format {
    Format::new().set_num_format("@").set_align(FormatAlign::Top)
}

pub(super) fn cell_format(kind: &Kind, words: &Words) -> Format {
    match kind {
        Kind::Date => Format::new()
            .set_num_format(&words.date_format)
            .set_align(FormatAlign::Top),
        Kind::Whole => Format::new().set_num_format("0").set_align(FormatAlign::Top),
        Kind::Decimal => Format::new().set_align(FormatAlign::Top),
        Kind::Prose => text_format().set_text_wrap(),
        Kind::Text | Kind::OneOf(_) | Kind::SeveralOf(_) => text_format(),
    }
}

pub(super) fn heading_format(required: bool) -> Format {
    Format::new()
        .set_num_format("@")
        .set_bold()
        .set_font_color(Color::White)
        .set_background_color(if required { REQUIRED } else { OPTIONAL })
        .set_border(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
}

pub(super) fn explanation_format() -> Format {
    Format::new()
        .set_num_format("@")
        .set_italic()
        .set_font_size(9)
        .set_background_color(EXPLAINED)
        .set_border(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::Top)
}
