//! What changes something on a disk. Every operation passes here and is counted, and at one of them the power goes.

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_DELETE, SQLITE_IOERR_DELETE_NOENT, SQLITE_IOERR_FSYNC,
    SQLITE_IOERR_WRITE,
};

use super::{Code, Node, State};
use crate::names::Number;

/// When the power goes, seen from an operation that has begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    NotNow,
    During,
    After,
}

impl State {
    /// Counts an operation, which fails if the power goes before it.
    fn begin(&mut self, failure: Code) -> Result<Moment, Code> {
        self.operations += 1;
        if self.cut_at.is_none_or(|at| self.operations < at) {
            return Ok(Moment::NotNow);
        }
        match self.chance.below(3) {
            0 => {
                self.cut();
                Err(failure)
            }
            1 => Ok(Moment::During),
            _ => Ok(Moment::After),
        }
    }

    /// Whoever asked for an operation during or after which the power goes hears nothing of its success.
    fn end(&mut self, moment: Moment, failure: Code) -> Result<(), Code> {
        if moment == Moment::NotNow {
            return Ok(());
        }
        self.cut();
        Err(failure)
    }

    /// Makes a file, and a name for it.
    pub(crate) fn create(&mut self, name: Option<&str>) -> Result<Number, Code> {
        let moment = self.begin(SQLITE_CANTOPEN)?;
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, Node::default());
        if let Some(name) = name {
            self.names.set(name, Some(number));
        }
        self.end(moment, SQLITE_CANTOPEN)?;
        Ok(number)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Number> {
        self.names.seen().get(name).copied()
    }

    pub(crate) fn size(&self, name: &str) -> Option<usize> {
        Some(self.nodes[&self.find(name)?].file.seen().len())
    }

    /// Takes a name away; its file stays for those who have it open.
    pub(crate) fn delete(&mut self, name: &str, durably: bool) -> Result<(), Code> {
        self.generation().map_err(|_| SQLITE_IOERR_DELETE)?;
        self.find(name).ok_or(SQLITE_IOERR_DELETE_NOENT)?;
        let moment = self.begin(SQLITE_IOERR_DELETE)?;
        self.names.set(name, None);
        if durably && moment != Moment::During {
            self.names.sync();
        }
        self.end(moment, SQLITE_IOERR_DELETE)
    }

    pub(crate) fn write(&mut self, generation: u64, number: Number, at: usize, bytes: &[u8]) -> Result<(), Code> {
        let size = self.node(generation, number)?.file.seen().len();
        let moment = self.begin(SQLITE_IOERR_WRITE)?;
        if at + bytes.len() > size && is_over(&mut self.filling) {
            self.end(moment, SQLITE_FULL)?;
            return Err(SQLITE_FULL);
        }
        let fails = fails(&mut self.failing_write);
        let Some(node) = self.nodes.get_mut(&number) else {
            return Err(SQLITE_IOERR_WRITE);
        };
        if moment == Moment::During || fails {
            node.file.write_torn(at, bytes, &mut self.chance);
        } else {
            node.file.write(at, bytes);
        }
        self.end(moment, SQLITE_IOERR_WRITE)?;
        if fails { Err(SQLITE_IOERR_WRITE) } else { Ok(()) }
    }

    pub(crate) fn truncate(&mut self, generation: u64, number: Number, size: usize) -> Result<(), Code> {
        self.node(generation, number)?;
        let moment = self.begin(SQLITE_IOERR)?;
        self.node(generation, number)?.file.truncate(size);
        self.end(moment, SQLITE_IOERR)
    }

    /// Makes a file durable, and the names of all files if asked for.
    pub(crate) fn sync(&mut self, generation: u64, number: Number, names_too: bool) -> Result<(), Code> {
        self.node(generation, number)?;
        let moment = self.begin(SQLITE_IOERR_FSYNC)?;
        if fails(&mut self.failing_sync) {
            self.node(generation, number)?.file.give_up_unsynced();
            self.end(moment, SQLITE_IOERR_FSYNC)?;
            return Err(SQLITE_IOERR_FSYNC);
        }
        // In the middle of it, what reaches the disk is what a cut would leave without it.
        if moment != Moment::During {
            self.node(generation, number)?.file.sync();
            if names_too {
                self.names.sync();
            }
        }
        self.end(moment, SQLITE_IOERR_FSYNC)
    }

    /// A file that nobody can find any more goes with its last handle.
    pub(crate) fn forget(&mut self, number: Number) {
        self.nodes.remove(&number);
    }
}

/// Whether this operation is the one that fails. It fails once.
fn fails(succeeding: &mut Option<u64>) -> bool {
    let over = is_over(succeeding);
    if over {
        *succeeding = None;
    }
    over
}

/// Whether as many operations as were to succeed have done so.
fn is_over(succeeding: &mut Option<u64>) -> bool {
    match succeeding {
        Some(0) => true,
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}
