//! Normal forms of telephone numbers and accounts that carry a checksum: IBAN and Bitcoin.

use aws_lc_rs::digest::{SHA256, digest};

/// E.164: a plus sign and 7 to 15 digits.
pub(super) fn phone(text: &str) -> Result<String, &'static str> {
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let text = text.replace("(0)", "");
    let (plus, rest) = match (text.strip_prefix('+'), text.strip_prefix("00")) {
        (Some(rest), _) | (None, Some(rest)) => (true, rest),
        _ => (false, text.as_str()),
    };
    if !plus {
        return Err("it has no country code");
    }
    let mut value = String::from("+");
    for c in rest.chars() {
        match c {
            '0'..='9' => value.push(c),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return Err("it holds a sign that no telephone number has"),
        }
        if value.len() > 16 {
            return Err("it has more than 15 digits");
        }
    }
    if value.len() < 8 {
        return Err("it has fewer than 7 digits");
    }
    if value.starts_with("+0") { Err("no country code begins with 0") } else { Ok(value) }
}

/// Upper case without spaces, its ISO 7064 check digits right.
pub(super) fn iban(text: &str) -> Result<String, &'static str> {
    let value: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).map(|c| c.to_ascii_uppercase()).collect();
    if !(15..=34).contains(&value.len()) || !value.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("it does not have 15 to 34 letters and digits");
    }
    let country = value.bytes().take(2).all(|b| b.is_ascii_uppercase());
    if !country || !value.bytes().skip(2).take(2).all(|b| b.is_ascii_digit()) {
        return Err("it does not begin with a country and two digits");
    }
    let remainder = value.bytes().skip(4).chain(value.bytes().take(4)).fold(0_u32, |rest, b| {
        if b.is_ascii_digit() {
            (rest * 10 + u32::from(b - b'0')) % 97
        } else {
            (rest * 100 + u32::from(b - b'A') + 10) % 97
        }
    });
    if remainder == 1 { Ok(value) } else { Err("its check digits are wrong") }
}

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// A Bitcoin address, its checksum verified. Base 58 keeps its case; bech32 and bech32m are lower case.
pub(super) fn btc(text: &str) -> Result<String, &'static str> {
    let text = text.strip_prefix("bitcoin:").unwrap_or(text);
    if text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("bc1")) {
        return bech32(text);
    }
    if !(26..=35).contains(&text.len()) || !text.starts_with(['1', '3']) {
        return Err("it begins with neither 1, 3 nor bc1, or has the wrong length");
    }
    let mut bytes = [0_u8; 25];
    for b in text.bytes() {
        let digit = BASE58.iter().position(|&sign| sign == b).ok_or("it holds a sign that is not base 58")?;
        let mut carry = u32::try_from(digit).unwrap_or(0);
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or(0);
            carry >>= 8;
        }
        if carry != 0 {
            return Err("it is more than 25 bytes");
        }
    }
    let version = bytes.first().copied().unwrap_or(255);
    let leading = text.bytes().take_while(|&b| b == b'1').count();
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    if leading != zeros || (version != 0 && version != 5) {
        return Err("it is not 25 bytes of version 0 or 5");
    }
    let (payload, check) = bytes.split_at(21);
    let once = digest(&SHA256, payload);
    if digest(&SHA256, once.as_ref()).as_ref().starts_with(check) {
        Ok(text.to_owned())
    } else {
        Err("its checksum is wrong")
    }
}

fn bech32(text: &str) -> Result<String, &'static str> {
    let mixed = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    if mixed || !(14..=74).contains(&text.len()) {
        return Err("it mixes cases or has the wrong length");
    }
    let value = text.to_ascii_lowercase();
    let mut check = 1_u32;
    let mut feed = |five: u32| {
        const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let top = check >> 25;
        check = ((check & 0x01ff_ffff) << 5) ^ five;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if (top >> bit) & 1 == 1 {
                check ^= generator;
            }
        }
    };
    // The human-readable part "bc", expanded.
    for five in [3, 3, 0, 2, 3] {
        feed(five);
    }
    for b in value.bytes().skip(3) {
        let five = BECH32.iter().position(|&sign| sign == b).ok_or("it holds a sign that is not bech32")?;
        feed(u32::try_from(five).unwrap_or(0));
    }
    // BIP 350: the first version is bech32, of 20 or 32 bytes; the later ones are bech32m.
    let version = value.as_bytes().get(3).and_then(|b| BECH32.iter().position(|sign| sign == b));
    match (version, check) {
        (Some(0), 1) if matches!(value.len(), 42 | 62) => Ok(value),
        (Some(0), 1) => Err("it has the wrong length"),
        (Some(1..=16), 0x2bc8_30a3) => Ok(value),
        (Some(17..), _) => Err("its version is not known"),
        _ => Err("its checksum is wrong"),
    }
}
