//! The only module with unsafe code: vector instructions behind a choice at run time, and the memory map.
#![allow(unsafe_code, reason = "intrinsics and memory maps have no safe form; each block says why it is sound")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod map;
mod scalar;

use crate::v4::quick_v4;

pub use map::end_on_cut;
pub(crate) use map::map;

/// Bytes of one word of a plane.
pub(crate) const WORD: usize = 64;
/// Words classified at a time: planes of this many stay in the first-level cache beside the text.
pub(crate) const WORDS: usize = 128;

/// Which bytes of 64 are what, bit by bit.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Letters, digits, hyphen, underscore.
    pub name: u64,
    /// Letters and digits.
    pub alnum: u64,
    /// Digits.
    pub digit: u64,
    /// Hexadecimal digits.
    pub hex: u64,
    /// Dots.
    pub dot: u64,
    /// Colons.
    pub colon: u64,
    /// `\ % [ ( {`, and `|` by accident.
    pub special: u64,
}

/// Whether there are bytes of 0x80 and above, and zero bytes: few texts have any, so their places are looked for later.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Rare {
    pub high: bool,
    pub zero: bool,
}

impl Rare {
    /// Of both.
    pub const fn or(self, other: Self) -> Self {
        Self { high: self.high | other.high, zero: self.zero | other.zero }
    }
}

/// Words of one class, with room for the one before and the one behind.
pub(crate) type Plane = [u64; WORDS + 2];

/// As many words as are classified at a time, each class for itself, so that several words are worked on at once.
pub(crate) struct Planes {
    pub name: Plane,
    pub alnum: Plane,
    pub digit: Plane,
    pub hex: Plane,
    pub dot: Plane,
    pub colon: Plane,
    pub special: Plane,
}

impl Planes {
    /// Without anything in them.
    pub const fn new() -> Self {
        const NONE: Plane = [0; WORDS + 2];
        Self { name: NONE, alnum: NONE, digit: NONE, hex: NONE, dot: NONE, colon: NONE, special: NONE }
    }

    /// Puts a word at a place.
    #[inline(always)]
    fn set(&mut self, at: usize, word: Word) {
        let put = |plane: &mut Plane, word: u64| {
            if let Some(place) = plane.get_mut(at) {
                *place = word;
            }
        };
        put(&mut self.name, word.name);
        put(&mut self.alnum, word.alnum);
        put(&mut self.digit, word.digit);
        put(&mut self.hex, word.hex);
        put(&mut self.dot, word.dot);
        put(&mut self.colon, word.colon);
        put(&mut self.special, word.special);
    }

    /// Nothing stands before.
    pub fn begin(&mut self) {
        let Self { name, alnum, digit, hex, dot, colon, special } = self;
        for plane in [name, alnum, digit, hex, dot, colon, special] {
            let [first, ..] = plane;
            *first = 0;
        }
    }

    /// The last word becomes the one before.
    pub fn turn(&mut self) {
        let Self { name, alnum, digit, hex, dot, colon, special } = self;
        for plane in [name, alnum, digit, hex, dot, colon, special] {
            plane.copy_within(WORDS..=WORDS, 0);
        }
    }
}

/// A word that has special signs, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Special {
    /// Where the word begins.
    pub place: u32,
    pub signs: u64,
}

/// A run of name signs and dots that has three dots and ends with a digit, and the address that it is, if it is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Four {
    pub start: u32,
    pub end: u32,
    /// The dots of the 64 bytes before its end; the highest bit is the last of them.
    pub dots: u64,
    pub address: Option<u32>,
}

/// Classes of a byte by its two halves: it has a bit if both tables have it. Bits are in such an order that a byte is of a class
/// if it is greater, with its sign, than a number: digits first, then letters of hexadecimal digits, other letters in two
/// rows, hyphen, underscore; the sign and the lowest bit are special signs.
const LOW: [u8; 16] = [0x48, 0x78, 0x78, 0x78, 0x78, 0x79, 0x78, 0x58, 0x59, 0x58, 0x18, 0x90, 0x90, 0x14, 0x10, 0x12];
const HIGH: [u8; 16] = [0, 0, 0x05, 0x40, 0x30, 0x8a, 0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0];
const ABOVE_NOT_DIGIT: i8 = 0x3f;
const ABOVE_NOT_HEX: i8 = 0x1f;
const ABOVE_NOT_ALNUM: i8 = 0x07;
const ABOVE_NOT_NAME: i8 = 0x01;

/// With what an encoding may begin, by halves: a backslash (bits 0 and 1), a percent sign (2 and 3), a bracket (4 to 6).
const BEGIN: [[u8; 16]; 2] = [
    [0, 0, 0, 0, 0, 0x0c, 0, 0, 0x70, 0, 0, 0x70, 0x03, 0, 0, 0],
    [0, 0, 0x7c, 0, 0, 0x73, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0],
];
/// What stands behind each of these if it is of interest: `u` or `x` (0), a dot (1); a hexadecimal digit (2 and 3); a dot, a
/// colon, a D (4 to 6).
const BEHIND: [[u8; 16]; 2] = [
    [0x04, 0x0c, 0x0c, 0x0c, 0x4c, 0x0d, 0x0c, 0x04, 0x05, 0x04, 0x20, 0, 0, 0, 0x12, 0],
    [0, 0, 0x12, 0x24, 0x48, 0, 0x48, 0x01, 0, 0, 0, 0, 0, 0, 0, 0],
];

