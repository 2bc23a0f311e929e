//! The verbs of reporting's nouns: indicators, periods, reports and returns. Figures have modules of their own.
//!
//! Each noun's module owns its flags and how these become requests.

pub mod indicator;
pub mod period;
pub mod report;
pub mod returns;

pub use indicator::IndicatorVerb;
pub use period::PeriodVerb;
pub use report::ReportVerb;
pub use returns::ReturnVerb;
