//! Hashing of short texts where they stand, filters of one cache line a question, and the checksum of a file.

const K1: u64 = 0x9e37_79b9_7f4a_7c15;
const K2: u64 = 0xd6e8_feb8_6659_fd93;
const K3: u64 = 0xa076_1d64_78bd_642f;
/// Or-ed to each byte, it makes letters small and keeps name signs and dots apart.
pub(crate) const FOLD: u64 = 0x2020_2020_2020_2020;

/// Bits of a filter for each key: with four bits set in one word, about one foreign key in two hundred passes.
pub(crate) const KEY_BITS: usize = 16;
/// As the filter of pairs is asked most, it is smaller, and stays nearer: one in eighty passes.
pub(crate) const PAIR_BITS: usize = 12;
/// The same of addresses.
pub(crate) const ADDRESS_BITS: usize = 12;

#[inline(always)]
const fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Eight bytes from `at` on; zero beyond the end.
#[inline(always)]
pub(crate) fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..at.wrapping_add(8)) {
        Some(eight) => u64::from_le_bytes(eight.try_into().unwrap_or([0; 8])),
        None => 0,
    }
}

/// The hash of `text[start..end]`, each byte or-ed with that of `or` (all bytes of `or` are alike).
#[inline(always)]
pub(crate) fn part(class: u64, text: &[u8], start: usize, end: usize, or: u64) -> u64 {
    let len = end - start;
    let salt = class ^ ((len as u64) << 8);
    let hash = if len < 8 {
        if len == 0 {
            return mix(salt ^ K1, K3);
        }
        let shift = 64 - 8 * len as u32;
        let last = if end >= 8 { word(text, end - 8) >> shift } else { short(text, start, end) };
        mix((last | (or >> shift)) ^ K1, K2 ^ salt)
    } else {
        let mut hash = mix((word(text, start) | or) ^ K1, K2 ^ salt);
        let mut at = start + 8;
        while at + 8 < end {
            hash = mix((word(text, at) | or) ^ hash, K1 ^ salt);
            at += 8;
        }
        mix((word(text, end - 8) | or) ^ hash, K2)
    };
    mix(hash ^ K1, K3)
}

#[cold]
fn short(text: &[u8], start: usize, end: usize) -> u64 {
    text.get(start..end).unwrap_or_default().iter().rev().fold(0, |all, &b| all << 8 | u64::from(b))
}

/// The hash of the last two labels of a host, `text[start..end]`, by their last 16 bytes: it is asked of a filter only, so that
/// it may take two names for one, and may not take long.
#[inline(always)]
pub(crate) fn pair(text: &[u8], start: usize, end: usize) -> u64 {
    const FOLD_16: u128 = (FOLD as u128) << 64 | FOLD as u128;
    let sixteen = match end.checked_sub(16).and_then(|from| text.get(from..end)) {
        Some(sixteen) => u128::from_le_bytes(sixteen.try_into().unwrap_or([0; 16])),
        None => last_sixteen(text, end),
    };
    let len = end - start;
    let own = (sixteen | FOLD_16) >> (128 - 8 * len.clamp(1, 16));
    mix(mix(own as u64 ^ K1 ^ (len as u64) << 56, (own >> 64) as u64 ^ K2), K3)
}

#[cold]
fn last_sixteen(text: &[u8], end: usize) -> u128 {
    text.get(..end)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(16)
        .fold((0, 120_u32), |(all, shift), &b| (all | u128::from(b) << shift, shift.saturating_sub(8)))
        .0
}

/// The hash of a whole text.
pub(crate) fn all(class: u64, text: &[u8], or: u64) -> u64 {
    part(class, text, 0, text.len(), or)
}

/// The hash of a number.
#[inline(always)]
pub(crate) const fn of_number(class: u64, number: u64) -> u64 {
    mix(mix(number ^ K1, K2 ^ class) ^ K1, K3)
}

/// Scales a hash to `0..count`.
#[inline(always)]
pub(crate) const fn scale(hash: u64, count: u64) -> u64 {
    ((hash as u128 * count as u128) >> 64) as u64
}

#[inline(always)]
const fn bits(hash: u64) -> u64 {
    1 << (hash & 63) | 1 << ((hash >> 6) & 63) | 1 << ((hash >> 12) & 63) | 1 << ((hash >> 18) & 63)
}

