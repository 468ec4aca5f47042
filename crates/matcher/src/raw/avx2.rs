//! Planes by AVX2: two halves of 32 bytes.

use std::arch::x86_64::*;

use super::{
    ABOVE_NOT_ALNUM, ABOVE_NOT_DIGIT, ABOVE_NOT_HEX, ABOVE_NOT_NAME, BEGIN, BEHIND, Engine, Four, HIGH, Job, LOW,
    Planes, Rare, Special, WORD, Word,
};
use crate::v4::quick_v4;

/// Does a job, compiled with what AVX2 processors have: without it, counting bits takes a dozen instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn enter(engine: Engine, work: impl Job) {
    work.go(engine);
}

/// The planes of each block.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn classify(blocks: &[[u8; WORD]], planes: &mut Planes, at: usize) -> Rare {
    let (low, high) = (table(&LOW), table(&HIGH));
    let nibble = _mm256_set1_epi8(15);
    let mask = |vector: __m256i| u64::from(_mm256_movemask_epi8(vector) as u32);
    let both = |first: __m256i, second: __m256i| mask(first) | mask(second) << 32;
    let (mut all, mut least) = (_mm256_setzero_si256(), _mm256_set1_epi8(-1));
    for (number, block) in blocks.iter().enumerate() {
        // SAFETY: the block has 64 bytes, so 32 can be read at 0 and at 32; no alignment is asked.
        let (one, two) = unsafe {
            (_mm256_loadu_si256(block.as_ptr().cast()), _mm256_loadu_si256(block.as_ptr().add(WORD / 2).cast()))
        };
        // A byte of 0x80 and above picks zero from the table of low halves, so it is of no class.
        let class = |bytes: __m256i| {
            let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
            _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper))
        };
        let (first, second) = (class(one), class(two));
        let above = |least: i8| {
            let least = _mm256_set1_epi8(least);
            both(_mm256_cmpgt_epi8(first, least), _mm256_cmpgt_epi8(second, least))
        };
        // The lowest bit of a byte beside its sign.
        let ends = |class: __m256i| _mm256_or_si256(class, _mm256_slli_epi16::<7>(class));
        let is = |sign: u8| {
            let sign = _mm256_set1_epi8(sign as i8);
            both(_mm256_cmpeq_epi8(one, sign), _mm256_cmpeq_epi8(two, sign))
        };
        let word = Word {
            name: above(ABOVE_NOT_NAME),
            alnum: above(ABOVE_NOT_ALNUM),
            digit: above(ABOVE_NOT_DIGIT),
            hex: above(ABOVE_NOT_HEX),
            special: both(ends(first), ends(second)),
            dot: is(b'.'),
            colon: is(b':'),
        };
        planes.set(at + number, word);
        all = _mm256_or_si256(all, _mm256_or_si256(one, two));
        least = _mm256_min_epu8(least, _mm256_min_epu8(one, two));
    }
    Rare { high: mask(all) != 0, zero: mask(_mm256_cmpeq_epi8(least, _mm256_setzero_si256())) != 0 }
}

/// Which of 64 bytes are 0x80 and above.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn high(block: &[u8; WORD]) -> u64 {
    // SAFETY: the block has 64 bytes, so 32 can be read at 0 and at 32; no alignment is asked.
    let (one, two) =
        unsafe { (_mm256_loadu_si256(block.as_ptr().cast()), _mm256_loadu_si256(block.as_ptr().add(WORD / 2).cast())) };
    let mask = |vector: __m256i| u64::from(_mm256_movemask_epi8(vector) as u32);
    mask(one) | mask(two) << 32
}

