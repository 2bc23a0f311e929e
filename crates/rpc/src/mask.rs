//! Field masks: which fields of a message may be changed, and how new values are laid over old ones.

use crate::Scope;

/// Copies one field from the new values onto the old.
pub type Lay<T> = fn(&mut T, &T);

/// The fields of a message that may be changed, by their names in a mask.
#[derive(Debug)]
pub struct Fields<T: 'static>(pub &'static [(&'static str, Lay<T>)]);

impl<T> Fields<T> {
    /// Checks a mask: at least one field, each one that may be changed.
    pub fn check(&self, mask: Option<&prost_types::FieldMask>, field: &str, scope: &mut Scope<'_>) -> Vec<String> {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| *name).collect();
        check(&names, mask, field, scope)
    }

    /// The old values with the fields of a checked mask taken from the new ones. A masked field that the new values leave
    /// out becomes absent.
    #[must_use]
    pub fn lay_over(&self, mut old: T, new: &T, mask: &[String]) -> T {
        for (name, lay) in self.0 {
            if mask.iter().any(|path| path == name) {
                lay(&mut old, new);
            }
        }
        old
    }
}

/// Checks a mask of which less may be changed than could be: at least one field, each one of these.
pub fn check(names: &[&str], mask: Option<&prost_types::FieldMask>, field: &str, scope: &mut Scope<'_>) -> Vec<String> {
    let paths = mask.map(|mask| mask.paths.clone()).unwrap_or_default();
    if paths.is_empty() {
        scope.required(field);
    }
    for path in paths.iter().filter(|path| !names.contains(&path.as_str())) {
        let known = names.join(", ");
        scope.invalid(
            field,
            format!("{path:?} is no field that can be changed here; those are {known}"),
        );
    }
    paths
}
