//! The boundary markers along a stretch that an event names.

use banggiao_contracts::registry::v1 as registry;
use banggiao_directory::Directory;
use banggiao_model::{marker::Number, name};

/// A border is called by two codes of countries, as `VN-KH`.
type Border = [u8; 5];

/// A marker by its place: borders one after the other, markers in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marker {
    border: Border,
    number: Number,
}

impl Marker {
    /// The place of a marker, if the registry's words for it read.
    pub fn of(marker: &registry::Marker) -> Option<Self> {
        Some(Self {
            border: marker.border.as_bytes().try_into().ok()?,
            number: Number::parse(&marker.number).ok()?,
        })
    }

    /// Its resource name.
    pub fn name(self) -> String {
        name::name("markers", &self.number.id(&String::from_utf8_lossy(&self.border)))
    }
}

/// The markers that stand or have stood, in the order of the border.
#[derive(Debug)]
pub struct Markers<'d> {
    directory: &'d Directory,
    placed: Vec<Marker>,
}

impl<'d> Markers<'d> {
    /// All of a registry, but those that are only planned.
    pub fn new(directory: &'d Directory) -> Self {
        let known = directory.markers().values();
        let known = known.filter(|marker| marker.status() != registry::MarkerStatus::Planned);
        let mut placed: Vec<Marker> = known.filter_map(|marker| Marker::of(marker)).collect();
        placed.sort_unstable();
        Self { directory, placed }
    }

    /// Those from one marker to another, by their ids, both included, whichever comes first; nothing can be said if they
    /// stand on different borders, or are not known.
    pub fn along(&self, [from, to]: [&str; 2]) -> Option<&[Marker]> {
        let place = |id: &str| Marker::of(self.directory.markers().get(id)?);
        let (from, to) = (place(from)?, place(to)?);
        let (first, last) = (from.min(to), from.max(to));
        let begin = self.placed.partition_point(|marker| *marker < first);
        let end = self.placed.partition_point(|marker| *marker <= last);
        (first.border == last.border).then(|| &self.placed[begin..end])
    }
}
