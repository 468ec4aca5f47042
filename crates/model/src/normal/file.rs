//! Normal forms of what lies on disks: hashes, names, paths, registry keys.

use super::{Normal, composed, no_control};
use crate::Kind;

/// `len` hexadecimal digits in lower case.
pub(super) fn hex(text: &str, len: usize) -> Result<String, &'static str> {
    if text.len() != len {
        return Err("it has the wrong number of digits");
    }
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("it holds something that is no hexadecimal digit");
    }
    Ok(text.to_ascii_lowercase())
}

/// SHA-1 or SHA-256 of a certificate, without colons.
pub(super) fn fingerprint(text: &str) -> Result<String, &'static str> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
    hex(&digits, 40).or_else(|_| hex(&digits, 64)).map_err(|_| "it is no SHA-1 or SHA-256")
}

/// `block size:hash:hash`, case kept; a file name behind it is dropped.
pub(super) fn ssdeep(text: &str) -> Result<String, &'static str> {
    let text = text.split_once(",\"").map_or(text, |(value, _)| value);
    let mut parts = text.splitn(3, ':');
    let (Some(size), Some(one), Some(two)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("it does not have three parts");
    };
    let blocks: u64 = size.parse().map_err(|_| "its block size is no number")?;
    if blocks == 0 || !blocks.is_multiple_of(3) || !(blocks / 3).is_power_of_two() {
        return Err("its block size is not three times a power of two");
    }
    let sound =
        |part: &str| part.len() <= 64 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    if one.is_empty() || !sound(one) || !sound(two) {
        return Err("its hashes are too long or hold a sign that is not base 64");
    }
    Ok(format!("{blocks}:{one}:{two}"))
}

/// `T1` and 70 hexadecimal digits in upper case; the older form without `T1` gets it.
pub(super) fn tlsh(text: &str) -> Result<String, &'static str> {
    let digits = if text.len() == 72 {
        text.strip_prefix("T1").or_else(|| text.strip_prefix("t1")).ok_or("it does not begin with T1")?
    } else {
        text
    };
    Ok(format!("T1{}", hex(digits, 70)?.to_ascii_uppercase()))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '`']).trim()
}

/// A file name, compared without case (hostile files mostly run on Windows); inner spaces stay, they are a trick of
/// their own; letters with marks are composed. A text with a folder in it is a path.
pub(super) fn name(text: &str) -> Normal {
    let text = composed(unquoted(no_control(text)?));
    if text.contains('\\') || text.contains('/') {
        return path(&text).map(|value| (Kind::FilePath, value));
    }
    if text.is_empty() || matches!(&*text, "." | "..") {
        return Err("it names nothing");
    }
    Ok((Kind::FileName, text.to_lowercase()))
}

/// A path. Windows paths: backslashes, lower case. Others keep their case. Letters with marks are composed (NFC), as most
/// systems write them; macOS takes them apart.
pub(super) fn path(text: &str) -> Result<String, &'static str> {
    let text = composed(unquoted(no_control(text)?));
    let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let windows = drive || text.contains('\\') || text.starts_with('%');
    let sign = if windows { '\\' } else { '/' };
    let share = windows && (text.starts_with("\\\\") || text.starts_with("//"));
    let mut value = String::with_capacity(text.len());
    if share {
        value.push('\\');
    }
    let mut after_sign = false;
    for c in text.chars() {
        let c = if windows && c == '/' { '\\' } else { c };
        if c == sign && after_sign {
            continue;
        }
        after_sign = c == sign;
        value.push(c);
    }
    if value.len() > 1 && value.ends_with(sign) && !value.ends_with(":\\") {
        value.pop();
    }
    if value.trim_matches(sign).is_empty() {
        return Err("it names nothing");
    }
    Ok(if windows { value.to_lowercase() } else { value })
}

const HIVES: &[(&str, &str)] = &[
    ("hkey_local_machine", "HKLM"),
    ("hklm", "HKLM"),
    ("\\registry\\machine", "HKLM"),
    ("hkey_current_user", "HKCU"),
    ("hkcu", "HKCU"),
    ("hkey_classes_root", "HKCR"),
    ("hkcr", "HKCR"),
    ("hkey_users", "HKU"),
    ("\\registry\\user", "HKU"),
    ("hku", "HKU"),
    ("hkey_current_config", "HKCC"),
    ("hkcc", "HKCC"),
];

/// A registry key: short hive name in upper case, the rest in lower case, single backslashes.
pub(super) fn registry(text: &str) -> Result<String, &'static str> {
    let text = unquoted(no_control(text)?);
    let mut key = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        let c = if c == '/' && !text.contains('\\') { '\\' } else { c };
        if !(c == '\\' && key.ends_with('\\')) {
            key.push(c);
        }
    }
    let key = key.trim_end_matches('\\');
    let key = key.strip_prefix("computer\\").unwrap_or(key);
    for (long, short) in HIVES {
        if let Some(rest) = key.strip_prefix(long) {
            let rest = rest.strip_prefix(':').unwrap_or(rest);
            if rest.is_empty() || rest.starts_with('\\') {
                return Ok(format!("{short}{rest}"));
            }
        }
    }
    let key = key.trim_start_matches('\\');
    if key.contains('\\') { Ok(key.to_owned()) } else { Err("it has no hive and no backslash") }
}
