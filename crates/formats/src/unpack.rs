//! gzip and zstd, one level deep, with caps against bombs.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use crate::limits::{RATIO_FREE_BYTES, RATIO_MAX};

/// Largest zstd window, as a power of two: 32 MiB of memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// Outcome of [`unpack`].
pub type Unpacked = Result<Vec<u8>, String>;

/// The bytes of a file that may be packed by gzip or zstd, at most `bytes_max` of them.
///
/// # Errors
/// Says why it cannot be unpacked: damaged, too big, or packed suspiciously well.
pub fn unpack(bytes: &[u8], bytes_max: u64) -> Unpacked {
    let mut out = Vec::new();
    let mut reader = unpacking(Box::new(bytes), head_of(bytes), bytes_max).map_err(|error| error.to_string())?;
    reader.read_to_end(&mut out).map_err(|error| error.to_string())?;
    match packing(&out) {
        Packing::No => Ok(out),
        _ => Err("it is packed twice".to_owned()),
    }
}

fn head_of(bytes: &[u8]) -> &[u8] {
    bytes.get(..4).unwrap_or(bytes)
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    No,
    Gzip,
    Zstd,
}

pub(crate) fn packing(head: &[u8]) -> Packing {
    if head.starts_with(&[0x1f, 0x8b]) {
        Packing::Gzip
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Packing::Zstd
    } else {
        Packing::No
    }
}

/// A reader of the unpacked bytes of `raw`, which begins with `head`.
pub(crate) fn unpacking<'r>(raw: Box<dyn Read + 'r>, head: &[u8], bytes_max: u64) -> io::Result<Capped<'r>> {
    let taken = Rc::new(Cell::new(0));
    let counting = Counting { inner: raw, taken: Rc::clone(&taken) };
    let kind = packing(head);
    let inner: Box<dyn Read + 'r> = match kind {
        Packing::No => Box::new(counting),
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(counting))),
        Packing::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(counting)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    };
    Ok(Capped { inner, taken, given: 0, bytes_max, kind })
}

struct Counting<'r> {
    inner: Box<dyn Read + 'r>,
    taken: Rc<Cell<u64>>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + len as u64);
        Ok(len)
    }
}

/// Unpacks until a cap is reached.
pub(crate) struct Capped<'r> {
    inner: Box<dyn Read + 'r>,
    taken: Rc<Cell<u64>>,
    given: u64,
    bytes_max: u64,
    kind: Packing,
}

impl Capped<'_> {
    /// Bytes given so far.
    pub(crate) const fn given(&self) -> u64 {
        self.given
    }
}

impl Read for Capped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer).map_err(|error| match self.kind {
            Packing::No => error,
            Packing::Gzip => io::Error::other(format!("the gzip data is damaged: {error}")),
            Packing::Zstd => io::Error::other(format!("the zstd data is damaged: {error}")),
        })?;
        self.given += len as u64;
        if self.given > self.bytes_max {
            return Err(io::Error::other(format!(
                "it is more than {} bytes{}",
                self.bytes_max,
                if self.kind == Packing::No { "" } else { " unpacked" }
            )));
        }
        if self.kind != Packing::No && self.given > RATIO_FREE_BYTES && self.given / RATIO_MAX > self.taken.get() {
            return Err(io::Error::other(format!(
                "it unpacks to more than {RATIO_MAX} times its size, as a bomb does"
            )));
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_window_that_takes_too_much_memory_is_refused() {
        // A frame of one empty block (RFC 8878, 3.1.1): its window descriptor is the exponent above 10, in the upper five bits.
        let frame = |log: u8| vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 0x01, 0x00, 0x00];
        assert_eq!(unpack(&frame(25), 1 << 20), Ok(Vec::new()));
        for log in [26, 27, 31] {
            assert!(unpack(&frame(log), 1 << 20).unwrap_err().contains("zstd"), "{log}");
        }
    }

    #[test]
    fn unpacks_and_refuses_bombs() {
        let zeros = vec![0_u8; 20 << 20];
        for packed in [gzip(&zeros), zstd::encode_all(&zeros[..], 3).unwrap()] {
            assert!(unpack(&packed, 1 << 30).unwrap_err().contains("bomb"));
            assert!(unpack(&packed, 1 << 20).unwrap_err().contains("more than 1048576 bytes"));
        }
        for packed in [gzip(b"hello"), zstd::encode_all(&b"hello"[..], 3).unwrap(), b"hello".to_vec()] {
            assert_eq!(unpack(&packed, 100).unwrap(), b"hello");
        }
        assert!(unpack(&gzip(&gzip(b"hello")), 1000).unwrap_err().contains("twice"));
        let mut damaged = gzip(b"hello hello hello");
        damaged.truncate(12);
        assert!(unpack(&damaged, 1000).unwrap_err().contains("damaged"));
    }
}