/// A table in both halves of a vector.
#[target_feature(enable = "avx2")]
fn table(table: &[u8; 16]) -> __m256i {
    // SAFETY: 16 bytes are read of an array of 16; no alignment is asked.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// Leaves of special signs those behind which stands what makes them interesting.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn interesting(text: &[u8], specials: &mut [Special]) {
    let tables = |[low, high]: &[[u8; 16]; 2]| [table(low), table(high)];
    let (begin, behind) = (tables(&BEGIN), tables(&BEHIND));
    let nibble = _mm256_set1_epi8(15);
    let zero = _mm256_setzero_si256();
    let class = |[low, high]: [__m256i; 2], bytes: __m256i| {
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), _mm256_shuffle_epi8(high, upper))
    };
    for special in specials {
        let place = special.place as usize;
        let Some(bytes) = text.get(place..).and_then(|rest| rest.first_chunk::<{ WORD + 1 }>()) else { continue };
        let half = |from: usize| {
            // SAFETY: there are 65 bytes, so 32 can be read at `from`, which is 0, 1, 32 or 33; no alignment is asked.
            unsafe { _mm256_loadu_si256(bytes.as_ptr().add(from).cast()) }
        };
        let none = |from: usize| {
            let both = _mm256_and_si256(class(begin, half(from)), class(behind, half(from + 1)));
            u64::from(_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, zero)) as u32)
        };
        special.signs &= !(none(0) | none(WORD / 2) << 32);
    }
}

/// Ways in which four numbers have one to three digits each.
const LENGTHS: usize = 3 * 3 * 3 * 3;

/// For each: where, in the 16 bytes before the end, the digits of each number are, hundreds first, and no place for a fourth
/// digit; and the least value that so many digits have, as a leading zero is no part of an address.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which would tell")]
const PLACES: ([[u8; 16]; LENGTHS], [[i32; 4]; LENGTHS]) = {
    let (mut places, mut least) = ([[0x80; 16]; LENGTHS], [[0; 4]; LENGTHS]);
    let mut key = 0;
    while key < LENGTHS {
        let (mut number, mut rest, mut last) = (4, key, 15);
        while number > 0 {
            number -= 1;
            let len = rest % 3 + 1;
            rest /= 3;
            let mut digit = 0;
            while digit < len {
                places[key][4 * number + 2 - digit] = (last - digit) as u8;
                digit += 1;
            }
            least[key][number] = [0, 10, 100][len - 1];
            last = last.saturating_sub(len + 1);
        }
        key += 1;
    }
    (places, least)
};

/// Reads the addresses of runs, all digits of one at once.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn fours(text: &[u8], fours: &mut [Four]) {
    let (zeros, nines, most) = (_mm_set1_epi8(0x30), _mm_set1_epi8(9), _mm_set1_epi32(255));
    let tens = _mm_set1_epi32(0x0001_0a64);
    let ones = _mm_set1_epi16(1);
    let gather = _mm_set_epi32(-1, -1, -1, 0x0004_080c);
    for four in fours {
        let (start, end) = (four.start as usize, four.end as usize);
        let Some(sixteen) = end.checked_sub(16).and_then(|from| text.get(from..)?.first_chunk::<16>()) else {
            four.address = quick_v4(text, start, end, four.dots);
            continue;
        };
        // The lengths less one; what is no length from 1 to 3 is a large number.
        let last = four.dots.leading_zeros();
        let dots = four.dots << (last & 63) << 1;
        let third = dots.leading_zeros();
        let dots = dots << (third & 63) << 1;
        let second = dots.leading_zeros();
        let first = (end - start) as u32;
        let first = first.wrapping_sub(last).wrapping_sub(third).wrapping_sub(second).wrapping_sub(4);
        let (second, third, last) = (second.wrapping_sub(1), third.wrapping_sub(1), last.wrapping_sub(1));
        four.address = None;
        if first.max(second).max(third.max(last)) > 2 {
            continue;
        }
        let key = (((first * 3 + second) * 3 + third) * 3 + last) as usize;
        let (Some(places), Some(least)) = (PLACES.0.get(key), PLACES.1.get(key)) else { continue };
        // SAFETY: each is an array of 16 bytes; no alignment is asked.
        let (bytes, places, least) = unsafe {
            (
                _mm_loadu_si128(sixteen.as_ptr().cast()),
                _mm_loadu_si128(places.as_ptr().cast()),
                _mm_loadu_si128(least.as_ptr().cast()),
            )
        };
        let digits = _mm_shuffle_epi8(_mm_xor_si128(bytes, zeros), places);
        let values = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), ones);
        let wrong = _mm_or_si128(
            _mm_subs_epu8(digits, nines),
            _mm_or_si128(_mm_cmpgt_epi32(values, most), _mm_cmpgt_epi32(least, values)),
        );
        if _mm_testz_si128(wrong, wrong) == 1 {
            four.address = Some(_mm_cvtsi128_si32(_mm_shuffle_epi8(values, gather)) as u32);
        }
    }
}
