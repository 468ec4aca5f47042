//! gzip, zstd, xz and bzip2, told by their first bytes, with caps against bombs; UTF-16 with a mark becomes UTF-8.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

/// Unpacked bytes for each packed one, once [`RATIO_FREE_BYTES`] are out: logs pack to a fiftieth, bombs to a thousandth.
pub const RATIO_MAX: u64 = 400;
/// Unpacked bytes that no ratio is asked of.
pub const RATIO_FREE_BYTES: u64 = 64 << 20;
/// Memory that a decoder of zstd or xz may take.
const WINDOW_LOG_MAX: u32 = 27;
const XZ_KIB_MAX: u32 = 256 << 10;
const BUFFER_BYTES: usize = 256 << 10;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
}

impl Packing {
    /// By the first six bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::Plain,
        }
    }
}

/// Counts what is read from the disk.
struct Counting<R> {
    inner: R,
    count: std::rc::Rc<std::cell::Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.count.set(self.count.get() + len as u64);
        Ok(len)
    }
}

/// Gives the unpacked bytes of a stream until a cap is reached.
pub struct Unpacked<'r> {
    inner: Box<dyn Read + 'r>,
    packing: Packing,
    taken: std::rc::Rc<std::cell::Cell<u64>>,
    given: u64,
}

impl<'r> Unpacked<'r> {
    /// Looks at the first bytes and unpacks what they say.
    ///
    /// # Errors
    /// What the stream or the decoder says.
    pub fn new(mut raw: impl Read + 'r) -> io::Result<Self> {
        let mut head = Vec::new();
        raw.by_ref().take(6).read_to_end(&mut head)?;
        let packing = Packing::of(&head);
        let taken = std::rc::Rc::new(std::cell::Cell::new(0));
        let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(head).chain(raw);
        let counting = Counting { inner: whole, count: std::rc::Rc::clone(&taken) };
        let inner: Box<dyn Read + 'r> = match packing {
            Packing::Plain => Box::new(counting),
            Packing::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, counting)))
            }
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(counting)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
                BufReader::with_capacity(BUFFER_BYTES, counting),
                true,
                XZ_KIB_MAX,
            )),
            Packing::Bzip2 => {
                Box::new(bzip2::bufread::MultiBzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, counting)))
            }
        };
        Ok(Self { inner, packing, taken, given: 0 })
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer).map_err(|error| match self.packing {
            Packing::Plain => error,
            packing => io::Error::new(error.kind(), format!("the {packing:?} data is damaged or cut: {error}")),
        })?;
        self.given += len as u64;
        if self.packing != Packing::Plain
            && self.given > RATIO_FREE_BYTES
            && self.given / RATIO_MAX > self.taken.get().max(1)
        {
            return Err(io::Error::other(format!(
                "it unpacks to more than {RATIO_MAX} times its size, as a bomb does"
            )));
        }
        Ok(len)
    }
}

/// The bytes of a file, unpacked.
///
/// # Errors
/// What the system or the decoder says, or that it is more than `bytes_max`.
pub fn whole(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(file.metadata().map_or(0, |meta| meta.len().min(bytes_max) as usize));
    Unpacked::new(file)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other(format!("it is more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Gives UTF-16 that begins with a byte order mark as UTF-8, anything else as it is.
pub struct Narrowing<R> {
    inner: R,
    state: State,
    out: Vec<u8>,
    at: usize,
    /// A byte or a first surrogate that waits for its second.
    left: Vec<u8>,
    /// Is told when what came before it is given.
    failed: Option<io::Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Bytes,
    Little,
    Big,
}

impl<R: Read> Narrowing<R> {
    /// Around a stream.
    pub const fn new(inner: R) -> Self {
        Self { inner, state: State::New, out: Vec::new(), at: 0, left: Vec::new(), failed: None }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.left);
        let before = bytes.len();
        self.failed = self.inner.by_ref().take(BUFFER_BYTES as u64).read_to_end(&mut bytes).err();
        let is_end = bytes.len() == before;
        let even = if is_end { bytes.len() } else { bytes.len() & !1 };
        let little = self.state == State::Little;
        let mut units: Vec<u16> = bytes
            .get(..even)
            .unwrap_or_default()
            .chunks(2)
            .map(|two| match *two {
                [first, second] if little => u16::from_le_bytes([first, second]),
                [first, second] => u16::from_be_bytes([first, second]),
                _ => 0xfffd,
            })
            .collect();
        self.left = bytes.get(even..).unwrap_or_default().to_vec();
        if !is_end && let Some(0xd800..0xdc00) = units.last() {
            units.pop();
            self.left = bytes.get(even - 2..).unwrap_or_default().to_vec();
        }
        self.out.clear();
        self.at = 0;
        let mut four = [0; 4];
        for sign in char::decode_utf16(units) {
            self.out.extend_from_slice(sign.unwrap_or('\u{fffd}').encode_utf8(&mut four).as_bytes());
        }
        Ok(())
    }
}

impl<R: Read> Read for Narrowing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.state == State::New {
            let mut head = Vec::new();
            self.failed = self.inner.by_ref().take(2).read_to_end(&mut head).err();
            self.state = match head[..] {
                [0xff, 0xfe] => State::Little,
                [0xfe, 0xff] => State::Big,
                _ => {
                    self.out = head;
                    State::Bytes
                }
            };
        }
        if self.at >= self.out.len() && self.failed.is_none() && matches!(self.state, State::Little | State::Big) {
            self.fill()?;
        }
        if let Some(ready @ [_, ..]) = self.out.get(self.at..) {
            let len = ready.len().min(buffer.len());
            if let (Some(to), Some(from)) = (buffer.get_mut(..len), ready.get(..len)) {
                to.copy_from_slice(from);
            }
            self.at += len;
            return Ok(len);
        }
        if let Some(why) = self.failed.take() {
            return Err(why);
        }
        if self.state == State::Bytes { self.inner.read(buffer) } else { Ok(0) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Narrowing::new(Unpacked::new(bytes)?).read_to_end(&mut out)?;
        Ok(out)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// `hello` by `xz`.
    const XZ: &[u8] = include_bytes!("hello.xz");

    #[test]
    fn unpacks_each_and_tells_damage() {
        let zstd = zstd::encode_all(&b"hello"[..], 3).unwrap();
        for packed in [b"hello".to_vec(), gzip(b"hello"), zstd, bzip2(b"hello"), XZ.to_vec()] {
            assert_eq!(read(&packed).unwrap(), b"hello");
            if packed != b"hello" {
                let cut = read(&packed[..packed.len() - 9]).unwrap_err().to_string();
                assert!(cut.contains("damaged or cut"), "{cut}");
                for at in 0..packed.len() {
                    let mut turned = packed.clone();
                    turned[at] ^= 0x55;
                    let _ = read(&turned);
                }
            }
        }
        assert_eq!([gzip(b"a"), gzip(b"b")].concat(), [gzip(b"a"), gzip(b"b")].concat());
        assert_eq!(read(&[gzip(b"a"), gzip(b"b")].concat()).unwrap(), b"ab");
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0; 300 << 20];
        assert!(read(&zstd::encode_all(&zeros[..], 1).unwrap()).unwrap_err().to_string().contains("bomb"));
    }

    #[test]
    fn utf_16_is_narrowed() {
        let text = "evil.example 😀\n".repeat(40_000);
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(order).collect();
            assert!(read(&wide).unwrap() == text.as_bytes());
        }
    }
}
