//! The verbs of the registry's nouns: units, agreements, programmes, boundary markers, and the search over them.
//!
//! Each noun's module owns its flags and how these become requests.

pub mod agreement;
pub mod marker;
pub mod programme;
pub mod search;
pub mod section;
pub mod unit;

pub use agreement::AgreementVerb;
pub use marker::MarkerVerb;
pub use programme::ProgrammeVerb;
pub use section::SectionVerb;
pub use unit::{UnitKindVerb, UnitVerb};
