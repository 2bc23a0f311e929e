//! Field violations: what is wrong with which field of a request, all of it at once.
//!
//! A conversion from the wire gathers violations in a [`Violations`], one [`Scope`] per nested message, and is refused
//! if any was found.

use std::fmt;

/// Reasons that every API's `ErrorReason` shares, without their prefix.
pub mod reason {
    /// A field is malformed or out of bounds.
    pub const INVALID_FIELD: &str = "INVALID_FIELD";
    /// A field that must be given is absent.
    pub const REQUIRED_FIELD: &str = "REQUIRED_FIELD";
    /// A field names a resource that does not exist.
    pub const UNKNOWN_REFERENCE: &str = "UNKNOWN_REFERENCE";
    /// The page token was made for another request.
    pub const BAD_PAGE_TOKEN: &str = "BAD_PAGE_TOKEN";
    /// The request id was used before with another request.
    pub const REQUEST_ID_REUSED: &str = "REQUEST_ID_REUSED";
}

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Dotted path of the field in the request, as `event.start_date`.
    pub path: String,
    /// What is wrong, in English, with the value that was met.
    pub description: String,
    /// A name of the API's `ErrorReason` without its prefix.
    pub reason: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.description)
    }
}

/// The faults found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A scope at the root of the request; paths given to it stand as they are.
    pub fn root(&mut self) -> Scope<'_> {
        Scope {
            violations: self,
            prefix: String::new(),
        }
    }

    /// A scope below the root, as `event`.
    pub fn scope(&mut self, name: &str) -> Scope<'_> {
        Scope {
            violations: self,
            prefix: name.to_owned(),
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order in which they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }

    /// The faults in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// `value` if nothing is wrong.
    ///
    /// # Errors
    /// All faults otherwise.
    pub fn check<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl FromIterator<Violation> for Violations {
    fn from_iter<I: IntoIterator<Item = Violation>>(violations: I) -> Self {
        Self(violations.into_iter().collect())
    }
}

/// A place in the request, to which the paths of faults are relative.
#[derive(Debug)]
pub struct Scope<'a> {
    violations: &'a mut Violations,
    prefix: String,
}

impl Scope<'_> {
    /// A scope one step deeper, as `place` or `partner_units[2]`.
    pub fn scope(&mut self, name: &str) -> Scope<'_> {
        let prefix = self.path(name);
        Scope {
            violations: self.violations,
            prefix,
        }
    }

    /// The full path of a field of this scope.
    #[must_use]
    pub fn path(&self, field: &str) -> String {
        match (self.prefix.as_str(), field) {
            ("", field) => field.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, field) => format!("{prefix}.{field}"),
        }
    }

    /// Records a fault.
    pub fn add(&mut self, reason: &'static str, field: &str, description: impl Into<String>) {
        let path = self.path(field);
        self.violations.0.push(Violation {
            path,
            description: description.into(),
            reason,
        });
    }

    /// Records that a field is malformed or out of bounds.
    pub fn invalid(&mut self, field: &str, description: impl Into<String>) {
        self.add(reason::INVALID_FIELD, field, description);
    }

    /// Records that a required field is absent.
    pub fn required(&mut self, field: &str) {
        self.add(reason::REQUIRED_FIELD, field, "is required");
    }

    /// Records that a field names something that does not exist.
    pub fn unknown(&mut self, field: &str, name: &str) {
        self.add(reason::UNKNOWN_REFERENCE, field, format!("{name:?} does not exist"));
    }
}
