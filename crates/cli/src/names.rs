//! Resource names and codes as people give them: a full name, a bare id or a code, in any case.
//!
//! It owns that leniency, for the command line and for files alike. Whether something of that name exists is not known
//! here. Every function serves as a value parser of the command line, so its error is a sentence for people.

use banggiao_model::{date, marker, name};

/// The home and partner country of the border whose markers events name by number.
pub const EVENT_BORDER: &str = "vn-kh";

/// A resource of a collection: `units/tayninh` or `tayninh` for `units`.
pub(crate) fn resource(collection: &str, text: &str) -> Result<String, String> {
    id_of(collection, text, str::to_ascii_lowercase)
}

/// A resource that has a code as well: `JOINT_PATROL`, `joint-patrol` or the full name.
fn coded(collection: &str, text: &str) -> Result<String, String> {
    id_of(collection, text, name::code_to_id)
}

/// What is meant by an element of a form's list, `Tân Biên (tanbien)`: what stands in its last parentheses. Any other text
/// is meant as it stands.
#[must_use]
pub fn picked(text: &str) -> &str {
    text.strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
        .map_or(text, |(_, meant)| meant.trim())
}

fn id_of(collection: &str, text: &str, to_id: impl Fn(&str) -> String) -> Result<String, String> {
    let meant = picked(text);
    let bare = match meant.split_once('/') {
        Some((head, rest)) if head.eq_ignore_ascii_case(collection) => rest,
        _ => meant,
    };
    let id = to_id(bare);
    if name::valid_id(&id) {
        Ok(name::name(collection, &id))
    } else {
        Err(not_an_id(collection, text))
    }
}

fn not_an_id(collection: &str, text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    format!("\"{shown}\" is neither an id nor a name of the form {collection}/ID")
}

macro_rules! parsers {
    ($($(#[$doc:meta])* $name:ident = $parser:ident($collection:literal);)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// A sentence if the text cannot be such a name.
        pub fn $name(text: &str) -> Result<String, String> {
            $parser($collection, text)
        })*
    };
}

/// A record that the log may hold: a report as `reports/ID`, or an event as `events/ID` or its bare id.
///
/// # Errors
/// A sentence if the text cannot be such a name.
pub fn record(text: &str) -> Result<String, String> {
    match is_report(picked(text)) {
        true => report(text),
        false => event(text),
    }
}

/// Whether a name is that of a report.
#[must_use]
pub fn is_report(name: &str) -> bool {
    name.starts_with("reports/")
}

parsers! {
    /// A unit: `units/tayninh` or `tayninh`.
    unit = resource("units");
    /// An agreement: `agreements/tw-h01` or `tw-h01`.
    agreement = resource("agreements");
    /// A programme: `programmes/da-1937` or `da-1937`.
    programme = resource("programmes");
    /// An event type: `eventTypes/joint-patrol`, `joint-patrol` or `JOINT_PATROL`.
    event_type = coded("eventTypes");
    /// An event: `events/ID` or its bare id.
    event = resource("events");
    /// An indicator: `indicators/persons-sent`, `persons-sent` or `PERSONS_SENT`.
    indicator = coded("indicators");
    /// A principal: `principals/ID` or its bare id.
    principal = resource("principals");
    /// A grant: `grants/ID` or its bare id.
    grant = resource("grants");
    /// A token: `tokens/ID` or its bare id.
    token = resource("tokens");
    /// A reorganisation: `reorganizations/ID` or its bare id.
    reorganization = resource("reorganizations");
    /// A section of the border: `sections/ID` or its bare id.
    section = resource("sections");
    /// A calendar: `calendars/civil` or `civil`.
    calendar = resource("calendars");
    /// A report: `reports/ID` or its bare id.
    report = resource("reports");
    /// A template of reports: `reportTemplates/six-month`, `six-month` or `SIX_MONTH`.
    report_template = coded("reportTemplates");
}

/// A boundary marker: `markers/vn-kh-65`, `vn-kh-65`, or its number on the border with Cambodia, as `65`, `127(1)` or
/// `229/12`.
///
/// # Errors
/// A sentence if the text cannot be such a name.
pub fn marker(text: &str) -> Result<String, String> {
    match marker::Number::parse(text) {
        Ok(number) => Ok(name::name("markers", &number.id(EVENT_BORDER))),
        // What begins with a digit was meant as a number, and the grammar of numbers says what is wrong with it.
        Err(error) if text.starts_with(|first: char| first.is_ascii_digit()) => Err(error.to_string()),
        Err(_) => resource("markers", text),
    }
}

/// An attachment: `attachments/SHA256`, or its bare SHA-256 in hexadecimal digits.
///
/// # Errors
/// A sentence if the text cannot be such a name.
pub fn attachment(text: &str) -> Result<String, String> {
    let digest = text.strip_prefix("attachments/").unwrap_or(text).to_ascii_lowercase();
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(format!("attachments/{digest}"));
    }
    let shown: String = text.chars().take(80).collect();
    Err(format!(
        "\"{shown}\" is neither a SHA-256 nor a name of the form attachments/SHA256"
    ))
}

