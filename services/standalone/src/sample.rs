//! The sample data, carried inside the program: real units, programmes and published totals of Military Region 7 and its
//! neighbours, with made-up events and agreements that add up to them. `sample/README.md` says more.

use banggiao_cli::import::File;

/// The files of the sample, in the import format.
const FILES: [(&str, &[u8]); 7] = [
    ("units.csv", include_bytes!("../sample/units.csv")),
    ("reorganizations.csv", include_bytes!("../sample/reorganizations.csv")),
    ("programmes.csv", include_bytes!("../sample/programmes.csv")),
    ("markers.csv", include_bytes!("../sample/markers.csv")),
    ("agreements.csv", include_bytes!("../sample/agreements.csv")),
    ("events.csv", include_bytes!("../sample/events.csv")),
    ("corrections.csv", include_bytes!("../sample/corrections.csv")),
];

/// The figures that must come out of the sample, as CSV.
pub const FIGURES: &str = include_str!("../sample/figures.csv");

/// The files, ready to be imported.
#[must_use]
pub fn files() -> Vec<File> {
    FILES
        .iter()
        .filter_map(|(name, bytes)| File::new(name, *bytes))
        .collect()
}