/// Asks the processor to fetch what lies at a place, without waiting for it.
#[inline(always)]
pub(crate) fn send_for(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if at < bytes.len() {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the place is within the bytes; every x86-64 processor has the instruction, and it changes nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().add(at).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

/// Something to do: a trait and no closure, as only a method can be made to be inlined.
pub(crate) trait Job {
    /// Does it. Implementations are `#[inline(always)]`.
    fn go(self, engine: Engine);
}

/// How bytes are classified on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Byte by byte, anywhere.
    Scalar,
    /// 32 bytes at a time.
    Avx2,
    /// 64 bytes at a time.
    Avx512,
}

impl Engine {
    /// Whether the processor has it.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("bmi1")
                    && std::arch::is_x86_feature_detected!("bmi2")
                    && std::arch::is_x86_feature_detected!("lzcnt")
                    && std::arch::is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_here()
                    && std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512cd")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest that is here and gives what [`Engine::Scalar`] gives for every byte at every place.
    #[must_use]
    pub fn best() -> Self {
        [Self::Avx512, Self::Avx2]
            .into_iter()
            .find(|engine| engine.is_here() && engine.is_sound())
            .unwrap_or(Self::Scalar)
    }

    /// A processor that is new to us is asked before it is trusted: a wrong plane would be a missed attack.
    fn is_sound(self) -> bool {
        (0..=255_u8).all(|byte| {
            let mut block = [b' '; WORD];
            for (at, place) in block.iter_mut().enumerate() {
                *place = byte.wrapping_add(at as u8);
            }
            self.classify_block(&block) == scalar::classify(&block)
        })
    }

    /// Classifies one block.
    fn classify_block(self, block: &[u8; WORD]) -> (Word, Rare) {
        let mut planes = Planes::new();
        let rare = self.classify(block, &mut planes, 0, false);
        let ([name, ..], [alnum, ..], [digit, ..]) = (planes.name, planes.alnum, planes.digit);
        let ([hex, ..], [dot, ..], [colon, ..], [special, ..]) = (planes.hex, planes.dot, planes.colon, planes.special);
        (Word { name, alnum, digit, hex, dot, colon, special }, rare)
    }

    /// Does a job; what is inlined into it may use the instructions of this engine.
    #[inline(always)]
    pub(crate) fn enter(self, work: impl Job) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that `avx2::enter` is compiled with.
                unsafe { avx2::enter(self, work) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that `avx512::enter` is compiled with.
                unsafe { avx512::enter(self, work) }
            }
            _ => work.go(self),
        }
    }

    /// Reads the addresses of runs.
    #[inline]
    pub(crate) fn fours(self, text: &[u8], fours: &mut [Four]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that the function is compiled with; it takes slices.
                unsafe { avx2::fours(text, fours) }
            }
            _ => {
                for four in fours {
                    four.address = quick_v4(text, four.start as usize, four.end as usize, four.dots);
                }
            }
        }
    }

    /// Classifies whole blocks of 64 bytes; the first becomes word `at`. As many as there is room for. With `fine`, an engine
    /// that can leaves out special signs that [`Engine::interesting`] would.
    #[inline]
    pub(crate) fn classify(self, text: &[u8], planes: &mut Planes, at: usize, fine: bool) -> Rare {
        let (blocks, _) = text.as_chunks::<WORD>();
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for AVX2, all that the function needs; it takes slices.
                unsafe { avx2::classify(blocks, planes, at) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for AVX-512 F and BW, all that the function needs.
                unsafe { avx512::classify(blocks, planes, at, fine) }
            }
            _ => {
                let mut all = Rare::default();
                for (number, block) in blocks.iter().enumerate() {
                    let (word, rare) = scalar::classify(block);
                    planes.set(at + number, word);
                    all = all.or(rare);
                }
                all
            }
        }
    }

    /// Which bytes are 0x80 and above, of whole blocks; the first becomes word `at`.
    #[inline]
    pub(crate) fn highs(self, text: &[u8], plane: &mut Plane, at: usize) {
        let (blocks, _) = text.as_chunks::<WORD>();
        let out = plane.iter_mut().skip(at);
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that the function is compiled with; it takes arrays.
                blocks.iter().zip(out).for_each(|(block, out)| *out = unsafe { avx2::high(block) });
            }
            _ => blocks.iter().zip(out).for_each(|(block, out)| *out = scalar::high(block)),
        }
    }

    /// Leaves of special signs those that, by what stands behind them, may begin an encoding that is of interest. Some
    /// others stay; so do all where it was done when they were classified.
    #[inline]
    pub(crate) fn interesting(self, text: &[u8], specials: &mut [Special]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that the function is compiled with; it takes slices.
                unsafe { avx2::interesting(text, specials) }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_what_they_say() {
        for byte in 0..=255_u8 {
            let (planes, rare) = scalar::classify(&[byte; WORD]);
            let all = |yes: bool| if yes { u64::MAX } else { 0 };
            assert_eq!(planes.name, all(byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{byte:x}");
            assert_eq!(planes.alnum, all(byte.is_ascii_alphanumeric()), "{byte:x}");
            assert_eq!(planes.hex, all(byte.is_ascii_hexdigit()), "{byte:x}");
            assert_eq!(planes.special, all(b"\\%[({|".contains(&byte)), "{byte:x}");
            assert_eq!((planes.dot, planes.colon), (all(byte == b'.'), all(byte == b':')));
            assert_eq!(planes.digit, all(byte.is_ascii_digit()), "{byte:x}");
            assert_eq!((rare.high, rare.zero), (byte >= 0x80, byte == 0));
            assert_eq!(scalar::high(&[byte; WORD]), all(byte >= 0x80));
        }
    }

    #[test]
    fn engines_read_the_same_addresses() {
        let mut state = 5_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut text, mut fours) = (b"first: ".to_vec(), Vec::new());
        for round in 0..100_000 {
            let start = text.len();
            for part in 0..4 {
                let most = [10, 100, 260, 1200][next(4) as usize];
                let zero = if next(12) == 0 { "0" } else { "" };
                text.extend(format!("{}{zero}{}", if part > 0 { "." } else { "" }, next(most)).bytes());
            }
            if round % 7 == 0 {
                let at = start + next((text.len() - start) as u64) as usize;
                text[at] = b"0a_/9:"[next(6) as usize];
            }
            let end = text.len();
            let run = &text[start..end];
            if run.iter().filter(|&&b| b == b'.').count() == 3 && run.len() < 16 {
                let dots = run.iter().rev().enumerate().fold(0, |all, (n, &b)| all | u64::from(b == b'.') << (63 - n));
                fours.push(Four { start: start as u32, end: end as u32, dots, address: None });
            }
            text.push(b' ');
        }
        let read = |engine: Engine| {
            let mut fours = fours.clone();
            engine.fours(&text, &mut fours);
            fours
        };
        let expect = read(Engine::Scalar);
        assert!(expect.iter().filter(|four| four.address.is_some()).count() > 10_000);
        for four in &expect {
            let run = std::str::from_utf8(&text[four.start as usize..four.end as usize]).unwrap();
            assert_eq!(four.address, run.parse::<std::net::Ipv4Addr>().ok().map(u32::from), "{run}");
        }
        for engine in [Engine::Avx2, Engine::Avx512].into_iter().filter(|engine| engine.is_here()) {
            assert!(read(engine) == expect, "{engine:?}");
        }
    }

    #[test]
    fn engines_agree() {
        let mut state = 1_u64;
        let text: Vec<u8> = (0..64 * 1024)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        for engine in [Engine::Avx2, Engine::Avx512] {
            if !engine.is_here() {
                eprintln!("NOT TESTED: this processor has no {engine:?}");
                continue;
            }
            assert!(engine.is_sound());
            for at in 0..text.len() / WORD {
                let block = text[at * WORD..][..WORD].try_into().unwrap();
                assert_eq!(engine.classify_block(block), scalar::classify(block), "{engine:?}");
                let mut plane = [0; WORDS + 2];
                engine.highs(block, &mut plane, 3);
                assert_eq!(plane[3], scalar::high(block), "{engine:?}");
            }
            let (mut planes, mut expect) = (Planes::new(), Planes::new());
            for text in text.chunks((WORDS + 1) * WORD) {
                let rare = engine.classify(text, &mut planes, 1, false);
                assert_eq!(rare, Engine::Scalar.classify(text, &mut expect, 1, false));
                assert!(planes.name == expect.name && planes.special == expect.special && planes.colon == expect.colon);
            }
        }
    }

    #[test]
    fn no_sign_that_wakes_is_left_out() {
        let signs = b"\\%[({|ux.nNdDoO: 09afAFgG\"/tT\xc3+X'";
        let mut state = 9_u64;
        for round in 0..20_000 {
            let text: Vec<u8> = (0..WORD + 1 + round % 7)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    signs[(state >> 33) as usize % signs.len()]
                })
                .collect();
            let signs = scalar::classify(text[..WORD].try_into().unwrap()).0.special;
            for engine in [Engine::Scalar, Engine::Avx2, Engine::Avx512].into_iter().filter(|engine| engine.is_here()) {
                let mut specials = [Special { place: 0, signs }];
                engine.interesting(&text, &mut specials);
                let mut planes = Planes::new();
                engine.classify(&[&text[..], &[b' '; WORD]].concat(), &mut planes, 0, true);
                let left = specials[0].signs & planes.special[0];
                assert_eq!(left & !signs, 0);
                for at in (0..WORD).filter(|&at| crate::decode::wakes(&text, at)) {
                    assert!(left >> at & 1 == 1, "{:?} at {at}, {engine:?}", String::from_utf8_lossy(&text));
                }
            }
        }
    }
}
