//! Planes by AVX2: two halves of 32 bytes.

use std::arch::x86_64::*;

use super::{ALNUM, Engine, HEX, HIGH, Job, LOW, NAME, Planes, SPECIAL, WORD};

/// Does a job, compiled with what AVX2 processors have: without it, counting bits takes a dozen instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn enter(engine: Engine, work: impl Job) {
    work.go(engine);
}

/// The planes of each block.
#[target_feature(enable = "avx2")]
pub(super) fn classify(blocks: &[[u8; WORD]], out: &mut [Planes]) {
    // SAFETY: both loads read 16 bytes of arrays of 16; no alignment is asked.
    let (low, high) = unsafe { (_mm_loadu_si128(LOW.as_ptr().cast()), _mm_loadu_si128(HIGH.as_ptr().cast())) };
    let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
    let nibble = _mm256_set1_epi8(15);
    let zero = _mm256_setzero_si256();
    let mask = |vector: __m256i| u64::from(_mm256_movemask_epi8(vector) as u32);
    let has = |classes: __m256i, bits: u8| {
        u64::from(
            !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(classes, _mm256_set1_epi8(bits as i8)), zero))
                as u32),
        )
    };
    let is = |bytes: __m256i, sign: u8| mask(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(sign as i8)));
    for (block, planes) in blocks.iter().zip(out) {
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
        *planes = Planes {
            name: has(first, NAME) | has(second, NAME) << 32,
            alnum: has(first, ALNUM) | has(second, ALNUM) << 32,
            hex: has(first, HEX) | has(second, HEX) << 32,
            special: has(first, SPECIAL) | has(second, SPECIAL) << 32,
            dot: is(one, b'.') | is(two, b'.') << 32,
            colon: is(one, b':') | is(two, b':') << 32,
            high: mask(one) | mask(two) << 32,
            zero: is(one, 0) | is(two, 0) << 32,
        };
    }
}
