//! IPv6 addresses read from a text.

use crate::signs::{at, digit, slice};
use crate::v4::v4;

const GROUPS: usize = 8;
/// Most digits of a group.
const DIGITS_MAX: usize = 4;

/// Eight groups of up to four hexadecimal digits between colons; two colons stand for one group of zeros or more, once; an IPv4
/// address may stand for the last two.
pub(crate) fn v6(run: &[u8]) -> Option<u128> {
    let (mut all, mut groups, mut gap, mut place) = (0_u128, 0, None, 0);
    if run.starts_with(b"::") {
        (gap, place) = (Some(0), 2);
    }
    while place < run.len() {
        let from = place;
        let mut group = 0;
        while let Some(value) = digit(at(run, place)) {
            if place - from == DIGITS_MAX {
                return None;
            }
            group = group << 4 | value;
            place += 1;
        }
        if place == from {
            return None;
        }
        if at(run, place) == b'.' {
            let last = v4(slice(run, from, run.len()))?;
            if groups + 2 > GROUPS {
                return None;
            }
            all = all << 32 | u128::from(last);
            groups += 2;
            break;
        }
        if groups == GROUPS {
            return None;
        }
        all = all << 16 | u128::from(group);
        groups += 1;
        if place == run.len() {
            break;
        }
        if at(run, place) != b':' || place + 1 == run.len() {
            return None;
        }
        place += 1;
        if at(run, place) == b':' {
            if gap.is_some() {
                return None;
            }
            gap = Some(groups);
            place += 1;
        }
    }
    match gap {
        None => (groups == GROUPS).then_some(all),
        Some(before) if groups < GROUPS => {
            let behind = 16 * (groups - before) as u32;
            let low = all & !u128::MAX.checked_shl(behind).unwrap_or(0);
            let high = all.checked_shr(behind).unwrap_or(0);
            Some(high.checked_shl(128 - 16 * before as u32).unwrap_or(0) | low)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn reads_what_the_standard_library_reads() {
        let mut state = 3_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as usize
        };
        let pieces = [
            "::",
            ":",
            ":",
            "0",
            "1",
            "ffff",
            "FFFF",
            "12345",
            "1.2.3.4",
            "a",
            "255.0.0.1",
            "01.2.3.4",
            ".",
            "g",
            "b8c",
        ];
        let (mut good, mut bad) = (0, 0);
        for round in 0..400_000 {
            let text: String = if round % 2 == 0 {
                (0..next(18)).map(|_| pieces[next(pieces.len() as u64)]).collect()
            } else {
                let groups = 1 + next(9);
                let gap = next(12);
                let mut text = String::new();
                for group in 0..groups {
                    text += if group == gap {
                        "::"
                    } else if group > 0 {
                        ":"
                    } else {
                        ""
                    };
                    let below = [16, 300, 70_000][next(3)];
                    text += &format!("{:x}", next(below));
                }
                text + ["", "", "", "::", ":1.2.3.4", ":"][next(6)]
            };
            let expect = text.parse::<Ipv6Addr>().ok().map(u128::from);
            assert_eq!(v6(text.as_bytes()), expect, "{text}");
            *if expect.is_some() { &mut good } else { &mut bad } += 1;
        }
        assert!(good > 20_000 && bad > 20_000, "{good} {bad}");
    }
}
