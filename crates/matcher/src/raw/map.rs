//! A file mapped into memory.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps a file to be read, its pages fetched at once.
pub(crate) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes are only ever read through bounds-checked slices of plain bytes, of which every value is sound.
    // What remains is somebody who writes to or cuts the file while it is mapped: this crate never does, it writes a new
    // file and renames it, and its documentation asks the same of others. A cut then ends the process by a signal.
    unsafe { MmapOptions::new().populate().map(file) }
}
