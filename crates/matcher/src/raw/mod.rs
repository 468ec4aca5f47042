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
pub(crate) struct Planes {
    /// Letters, digits, hyphen, underscore.
    pub name: u64,
    /// Letters and digits.
    pub alnum: u64,
    /// Hexadecimal digits.
    pub hex: u64,
    /// Dots.
    pub dot: u64,
    /// Colons.
    pub colon: u64,
    /// `\ % [ ( {`, and `|` by accident.
    pub special: u64,
    /// 0x80 and above.
    pub high: u64,
    /// Zero bytes.
    pub zero: u64,
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

/// Classes of a byte by its two halves: a class holds if both tables have its bit.
const LOW: [u8; 16] = [0x09, 0x0b, 0x0b, 0x0b, 0x0b, 0x4b, 0x0b, 0x0d, 0x4d, 0x0d, 0x0c, 0x84, 0x84, 0x14, 0x04, 0x24];
const HIGH: [u8; 16] = [0, 0, 0x50, 0x01, 0x06, 0xa8, 0x06, 0x88, 0, 0, 0, 0, 0, 0, 0, 0];
const NAME: u8 = 0x3f;
const ALNUM: u8 = 0x0f;
const HEX: u8 = 0x03;
const SPECIAL: u8 = 0xc0;

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

    pub(crate) fn classify_block(self, block: &[u8; WORD]) -> Planes {
        let mut out = [Planes::default()];
        self.classify(block, &mut out);
        out[0]
    }

    /// Does a job; what is inlined into it may use the instructions of this engine.
    #[inline(always)]
    pub(crate) fn enter(self, work: impl Job) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for all that `avx2::enter` is compiled with.
                unsafe { avx2::enter(self, work) }
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

    /// Classifies whole blocks of 64 bytes; as many as both sides have.
    #[inline]
    pub(crate) fn classify(self, text: &[u8], out: &mut [Planes]) {
        let (blocks, _) = text.as_chunks::<WORD>();
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for AVX2, all that the function needs; it takes slices.
                unsafe { avx2::classify(blocks, out) }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.is_here() => {
                // SAFETY: the guard has just asked the processor for AVX-512 F and BW, all that the function needs.
                unsafe { avx512::classify(blocks, out) }
            }
            _ => {
                for (block, planes) in blocks.iter().zip(out) {
                    *planes = scalar::classify(block);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_what_they_say() {
        for byte in 0..=255_u8 {
            let planes = scalar::classify(&[byte; WORD]);
            let all = |yes: bool| if yes { u64::MAX } else { 0 };
            assert_eq!(planes.name, all(byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{byte:x}");
            assert_eq!(planes.alnum, all(byte.is_ascii_alphanumeric()), "{byte:x}");
            assert_eq!(planes.hex, all(byte.is_ascii_hexdigit()), "{byte:x}");
            assert_eq!(planes.special, all(b"\\%[({|".contains(&byte)), "{byte:x}");
            assert_eq!((planes.dot, planes.colon), (all(byte == b'.'), all(byte == b':')));
            assert_eq!((planes.high, planes.zero), (all(byte >= 0x80), all(byte == 0)));
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
        let mut expect = vec![Planes::default(); 1024];
        Engine::Scalar.classify(&text, &mut expect);
        for engine in [Engine::Avx2, Engine::Avx512] {
            if !engine.is_here() {
                eprintln!("NOT TESTED: this processor has no {engine:?}");
                continue;
            }
            assert!(engine.is_sound());
            let mut planes = vec![Planes::default(); 1024];
            engine.classify(&text, &mut planes);
            assert!(planes == expect, "{engine:?}");
        }
    }
}
