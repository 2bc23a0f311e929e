//! The verbs of reporting's nouns: indicators, periods, reports, returns and the projection. Figures have modules of their own.
//!
//! Each noun's module owns its flags and how these become requests.

pub mod indicator;
pub mod period;
pub mod projection;
pub mod report;
pub mod returns;

pub use indicator::IndicatorVerb;
pub use period::PeriodVerb;
pub use projection::ProjectionVerb;
pub use report::ReportVerb;
pub use returns::ReturnVerb;
