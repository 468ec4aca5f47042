//! Bytes as lower-case hexadecimal digits and back.

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// Bytes of any number; `None` if they are no hexadecimal digits in pairs.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| decode::<1>(std::str::from_utf8(pair).ok()?));
    pairs.map(|byte| byte.map(|[byte]| byte)).collect()
}

/// Exactly `N` bytes from lower-case hexadecimal digits: upper case is refused, so that a value has one form.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes = [0, 1, 15, 16, 171, 255];
        assert_eq!(encode(&bytes), "00010f10abff");
        assert_eq!(decode::<6>("00010f10abff"), Some(bytes));
        for bad in ["", "00010f10abf", "00010F10ABFF", "00010g10abff", "00010f10abff00"] {
            assert_eq!(decode::<6>(bad), None, "{bad}");
        }
    }
}
