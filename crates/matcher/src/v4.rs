//! IPv4 addresses read from a text: without branches where it can, byte by byte where it must.

/// Four numbers before `end`, each ending at a dot but the last; `dots` has the dots among the bytes before that.
#[inline(always)]
pub(crate) fn quick_v4(text: &[u8], start: usize, end: usize, dots: u64) -> Option<u32> {
    let (mut address, mut bad, mut dots, mut to) = (0_u32, end - start > 15, dots, end);
    for number in 0..4 {
        let len = if number == 3 { (to - start) as u32 } else { dots.leading_zeros() };
        dots = dots << len << 1;
        bad |= len.wrapping_sub(1) > 2;
        // The digits are the upper bytes; what stands before them is shifted out.
        let four = u32::from_le_bytes(text.get(to.wrapping_sub(4)..to)?.try_into().ok()?);
        let gone = (32_u32.wrapping_sub(8 * len)) & 31;
        let digits = (four >> gone << gone) ^ (0x3030_3030 >> gone << gone);
        bad |= (digits.wrapping_add(0x7676_7676) | digits) & 0x8080_8080 != 0;
        let value = (digits >> 24) + (digits >> 16 & 0xff) * 10 + (digits >> 8 & 0xff) * 100;
        bad |= value > 255 || (len == 2 && value < 10) || (len == 3 && value < 100);
        address |= value << (8 * number);
        to = to.wrapping_sub(len as usize + 1);
    }
    if bad { None } else { Some(address) }
}

/// Four numbers of 0 to 255 without leading zeros.
#[inline]
pub(crate) fn v4(piece: &[u8]) -> Option<u32> {
    if !(7..=15).contains(&piece.len()) {
        return None;
    }
    let (mut all, mut octet, mut digits, mut dots) = (0_u32, 0_u32, 0_u32, 0);
    for &b in piece {
        if b == b'.' {
            if digits == 0 || octet > 255 {
                return None;
            }
            all = all << 8 | octet;
            (octet, digits) = (0, 0);
            dots += 1;
        } else {
            let digit = u32::from(b.wrapping_sub(b'0'));
            if digit > 9 || digits == 3 || (digits > 0 && octet == 0) {
                return None;
            }
            octet = octet * 10 + digit;
            digits += 1;
        }
    }
    (dots == 3 && digits > 0 && octet <= 255).then_some(all << 8 | octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_read_what_the_standard_library_reads() {
        let mut state = 5_u64;
        for round in 0..200_000 {
            let mut text = b"xxxx".to_vec();
            for part in 0..4 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let number = (state >> 33) % [10, 100, 300, 1200][(state >> 60) as usize % 4];
                let zero = if (state >> 50).is_multiple_of(9) { "0" } else { "" };
                text.extend(format!("{}{zero}{number}", if part > 0 { "." } else { "" }).bytes());
            }
            if round % 5 == 0 {
                let at = 4 + (state >> 40) as usize % (text.len() - 4);
                text[at] = b"0a.:/9"[(state >> 35) as usize % 6];
            }
            let run = &text[4..];
            let expect = std::str::from_utf8(run).unwrap().parse::<std::net::Ipv4Addr>().ok().map(u32::from);
            assert_eq!(v4(run), expect, "{:?}", String::from_utf8_lossy(run));
            if run.iter().filter(|&&b| b == b'.').count() == 3 && run.len() < 64 {
                let dots =
                    run.iter().rev().enumerate().fold(0, |dots, (n, &b)| dots | u64::from(b == b'.') << (63 - n));
                assert_eq!(quick_v4(&text, 4, text.len(), dots), expect, "{:?}", String::from_utf8_lossy(run));
            }
        }
    }
}
