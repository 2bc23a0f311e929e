//! The forms of what flags say about an event: lines of aid, participants, quantities, the head of a delegation.
//!
//! It owns how these are written on one line. Files have their own forms, [`crate::import`].

use crate::choices;
use crate::given::{Given, count, given, list, text};
use crate::import::fields::quantity;
use banggiao_contracts::journal::v1 as pb;
use banggiao_model::decimal;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Who led a delegation.
#[derive(Debug, Clone, Default, Args)]
pub struct Head {
    /// Office of the head of the delegation, as "Deputy Commander".
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub head_office: Option<Given<String>>,
    /// Level of that office, as province.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub head_level: Option<Given<String>>,
    /// Name of the head of the delegation.
    #[arg(long, value_name = "TEXT", value_parser = given(text))]
    pub head_name: Option<Given<String>>,
}

impl Head {
    /// Whether any part is given.
    pub(super) fn any(&self) -> bool {
        [&self.head_office, &self.head_level, &self.head_name]
            .iter()
            .any(|text| text.is_some())
    }

    /// The head with what is given in place of what there was; none if nothing is left.
    pub(super) fn over(self, head: Option<pb::DelegationHead>) -> Option<Given<pb::DelegationHead>> {
        if !self.any() {
            return None;
        }
        let mut head = head.unwrap_or_default();
        let parts = [
            (&mut head.office, self.head_office),
            (&mut head.level, self.head_level),
            (&mut head.name, self.head_name),
        ];
        for (part, given) in parts {
            match given {
                Some(Given::Value(text)) => *part = text,
                Some(Given::Empty) => part.clear(),
                None => {}
            }
        }
        let nobody = head == pb::DelegationHead::default();
        Some(if nobody { Given::Empty } else { Given::Value(head) })
    }
}

/// A path that ends in the name of a file.
pub(super) fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let named = path.file_name().is_some();
    named.then_some(path).ok_or_else(|| format!("\"{text}\" names no file"))
}

/// Quantities by key, each once.
pub(super) fn quantities(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut quantities = BTreeMap::new();
    for (key, value) in list(quantity)(text)? {
        if quantities.insert(key.clone(), value).is_some() {
            return Err(format!("\"{key}\" stands twice"));
        }
    }
    Ok(quantities)
}

/// A line of aid; what stands behind the last `|` may be left out.
pub(super) fn line(text: &str) -> Result<pb::Line, String> {
    let parts: Vec<_> = text.split('|').map(str::trim).collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let amount = |index: usize| match part(index) {
        "" => Ok(String::new()),
        amount => decimal::parse(amount)
            .map(decimal::format)
            .map_err(|error| error.to_string()),
    };
    if part(0).is_empty() || parts.len() > 5 {
        return Err(format!(
            "\"{text}\" is not of the form ITEM|QUANTITY|UNIT|VALUE|RECIPIENT"
        ));
    }
    Ok(pb::Line {
        item: part(0).to_owned(),
        quantity: amount(1)?,
        unit: part(2).to_owned(),
        value_vnd: amount(3)?,
        recipient: part(4).to_owned(),
    })
}

/// Persons by group of ranks.
pub(super) fn participants(text: &str) -> Result<Vec<pb::ParticipantGroup>, String> {
    list(|element: &str| {
        let (group, persons) = element
            .split_once('=')
            .ok_or_else(|| format!("\"{element}\" is not of the form GROUP=N"))?;
        Ok(pb::ParticipantGroup {
            rank_group: choices::rank_group(group.trim())?.into(),
            persons: count(persons.trim())?,
        })
    })(text)
}

/// The number of an edition, from one.
pub(super) fn edition(text: &str) -> Result<i32, String> {
    let edition = text.parse().ok().filter(|edition| *edition > 0);
    edition.ok_or_else(|| format!("\"{text}\" is not the number of an edition, such as 1 or 7"))
}