/// A period: `calendars/civil/periods/2024-h1` or `civil/2024-H1`.
///
/// # Errors
/// A sentence if the text cannot be such a name.
pub fn period(text: &str) -> Result<String, String> {
    let lower = picked(text).to_ascii_lowercase();
    let parts: Vec<_> = lower.split('/').collect();
    let (calendar, period) = match parts[..] {
        ["calendars", calendar, "periods", period] | [calendar, period] => (calendar, period),
        _ => ("", ""),
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name::valid_id(calendar) && !period.is_empty() && plain(period) {
        return Ok(format!("calendars/{calendar}/periods/{period}"));
    }
    let shown: String = text.chars().take(80).collect();
    Err(format!(
        "\"{shown}\" is not a period such as civil/2024-H1, legal/2024-05 or civil/2024"
    ))
}

/// A country: two letters, given back in capitals.
///
/// # Errors
/// A sentence if the text is anything else.
pub fn country(text: &str) -> Result<String, String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(text.to_ascii_uppercase());
    }
    Err(format!("\"{text}\" is not a country code such as VN, KH or LA"))
}

/// A border: two country codes, the home country first, as `VN-KH`.
///
/// # Errors
/// A sentence if the text is anything else.
pub fn border(text: &str) -> Result<String, String> {
    let (home, partner) = text
        .split_once('-')
        .ok_or_else(|| format!("\"{text}\" is not a border such as VN-KH"))?;
    Ok(format!("{}-{}", country(home)?, country(partner)?))
}

/// The code of a unit's kind: `SEARCH_TEAM` or `search-team`.
///
/// # Errors
/// A sentence if the text cannot be a code.
pub fn unit_kind(text: &str) -> Result<String, String> {
    if name::valid_id(&name::code_to_id(text)) {
        return Ok(name::id_to_code(text));
    }
    Err(format!("\"{text}\" is not the code of a kind, such as SEARCH_TEAM"))
}

/// A civil date, `YYYY-MM-DD`.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn day(text: &str) -> Result<String, String> {
    date::parse(text).map(date::format).map_err(|error| error.to_string())
}

