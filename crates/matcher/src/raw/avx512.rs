//! Planes by AVX-512: 64 bytes at once.

use std::arch::x86_64::*;

use super::{ALNUM, HEX, HIGH, LOW, NAME, Planes, SPECIAL, WORD};

/// The planes of each block.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn classify(blocks: &[[u8; WORD]], out: &mut [Planes]) {
    // SAFETY: both loads read 16 bytes of arrays of 16; no alignment is asked.
    let (low, high) = unsafe { (_mm_loadu_si128(LOW.as_ptr().cast()), _mm_loadu_si128(HIGH.as_ptr().cast())) };
    let (low, high) = (_mm512_broadcast_i32x4(low), _mm512_broadcast_i32x4(high));
    let nibble = _mm512_set1_epi8(15);
    for (block, planes) in blocks.iter().zip(out) {
        // SAFETY: the block has 64 bytes; no alignment is asked.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble);
        let class = _mm512_and_si512(_mm512_shuffle_epi8(low, bytes), _mm512_shuffle_epi8(high, upper));
        let has = |bits: u8| _mm512_test_epi8_mask(class, _mm512_set1_epi8(bits as i8));
        let is = |sign: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(sign as i8));
        *planes = Planes {
            name: has(NAME),
            alnum: has(ALNUM),
            hex: has(HEX),
            special: has(SPECIAL),
            dot: is(b'.'),
            colon: is(b':'),
            high: _mm512_movepi8_mask(bytes),
            zero: is(0),
        };
    }
}
