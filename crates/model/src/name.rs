//! Resource names (`units/tayninh`), the ids within them, and the codes (`JOINT_PATROL`) that kinds and types have.
//!
//! It owns the grammar only. Whether something of that name exists is not known here.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The longest id, in bytes, so that an id is a valid DNS label as AIP-122 recommends.
pub const ID_LENGTH_MAX: usize = 63;

/// The collection of units.
const UNITS: &str = "units";

/// Says whether `id` has the form `[a-z][a-z0-9-]{0,62}`.
#[must_use]
pub fn valid_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    id.len() <= ID_LENGTH_MAX
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The id within a name of the given collection: `("agreements/tw-h01", "agreements")` gives `tw-h01`.
///
/// `None` for another collection, and for an id that is not valid.
#[must_use]
pub fn collection_id<'a>(name: &'a str, collection: &str) -> Option<&'a str> {
    name.strip_prefix(collection)?
        .strip_prefix('/')
        .filter(|id| valid_id(id))
}

/// The name of a resource: `("agreements", "tw-h01")` gives `agreements/tw-h01`.
#[must_use]
pub fn name(collection: &str, id: &str) -> String {
    format!("{collection}/{id}")
}

/// The id that belongs to a code: `JOINT_PATROL` gives `joint-patrol`.
///
/// People type ids and codes in any case, so an id passes through and case does not matter. The result is a valid id
/// only if the code was a valid code; check it with [`valid_id`].
#[must_use]
pub fn code_to_id(code: &str) -> String {
    code.to_ascii_lowercase().replace('_', "-")
}

/// The code that belongs to an id: `joint-patrol` gives `JOINT_PATROL`. A code passes through; case does not matter.
#[must_use]
pub fn id_to_code(id: &str) -> String {
    id.to_ascii_uppercase().replace('-', "_")
}

/// What is wrong with a unit's id or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The id does not have the form of ids.
    #[error("\"{0}\" is not an id: ids begin with a lower-case letter and hold up to 63 of a-z, 0-9 and \"-\"")]
    Id(String),
    /// The name is not that of a unit.
    #[error("\"{0}\" is not the name of a unit: such names read units/ID")]
    Name(String),
}

/// The id of a unit (đơn vị), always well-formed; `tayninh` for the unit whose name is `units/tayninh`.
///
/// Ids are copied into every index and version, so a clone only counts a reference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(Arc<str>);

impl UnitId {
    /// Reads a bare id such as `tayninh`.
    ///
    /// # Errors
    /// [`Error::Id`] if it does not have the form of ids.
    pub fn parse(id: &str) -> Result<Self, Error> {
        if valid_id(id) {
            Ok(Self(id.into()))
        } else {
            Err(Error::Id(id.to_owned()))
        }
    }

    /// Reads a resource name such as `units/tayninh`.
    ///
    /// # Errors
    /// [`Error::Name`] if it is not the name of a unit.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match collection_id(name, UNITS) {
            Some(id) => Ok(Self(id.into())),
            None => Err(Error::Name(name.to_owned())),
        }
    }

    /// The resource name, such as `units/tayninh`.
    #[must_use]
    pub fn name(&self) -> String {
        name(UNITS, self)
    }

    /// The bare id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for UnitId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::ops::Deref for UnitId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for UnitId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for UnitId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        Self::parse(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_form() {
        for id in ["a", "tayninh", "kh-bpb-601", "a-", &"a".repeat(63)] {
            assert!(valid_id(id), "{id}");
        }
        for id in [
            "",
            "1a",
            "-a",
            "Tayninh",
            "tây-ninh",
            "a_b",
            "a/b",
            "a b",
            &"a".repeat(64),
        ] {
            assert!(!valid_id(id), "{id}");
        }
    }

    #[test]
    fn names_hold_a_collection_and_an_id() {
        assert_eq!(collection_id("agreements/tw-h01", "agreements"), Some("tw-h01"));
        for name in [
            "agreements/",
            "agreements",
            "agreementsx/tw",
            "units/tw",
            "agreements/a/b",
            "/agreements/a",
        ] {
            assert_eq!(collection_id(name, "agreements"), None, "{name}");
        }
        assert_eq!(name("agreements", "tw-h01"), "agreements/tw-h01");
    }

    #[test]
    fn a_unit_id_is_bare_and_has_a_name() {
        let unit = UnitId::from_name("units/tayninh").unwrap();
        assert_eq!(unit, UnitId::parse("tayninh").unwrap());
        assert_eq!(unit.to_string(), "tayninh");
        assert_eq!(unit.name(), "units/tayninh");
        assert_eq!(UnitId::parse("units/tayninh"), Err(Error::Id("units/tayninh".into())));
        assert_eq!(UnitId::from_name("tayninh"), Err(Error::Name("tayninh".into())));
    }

    #[test]
    fn codes_and_ids_stand_for_each_other_in_any_case() {
        for text in ["JOINT_PATROL", "joint-patrol", "Joint_Patrol"] {
            assert_eq!(code_to_id(text), "joint-patrol");
            assert_eq!(id_to_code(text), "JOINT_PATROL");
        }
    }
}
