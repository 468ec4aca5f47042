//! A file mapped into memory, and what happens if somebody cuts it meanwhile.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps a file to be read, its pages fetched at once.
pub(crate) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are only ever read through bounds-checked slices of plain bytes, of which every value is sound.
    // What remains is somebody who writes to or cuts the file while it is mapped: this crate never does, it writes a new
    // file and renames it, and its documentation asks the same of others. A cut then ends the process, by a signal or by
    // `end_on_cut`.
    unsafe { MmapOptions::new().populate().map(file) }
}

/// From now on, if an index that is mapped is cut short by somebody, this process says so on standard error and ends with
/// `code`, where it would be ended by a signal without a word. It is for commands: the whole process is concerned. Does nothing
/// where the system is not Linux.
pub fn end_on_cut(code: u8) {
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    bus::end_with(code);
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = code;
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod bus {
    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicU8, Ordering};

    /// The signal's number on these processors.
    const SIGBUS: c_int = 7;
    const STANDARD_ERROR: c_int = 2;
    const WORDS: &str = "hunt: the compiled indicator file was cut or written to while it was in use; what was found until now may not be all. \
                         Make a new file and rename it, as `hunt compile` does\n";

    static CODE: AtomicU8 = AtomicU8::new(0);

    // SAFETY: these are the C library's own, with the types that its headers on Linux give them.
    unsafe extern "C" {
        fn signal(number: c_int, handler: extern "C" fn(c_int)) -> *const c_void;
        fn write(file: c_int, bytes: *const c_void, len: usize) -> isize;
        fn _exit(code: c_int) -> !;
    }

    extern "C" fn ended(_: c_int) {
        // SAFETY: `write` and `_exit` may be called in a handler; the bytes are a constant's.
        unsafe {
            write(STANDARD_ERROR, WORDS.as_ptr().cast(), WORDS.len());
            _exit(CODE.load(Ordering::Relaxed).into())
        }
    }

    pub(super) fn end_with(code: u8) {
        CODE.store(code, Ordering::Relaxed);
        // SAFETY: the handler calls nothing but what a handler may call, and reads one atomic.
        unsafe {
            signal(SIGBUS, ended);
        }
    }
}