/// A Bloom filter whose keys each live in one word: one memory access a question, and it is built as fast as it is read.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a>(pub(crate) &'a [u8]);

impl Filter<'_> {
    /// Sends for the memory that a question will need.
    #[inline(always)]
    pub(crate) fn send_for(self, hash: u64) {
        crate::raw::send_for(self.0, scale(hash, self.0.len() as u64 / 8) as usize * 8);
    }

    /// Whether a key may be in it.
    #[inline(always)]
    pub(crate) fn may_have(self, hash: u64) -> bool {
        let at = scale(hash, self.0.len() as u64 / 8) as usize;
        let wanted = bits(hash);
        word(self.0, at * 8) & wanted == wanted
    }
}

/// Bytes of a filter of so many keys.
pub(crate) fn filter_bytes(keys: usize, bits_a_key: usize) -> usize {
    (keys * bits_a_key).div_ceil(64).max(8) * 8
}

/// Puts keys into a filter that is zero.
pub(crate) fn fill_filter<'k>(filter: &mut [u8], keys: impl Iterator<Item = &'k u64>) {
    let (words, _) = filter.as_chunks_mut::<8>();
    let len = words.len() as u64;
    for &hash in keys {
        if let Some(word) = words.get_mut(scale(hash, len) as usize) {
            *word = (u64::from_le_bytes(*word) | bits(hash)).to_le_bytes();
        }
    }
}

/// The checksum of a file: against decay and cuts, not against malice.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut lanes = [K1, K2, K3, !K1];
    let mut blocks = bytes.chunks_exact(32);
    for block in &mut blocks {
        for (lane, eight) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            *lane = (*lane ^ word(eight, 0)).wrapping_mul(K2).rotate_left(29);
        }
    }
    let mut sum = bytes.len() as u64 ^ all(0, blocks.remainder(), 0);
    for lane in lanes {
        sum = mix(sum ^ lane, K3).wrapping_add(lane);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_hash_wherever_it_stands_and_in_any_case() {
        let text = b"xxxxxxxxWww.Evil-Host_1.exampleyyyyyyyyy and then some more of it that is longer";
        for start in 0..text.len() {
            for end in start..text.len() {
                let alone = text[start..end].to_ascii_lowercase();
                if alone.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b)) {
                    assert_eq!(part(7, text, start, end, FOLD), all(7, &alone, FOLD), "{start}..{end}");
                }
                assert_eq!(part(7, text, start, end, 0), all(7, &text[start..end], 0));
            }
        }
        let mut seen = std::collections::HashSet::new();
        for n in 0..20_000 {
            assert!(seen.insert(all(1, format!("h{n}.example").as_bytes(), FOLD)));
        }
    }

    #[test]
    fn the_last_labels_have_one_hash_wherever_they_stand_and_in_any_case() {
        let text = b"xx.Evil-Host_1.exampleyyyyyyyyy.and-then.some";
        for start in 0..text.len() {
            for end in start + 1..text.len() {
                let alone = text[start..end].to_ascii_lowercase();
                assert_eq!(pair(text, start, end), pair(&alone, 0, alone.len()), "{start}..{end}");
                assert_ne!(pair(text, start, end), pair(text, start, end + 1), "{start}..{end}");
            }
        }
    }

    #[test]
    fn a_filter_has_its_keys_and_few_others() {
        let keys: Vec<u64> = (0..50_000_u64).map(|n| all(1, &n.to_le_bytes(), 0)).collect();
        let mut bytes = vec![0; filter_bytes(keys.len(), KEY_BITS)];
        fill_filter(&mut bytes, keys.iter());
        let filter = Filter(&bytes);
        assert!(keys.iter().all(|&key| filter.may_have(key)));
        let foreign = (50_000..250_000_u64).filter(|n| filter.may_have(all(1, &n.to_le_bytes(), 0))).count();
        assert!(foreign < 3_000, "{foreign} of 200,000 foreign keys pass");
    }

    #[test]
    fn a_checksum_sees_every_flipped_bit() {
        let bytes: Vec<u8> = (0..200_u8).collect();
        let sum = checksum(&bytes);
        for at in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[at / 8] ^= 1 << (at % 8);
            assert_ne!(checksum(&other), sum);
        }
    }
}
