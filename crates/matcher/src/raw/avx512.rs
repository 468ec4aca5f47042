//! Planes by AVX-512: 64 bytes at once.

use std::arch::x86_64::*;

use super::{ABOVE_NOT_ALNUM, ABOVE_NOT_DIGIT, ABOVE_NOT_HEX, ABOVE_NOT_NAME, HIGH, LOW, Planes, Rare, WORD, Word};

/// The planes of each block.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn classify(blocks: &[[u8; WORD]], planes: &mut Planes, at: usize) -> Rare {
    // SAFETY: both loads read 16 bytes of arrays of 16; no alignment is asked.
    let (low, high) = unsafe { (_mm_loadu_si128(LOW.as_ptr().cast()), _mm_loadu_si128(HIGH.as_ptr().cast())) };
    let (low, high) = (_mm512_broadcast_i32x4(low), _mm512_broadcast_i32x4(high));
    let nibble = _mm512_set1_epi8(15);
    let (mut beyond, mut zeros) = (0, 0);
    for (number, block) in blocks.iter().enumerate() {
        // SAFETY: the block has 64 bytes; no alignment is asked.
        let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
        let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble);
        let class = _mm512_and_si512(_mm512_shuffle_epi8(low, bytes), _mm512_shuffle_epi8(high, upper));
        let above = |least: i8| _mm512_cmpgt_epi8_mask(class, _mm512_set1_epi8(least));
        let is = |sign: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(sign as i8));
        let word = Word {
            name: above(ABOVE_NOT_NAME),
            alnum: above(ABOVE_NOT_ALNUM),
            digit: above(ABOVE_NOT_DIGIT),
            hex: above(ABOVE_NOT_HEX),
            special: _mm512_test_epi8_mask(class, _mm512_set1_epi8(0x81_u8 as i8)),
            dot: is(b'.'),
            colon: is(b':'),
        };
        planes.set(at + number, word);
        beyond |= _mm512_movepi8_mask(bytes);
        zeros |= is(0);
    }
    Rare { high: beyond != 0, zero: zeros != 0 }
}
