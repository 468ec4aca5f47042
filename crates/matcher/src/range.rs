//! Address ranges: they lie within each other or apart, so the last that begins before an address leads to all that hold it.

use std::net::IpAddr;

/// A range before it is written: first address, prefix length, entry.
pub(crate) type Range = (u128, u8, u32);

/// How many bits addresses of a version have.
const fn width(bytes: usize) -> u32 {
    bytes as u32 * 8
}

/// Bytes of a row: first address, entry, row of the next wider range (its number plus one), prefix length.
pub(crate) const fn row(bytes: usize) -> usize {
    bytes + 9
}

const fn holds(first: u128, prefix: u8, address: u128, bits: u32) -> bool {
    let shift = bits - prefix as u32;
    shift >= 128 || (first ^ address) >> shift == 0
}

/// Writes ranges of addresses of so many bytes.
pub(crate) fn write(mut ranges: Vec<Range>, bytes: usize) -> Vec<u8> {
    ranges.sort_unstable();
    let mut out = Vec::with_capacity(ranges.len() * row(bytes));
    let mut open: Vec<usize> = Vec::new();
    for (number, &(first, prefix, entry)) in ranges.iter().enumerate() {
        while let Some(&(wide, len, _)) = open.last().and_then(|&row| ranges.get(row))
            && !holds(wide, len, first, width(bytes))
        {
            open.pop();
        }
        let parent = open.last().map_or(0, |&row| row as u32 + 1);
        out.extend_from_slice(first.to_le_bytes().get(..bytes).unwrap_or_default());
        out.extend_from_slice(&entry.to_le_bytes());
        out.extend_from_slice(&parent.to_le_bytes());
        out.push(prefix);
        open.push(number);
    }
    out
}

/// Calls `hit` with the entry of each range that holds the address.
pub(crate) fn search(table: &[u8], bytes: usize, address: u128, mut hit: impl FnMut(u32)) {
    let rows = table.len() / row(bytes);
    let read = |number: usize| {
        let row = table.get(number * row(bytes)..(number + 1) * row(bytes))?;
        let (first, rest) = row.split_at_checked(bytes)?;
        let mut wide = [0; 16];
        wide.get_mut(..bytes)?.copy_from_slice(first);
        let entry = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?);
        let parent = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?);
        Some((u128::from_le_bytes(wide), entry, parent, *rest.get(8)?))
    };
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = low.midpoint(high);
        if read(middle).is_some_and(|(first, ..)| first <= address) { low = middle + 1 } else { high = middle }
    }
    let mut number = low;
    // A parent comes before its child, so the walk ends even in a forged table.
    while let Some((first, entry, parent, prefix)) = number.checked_sub(1).and_then(read) {
        if u32::from(prefix) <= width(bytes) && holds(first, prefix, address, width(bytes)) {
            hit(entry);
        }
        if parent as usize >= number {
            return;
        }
        number = parent as usize;
    }
}

/// An address as a number, and its bytes.
pub(crate) fn number(address: IpAddr) -> (u128, usize) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 4),
        IpAddr::V6(address) => (u128::from(address), 16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_range_that_holds_an_address() {
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..50 {
            let ranges: Vec<Range> = (0..next(60) as u32)
                .map(|entry| {
                    let prefix = 20 + next(13) as u8;
                    let first = (next(1 << 14) as u128) << (32 - prefix) & 0xffff_ffff;
                    (first, prefix, entry)
                })
                .collect();
            let table = write(ranges.clone(), 4);
            for _ in 0..300 {
                let address = next(1 << 24) as u128;
                let mut found = Vec::new();
                search(&table, 4, address, |entry| found.push(entry));
                found.sort_unstable();
                let expect: Vec<u32> =
                    ranges.iter().filter(|r| (r.0 ^ address) >> (32 - r.1) == 0).map(|r| r.2).collect();
                assert_eq!(found, expect);
            }
        }
    }
}
