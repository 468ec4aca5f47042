//! Session tokens and machine keys: shown once, kept as SHA-256 only.

use model::Entropy;

/// How every key begins, so that leak scanners know it.
pub const KEY_PREFIX: &str = "fck_";

/// Hexadecimal digits of the part of a key that may be shown.
const SHOWN_DIGITS: usize = 12;
/// Hexadecimal digits of a key's checksum.
const CHECK_DIGITS: usize = 8;
/// Longest credential that is looked at.
const CREDENTIAL_BYTES_MAX: usize = 128;

/// A credential in clear: no `Debug`, no `Display`, no way into a log but by name.
pub struct Secret(String);

impl Secret {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that hands it to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of a credential: what is stored and looked up.
pub(crate) fn digest(credential: &str) -> [u8; 32] {
    digest_bytes(credential.as_bytes())
}

/// SHA-256 of bytes.
pub(crate) fn digest_bytes(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}

/// A session token: 256 random bits.
pub(crate) fn session(entropy: &dyn Entropy) -> Secret {
    Secret::new(hex(&entropy.bytes::<32>()))
}

fn checksum(body: &str) -> String {
    hex(digest(body).get(..CHECK_DIGITS / 2).unwrap_or_default())
}

/// A machine key and the part of it that may be shown.
pub(crate) fn key(entropy: &dyn Entropy) -> (Secret, String) {
    let shown = hex(&entropy.bytes::<6>());
    let body = format!("{shown}_{}", hex(&entropy.bytes::<32>()));
    (Secret::new(format!("{KEY_PREFIX}{body}{}", checksum(&body))), shown)
}

/// Whether a text has the form of a key with the right checksum: a mistyped one is told apart without a look-up.
pub(crate) fn is_key(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(KEY_PREFIX).filter(|_| text.len() <= CREDENTIAL_BYTES_MAX) else { return false };
    let Some(split) =
        rest.len().checked_sub(CHECK_DIGITS).filter(|at| rest.is_char_boundary(*at) && *at > SHOWN_DIGITS)
    else {
        return false;
    };
    let (body, check) = rest.split_at(split);
    checksum(body) == check
}

/// Whether a text can be a session token.
pub(crate) fn is_session(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;

    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0x11);
        }
    }

    #[test]
    fn a_key_has_prefix_and_checksum() {
        let (key, shown) = key(&Ones);
        assert!(key.expose().starts_with(&format!("fck_{shown}_")));
        assert!(is_key(key.expose()));
        let mistyped = key.expose().replacen("1111", "1112", 1);
        for bad in [mistyped.as_str(), "fck_", "fck_é", "", "Bearer x", "fck_1234567_"] {
            assert!(!is_key(bad), "{bad}");
        }
        assert!(is_session(session(&Ones).expose()));
    }
}
