//! Planes by AVX-512: 64 bytes at once.

use std::arch::x86_64::*;

use super::{
    ABOVE_NOT_ALNUM, ABOVE_NOT_DIGIT, ABOVE_NOT_HEX, ABOVE_NOT_NAME, BEGIN, BEHIND, Engine, HIGH, Job, LOW, Planes,
    Rare, WORD, Word,
};

/// Does a job, compiled with what AVX-512 processors have: sums are made of eight words at once.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn enter(engine: Engine, work: impl Job) {
    work.go(engine);
}

/// A table in all four parts of a vector.
#[target_feature(enable = "avx512f")]
fn table(table: &[u8; 16]) -> __m512i {
    // SAFETY: 16 bytes are read of an array of 16; no alignment is asked.
    _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// The planes of each block. With `fine`, special signs are only those behind which stands what makes them interesting, and
/// some others.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn classify(blocks: &[[u8; WORD]], planes: &mut Planes, at: usize, fine: bool) -> Rare {
    let (low, high) = (table(&LOW), table(&HIGH));
    let tables = |[low, high]: &[[u8; 16]; 2]| [table(low), table(high)];
    let (begin, behind) = (tables(&BEGIN), tables(&BEHIND));
    let nibble = _mm512_set1_epi8(15);
    let upper = |bytes: __m512i| _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble);
    let class = |low: __m512i, high: __m512i, bytes: __m512i, upper: __m512i| {
        _mm512_and_si512(_mm512_shuffle_epi8(low, bytes), _mm512_shuffle_epi8(high, upper))
    };
    let (mut beyond, mut zeros) = (0, 0);
    let mut left = blocks.as_flattened();
    let mut number = at;
    while let Some((block, rest)) = left.split_first_chunk::<WORD>() {
        // SAFETY: the block has 64 bytes; no alignment is asked.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        let half = upper(bytes);
        let signs = class(low, high, bytes, half);
        let above = |least: i8| _mm512_cmpgt_epi8_mask(signs, _mm512_set1_epi8(least));
        let is = |sign: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(sign as i8));
        let special = match left.get(1..).and_then(<[u8]>::first_chunk::<WORD>) {
            Some(shifted) if fine => {
                // SAFETY: these are 64 bytes; no alignment is asked.
                let next = unsafe { _mm512_loadu_si512(shifted.as_ptr().cast()) };
                let [begin_low, begin_high] = begin;
                let [behind_low, behind_high] = behind;
                _mm512_test_epi8_mask(
                    class(begin_low, begin_high, bytes, half),
                    class(behind_low, behind_high, next, upper(next)),
                )
            }
            _ => _mm512_test_epi8_mask(signs, _mm512_set1_epi8(0x81_u8 as i8)),
        };
        let word = Word {
            name: above(ABOVE_NOT_NAME),
            alnum: above(ABOVE_NOT_ALNUM),
            digit: above(ABOVE_NOT_DIGIT),
            hex: above(ABOVE_NOT_HEX),
            special,
            dot: is(b'.'),
            colon: is(b':'),
        };
        planes.set(number, word);
        beyond |= _mm512_movepi8_mask(bytes);
        zeros |= is(0);
        (left, number) = (rest, number + 1);
    }
    Rare { high: beyond != 0, zero: zeros != 0 }
}
