//! The file system as SQLite calls it. One is registered for all disks and for ever: it must outlive every connection, and
//! nobody tells when the last one of a disk is closed. The first part of a path says which disk is meant, so that a late
//! connection of a disk that is gone never reaches another one.

use std::{
    collections::BTreeMap,
    ffi::{CStr, c_char, c_int},
    ptr,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak},
};

use libsqlite3_sys::{
    SQLITE_ACCESS_EXISTS, SQLITE_CANTOPEN, SQLITE_IOERR_ACCESS, SQLITE_IOERR_DELETE, SQLITE_OK, sqlite3_file,
    sqlite3_int64, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::{
    disk::{Code, Shared},
    handle::Handle,
    io::{self, Opened},
};

/// What SQLite knows the file system by.
pub(crate) const NAME: &CStr = c"powercut";
/// Paths are no longer than this.
const LONGEST: usize = 512;

/// The disks that there are.
static DISKS: Mutex<BTreeMap<u64, Weak<Shared>>> = Mutex::new(BTreeMap::new());

fn disks() -> MutexGuard<'static, BTreeMap<u64, Weak<Shared>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a disk known to SQLite.
pub(crate) fn attach(number: u64, disk: &Arc<Shared>) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    disks().insert(number, Arc::downgrade(disk));
}

/// From here on nothing is found on the disk.
pub(crate) fn detach(number: u64) {
    disks().remove(&number);
}

fn register() {
    // SAFETY: Looking for the file system of the operating system initialises SQLite and has no other effect.
    let system = unsafe { sqlite3_vfs_find(ptr::null()) };
    assert!(!system.is_null(), "SQLite has a file system of its own");
    let vfs = Box::new(sqlite3_vfs {
        iVersion: 2,
        szOsFile: c_int::try_from(size_of::<Opened>()).unwrap_or(c_int::MAX),
        mxPathname: c_int::try_from(LONGEST).unwrap_or(c_int::MAX),
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        pAppData: system.cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    });
    // SAFETY: It is never freed, and not the default: who does not ask for it by name does not get it.
    let registered = unsafe { sqlite3_vfs_register(Box::leak(vfs), 0) };
    assert_eq!(registered, SQLITE_OK, "SQLite takes a file system in");
}

/// The disk that a path leads to, and the name of the file there.
///
/// # Safety
/// `path` is a text that ends with zero.
unsafe fn on_disk<'a>(path: *const c_char) -> Option<(Arc<Shared>, &'a str)> {
    // SAFETY: The caller promises so.
    let path = unsafe { CStr::from_ptr(path) }.to_str().ok()?;
    let (number, name) = path.strip_prefix('/')?.split_once('/')?;
    let disk = disks().get(&number.parse().ok()?)?.upgrade()?;
    Some((disk, name))
}

fn code(outcome: Result<(), Code>) -> c_int {
    outcome.err().unwrap_or(SQLITE_OK)
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    path: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let opened = if path.is_null() {
        // What SQLite puts aside for a while lives on a disk of its own, which never fails.
        Handle::open(Arc::default(), None, flags)
    } else {
        // SAFETY: SQLite gives a path that is a text of C.
        match unsafe { on_disk(path) } {
            Some((disk, name)) => Handle::open(disk, Some(name), flags),
            None => Err(SQLITE_CANTOPEN),
        }
    };
    let (handle, code) = match opened {
        Ok(handle) => (Some(handle), SQLITE_OK),
        Err(code) => (None, code),
    };
    // SAFETY: SQLite gives as much memory for the file as was asked for when registering.
    unsafe { io::hand_over(file, handle) };
    if !flags_out.is_null() {
        // SAFETY: It is a place for the answer.
        unsafe { *flags_out = flags };
    }
    code
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, path: *const c_char, sync_names: c_int) -> c_int {
    // SAFETY: SQLite gives a path that is a text of C.
    match unsafe { on_disk(path) } {
        Some((disk, name)) => code(disk.state().delete(name, sync_names != 0)),
        None => SQLITE_IOERR_DELETE,
    }
}

/// A file that is empty does not exist, as far as the question is about existence: so it is on Unix.
unsafe extern "C" fn access(_vfs: *mut sqlite3_vfs, path: *const c_char, flags: c_int, answer: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a path that is a text of C.
    let Some((disk, name)) = (unsafe { on_disk(path) }) else {
        return SQLITE_IOERR_ACCESS;
    };
    let state = disk.state();
    if !state.is_powered() {
        return SQLITE_IOERR_ACCESS;
    }
    let there = state
        .size(name)
        .is_some_and(|size| size > 0 || flags != SQLITE_ACCESS_EXISTS);
    // SAFETY: It is a place for the answer.
    unsafe { *answer = c_int::from(there) };
    SQLITE_OK
}

/// Paths are full as they are.
unsafe extern "C" fn full_pathname(
    _vfs: *mut sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    answer: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a path that is a text of C.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if usize::try_from(room).is_ok_and(|room| bytes.len() <= room) {
        // SAFETY: The answer has as much room as SQLite says, and is not where the path is.
        unsafe { ptr::copy_nonoverlapping(path, answer, bytes.len()) };
        SQLITE_OK
    } else {
        SQLITE_CANTOPEN
    }
}

/// The file system of the operating system, for what has nothing to do with files.
///
/// # Safety
/// `vfs` is the one that was registered here.
unsafe fn system(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: The caller promises so, and it is never changed nor freed.
    unsafe { (*vfs).pAppData.cast() }
}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, length: c_int, into: *mut c_char) -> c_int {
    // SAFETY: What SQLite gives is passed on as it is.
    unsafe { (*system(vfs)).xRandomness.map_or(0, |f| f(system(vfs), length, into)) }
}

unsafe extern "C" fn sleep(vfs: *mut sqlite3_vfs, micros: c_int) -> c_int {
    // SAFETY: What SQLite gives is passed on as it is.
    unsafe { (*system(vfs)).xSleep.map_or(0, |f| f(system(vfs), micros)) }
}

unsafe extern "C" fn current_time(vfs: *mut sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: What SQLite gives is passed on as it is.
    unsafe { (*system(vfs)).xCurrentTime.map_or(0, |f| f(system(vfs), days)) }
}

unsafe extern "C" fn current_time_int64(vfs: *mut sqlite3_vfs, millis: *mut sqlite3_int64) -> c_int {
    // SAFETY: What SQLite gives is passed on as it is.
    unsafe { (*system(vfs)).xCurrentTimeInt64.map_or(0, |f| f(system(vfs), millis)) }
}

unsafe extern "C" fn last_error(_vfs: *mut sqlite3_vfs, _length: c_int, _into: *mut c_char) -> c_int {
    0
}
