//! The contents of one file: what whoever reads it sees, what would be left without power, and the changes that lie
//! between the two. It knows no names, no locks and nothing of SQLite.

use std::ops::Range;

use crate::chance::{Chance, Fate, Odds};

/// What a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { size: usize },
}

/// A file as it is seen and as it would be found after a cut.
#[derive(Debug, Default)]
pub(crate) struct File {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// What stands in the way from the one to the other, in the order of time.
    unsynced: Vec<Change>,
}

impl File {
    /// A file of which everything is durable.
    pub(crate) fn holding(bytes: &[u8]) -> Self {
        Self {
            seen: bytes.to_vec(),
            durable: bytes.to_vec(),
            unsynced: Vec::new(),
        }
    }

    pub(crate) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Reads what is there, and says how much that was.
    pub(crate) fn read(&self, at: usize, into: &mut [u8]) -> usize {
        let there = self.seen.get(at..).unwrap_or_default();
        let length = there.len().min(into.len());
        into[..length].copy_from_slice(&there[..length]);
        length
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.change(Change::Write {
            at,
            bytes: bytes.to_vec(),
        });
    }

    /// Writes only some sectors of what was to be written.
    pub(crate) fn write_torn(&mut self, at: usize, bytes: &[u8], chance: &mut Chance) {
        for piece in torn(at, bytes.len(), chance) {
            self.write(at + piece.start, &bytes[piece]);
        }
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        self.change(Change::Truncate { size });
    }

    fn change(&mut self, change: Change) {
        make(&mut self.seen, &change);
        self.unsynced.push(change);
    }

    /// From here on nothing of it can be lost, but what an earlier failure has given up.
    pub(crate) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            make(&mut self.durable, &change);
        }
    }

    /// A sync failed. Like a kernel, which marks such pages as clean, it goes on showing what was written and will never
    /// write it: a sync that succeeds later says nothing about it.
    pub(crate) fn give_up_unsynced(&mut self) {
        self.unsynced.clear();
    }

    /// Each change that was not synced meets a fate of its own, whatever became of those before it.
    pub(crate) fn lose_power(&mut self, odds: Odds, chance: &mut Chance) {
        for change in std::mem::take(&mut self.unsynced) {
            match (chance.fate(odds), &change) {
                (Fate::Kept, _) => make(&mut self.durable, &change),
                (Fate::Torn, Change::Write { at, bytes }) => {
                    for piece in torn(*at, bytes.len(), chance) {
                        put(&mut self.durable, at + piece.start, &bytes[piece]);
                    }
                }
                (Fate::Torn | Fate::Lost, _) => {}
            }
        }
        self.seen.clone_from(&self.durable);
    }
}

fn make(contents: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => put(contents, *at, bytes),
        Change::Truncate { size } => contents.resize(*size, 0),
    }
}

/// A gap before what is written reads as zeros.
fn put(contents: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if contents.len() < end {
        contents.resize(end, 0);
    }
    contents[at..end].copy_from_slice(bytes);
}

/// The parts of a torn write that reach the disk: its first sectors, or any of them.
fn torn(at: usize, length: usize, chance: &mut Chance) -> Vec<Range<usize>> {
    let mut sectors = sectors(at, length);
    if chance.coin() {
        let kept = chance.below(sectors.len() as u64);
        sectors.truncate(usize::try_from(kept).unwrap_or(0));
    } else {
        sectors.retain(|_| chance.coin());
    }
    sectors
}

/// Where a write is cut by the sectors of the disk, counted from its own beginning.
fn sectors(at: usize, length: usize) -> Vec<Range<usize>> {
    let first = SECTOR - at % SECTOR;
    let ends = (first..length).step_by(SECTOR).chain([length]);
    ends.scan(0, |start, end| Some(std::mem::replace(start, end)..end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: u8 = 1;
    const NEW: u8 = 2;

    /// What is left, sector by sector, of one write over eight of them.
    fn left(seed: u64) -> Vec<u8> {
        let mut chance = Chance::new(seed);
        let mut file = File::holding(&[OLD; 8 * SECTOR]);
        file.write(0, &[NEW; 8 * SECTOR]);
        let odds = chance.odds();
        file.lose_power(odds, &mut chance);
        assert_eq!(file.seen, file.durable, "nothing else is seen afterwards");
        let of_one_piece = |sector: &[u8]| {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "a sector is whole");
            sector[0]
        };
        file.durable.chunks(SECTOR).map(of_one_piece).collect()
    }

    #[test]
    fn a_write_is_lost_kept_or_torn_in_both_ways() {
        let (mut lost, mut kept, mut first, mut scattered) = (0, 0, 0, 0);
        for seed in 0..1000 {
            let left = left(seed);
            match left.iter().filter(|sector| **sector == NEW).count() {
                0 => lost += 1,
                8 => kept += 1,
                new if left[..new].iter().all(|sector| *sector == NEW) => first += 1,
                _ => scattered += 1,
            }
        }
        let counts = [lost, kept, first, scattered];
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    }

    #[test]
    fn a_later_write_can_be_there_without_the_earlier_one() {
        let alone = (0..1000).any(|seed| {
            let mut chance = Chance::new(seed);
            let mut file = File::holding(&[OLD; 2 * SECTOR]);
            file.write(0, &[NEW; SECTOR]);
            file.write(SECTOR, &[NEW; SECTOR]);
            let odds = chance.odds();
            file.lose_power(odds, &mut chance);
            file.durable[0] == OLD && file.durable[SECTOR] == NEW
        });
        assert!(alone);
    }

    #[test]
    fn what_was_synced_is_never_lost_and_neighbours_stay() {
        for seed in 0..1000 {
            let mut chance = Chance::new(seed);
            let mut file = File::default();
            file.write(10, &[OLD; 700]);
            file.sync();
            file.write(300, &[NEW; 100]);
            file.truncate(900);
            let odds = chance.odds();
            file.lose_power(odds, &mut chance);
            assert!(file.durable.len() == 710 || file.durable.len() == 900);
            assert_eq!(file.durable[10..300], [OLD; 290]);
            assert_eq!(file.durable[400..710], [OLD; 310]);
        }
    }

    #[test]
    fn what_a_failed_sync_gave_up_is_seen_and_not_durable() {
        let mut chance = Chance::new(1);
        let mut file = File::holding(&[OLD; SECTOR]);
        file.write(0, &[NEW; SECTOR]);
        file.give_up_unsynced();
        file.sync();
        assert_eq!(file.seen, [NEW; SECTOR]);
        let odds = chance.odds();
        file.lose_power(odds, &mut chance);
        assert_eq!(file.seen, [OLD; SECTOR]);
    }

    #[test]
    fn a_write_is_cut_where_the_sectors_of_the_disk_end() {
        assert_eq!(sectors(0, 1024), [0..512, 512..1024]);
        assert_eq!(sectors(0, 1025), [0..512, 512..1024, 1024..1025]);
        assert_eq!(sectors(500, 24), [0..12, 12..24]);
        assert_eq!(sectors(1024, 8).len(), 1);
    }
}
