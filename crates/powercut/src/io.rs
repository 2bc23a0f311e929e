//! The methods of an open file as SQLite calls them: pointers and numbers of C on the one side, a handle on the other.

use std::{
    ffi::{c_int, c_void},
    slice,
};

use libsqlite3_sys::{
    SQLITE_IOCAP_POWERSAFE_OVERWRITE, SQLITE_IOERR, SQLITE_NOTFOUND, SQLITE_OK, SQLITE_SHM_SHARED, SQLITE_SHM_UNLOCK,
    sqlite3_file, sqlite3_int64, sqlite3_io_methods,
};

use crate::{
    disk::Code,
    file::SECTOR,
    handle::{Claim, Handle},
};

/// What SQLite allocates for an open file.
#[repr(C)]
pub(crate) struct Opened {
    base: sqlite3_file,
    handle: *mut Handle,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // The third version adds files mapped into memory, which would go past the counting of operations.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Hands a file over to SQLite; without a handle, as one that need not be closed.
///
/// # Safety
/// `file` points to memory for an [`Opened`].
pub(crate) unsafe fn hand_over(file: *mut sqlite3_file, handle: Option<Handle>) {
    let opened = Opened {
        base: sqlite3_file {
            pMethods: handle.as_ref().map_or(std::ptr::null(), |_| &raw const METHODS),
        },
        handle: handle.map_or(std::ptr::null_mut(), |handle| Box::into_raw(Box::new(handle))),
    };
    // SAFETY: The caller has memory for it, which holds nothing yet.
    unsafe { file.cast::<Opened>().write(opened) };
}

/// # Safety
/// `file` was handed over with a handle and is not closed, and nobody else uses it during the call: SQLite sees to
/// both.
unsafe fn handle<'a>(file: *mut sqlite3_file) -> &'a mut Handle {
    // SAFETY: The handle lives in a box of its own from the handing over to the closing.
    unsafe { &mut *(*file.cast::<Opened>()).handle }
}

fn code(outcome: Result<(), Code>) -> c_int {
    outcome.err().unwrap_or(SQLITE_OK)
}

/// A length or a place in a file; SQLite gives none that is negative.
fn place(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(0)
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: It was handed over as a box, and SQLite closes a file once.
    drop(unsafe { Box::from_raw((*file.cast::<Opened>()).handle) });
    SQLITE_OK
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives a buffer of that length.
    let into = unsafe { slice::from_raw_parts_mut(into.cast::<u8>(), place(amount)) };
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.read(place(at), into))
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives a buffer of that length.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), place(amount)) };
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.write(place(at), bytes))
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.truncate(place(size)))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.sync())
}

unsafe extern "C" fn size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.size().map(|bytes| {
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *size = sqlite3_int64::try_from(bytes).unwrap_or(sqlite3_int64::MAX) };
    }))
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.lock(level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: It is an open file.
    unsafe { handle(file) }.unlock(level);
    SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, answer: *mut c_int) -> c_int {
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.is_reserved().map(|reserved| {
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *answer = c_int::from(reserved) };
    }))
}

unsafe extern "C" fn control(_file: *mut sqlite3_file, _operation: c_int, _argument: *mut c_void) -> c_int {
    SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut sqlite3_file) -> c_int {
    c_int::try_from(SECTOR).unwrap_or(SQLITE_IOERR)
}

unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: It is an open file.
    if unsafe { handle(file) }.keeps_neighbours() {
        SQLITE_IOCAP_POWERSAFE_OVERWRITE
    } else {
        0
    }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    bytes: c_int,
    make: c_int,
    answer: *mut *mut c_void,
) -> c_int {
    // SAFETY: It is an open file.
    let mapped = unsafe { handle(file) }.map(place(region), place(bytes), make != 0);
    code(mapped.map(|begin| {
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *answer = begin.unwrap_or(std::ptr::null_mut()) };
    }))
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let claim = if flags & SQLITE_SHM_UNLOCK != 0 {
        Claim::Release
    } else if flags & SQLITE_SHM_SHARED != 0 {
        Claim::Share
    } else {
        Claim::Take
    };
    // SAFETY: It is an open file.
    code(unsafe { handle(file) }.lock_index(place(first), place(count), claim))
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: It is an open file.
    unsafe { handle(file) }.barrier();
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: It is an open file.
    unsafe { handle(file) }.unmap();
    SQLITE_OK
}