/// A name as short as people would type it: `units/tayninh` is `tayninh`, `calendars/civil/periods/2024-h1` is
/// `civil/2024-h1`. Anything else stays as it is.
#[must_use]
pub fn short(name: &str) -> String {
    const COLLECTIONS: [&str; 16] = [
        "units",
        "reorganizations",
        "agreements",
        "programmes",
        "markers",
        "sections",
        "eventTypes",
        "events",
        "indicators",
        "principals",
        "grants",
        "calendars",
        "tokens",
        "reports",
        "reportTemplates",
        "returns",
    ];
    match name.split_once('/') {
        Some(("calendars", rest)) => rest.replacen("/periods/", "/", 1),
        Some((collection, id)) if COLLECTIONS.contains(&collection) => id.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ids_and_codes_are_taken_in_any_case() {
        for text in ["tayninh", "TayNinh", "units/tayninh", "Units/TAYNINH"] {
            assert_eq!(unit(text).unwrap(), "units/tayninh");
        }
        for text in [
            "JOINT_PATROL",
            "joint-patrol",
            "eventTypes/joint-patrol",
            "eventtypes/Joint_Patrol",
        ] {
            assert_eq!(event_type(text).unwrap(), "eventTypes/joint-patrol");
        }
        for text in ["six-month", "SIX_MONTH", "reporttemplates/six-month"] {
            assert_eq!(report_template(text).unwrap(), "reportTemplates/six-month");
        }
        assert_eq!(report("Reports/R1").unwrap(), "reports/r1");
        for text in ["Tây Ninh (tayninh)", "Ban CHQS (huyện) A (TAYNINH)", "(units/tayninh)"] {
            assert_eq!(unit(text).unwrap(), "units/tayninh");
        }
        assert_eq!(
            event_type("Tuần tra (JOINT_PATROL)").unwrap(),
            "eventTypes/joint-patrol"
        );
        for text in ["Tây Ninh (Tây Ninh)", "tayninh (", "tayninh ()"] {
            assert!(unit(text).is_err(), "{text}");
        }
        for text in ["", "units/", "agreements/x", "tây-ninh", "a_b", "1a", "a b"] {
            assert!(unit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn markers_have_ids_and_numbers() {
        for (text, id) in [
            ("65", "vn-kh-65"),
            ("229/12", "vn-kh-229-12"),
            ("127(1)", "vn-kh-127-s1"),
            ("vn-la-5", "vn-la-5"),
            ("markers/VN-KH-65", "vn-kh-65"),
        ] {
            assert_eq!(marker(text).unwrap(), format!("markers/{id}"));
        }
        assert!(marker("065").unwrap_err().contains("marker number"));
        assert!(marker("").is_err());
    }

    #[test]
    fn attachments_are_named_by_64_digits() {
        let digest = "0123456789abcdef".repeat(4);
        for text in [digest.clone(), digest.to_uppercase(), format!("attachments/{digest}")] {
            assert_eq!(attachment(&text).unwrap(), format!("attachments/{digest}"));
        }
        for text in ["", "attachments/", &digest[1..], &digest.replace('0', "g")] {
            assert!(attachment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn periods_have_short_names() {
        for text in ["legal/2024-H1", "calendars/legal/periods/2024-h1"] {
            assert_eq!(period(text).unwrap(), "calendars/legal/periods/2024-h1");
        }
        for text in [
            "",
            "2024",
            "/",
            "civil/",
            "civil/2024/1",
            "calendars/civil/periods/",
            "civil/2024 h1",
        ] {
            assert!(period(text).is_err(), "{text}");
        }
    }

    #[test]
    fn other_values_are_checked() {
        assert_eq!(country("kh").unwrap(), "KH");
        assert!(country("KHM").is_err() && country("ÄA").is_err());
        assert_eq!(unit_kind("search-team").unwrap(), "SEARCH_TEAM");
        assert!(unit_kind("").is_err());
        assert_eq!(day("2024-06-30").unwrap(), "2024-06-30");
        assert!(day("30/06/2024").is_err());
    }

    #[test]
    fn names_are_shown_short() {
        for (name, shown) in [
            ("units/tayninh", "tayninh"),
            ("calendars/civil/periods/2024-h1", "civil/2024-h1"),
            ("eventTypes/aid", "aid"),
            ("reportTemplates/six-month", "six-month"),
            ("KH", "KH"),
            ("229/12", "229/12"),
            ("https://example.org", "https://example.org"),
        ] {
            assert_eq!(short(name), shown);
        }
    }
}
