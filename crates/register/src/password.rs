//! Passwords: Argon2id (RFC 9106), a bounded cost, and the same work for an address that nobody has.

use argon2::{Algorithm, Argon2, Params, Version};
use model::Entropy;

use crate::credentials::hex;

/// Shortest password (NIST SP 800-63B-4 asks for 15 where it stands alone; shorter ones are refused).
pub const PASSWORD_CHARS_MIN: usize = 15;
/// Longest password in bytes: longer ones are refused before they are hashed.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Cost of one password check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl PasswordCost {
    /// 19 MiB and two passes: OWASP's recommendation.
    pub const DEFAULT: Self = Self { memory_kib: 19 * 1024, passes: 2 };
    /// As little as Argon2 allows, for tests.
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1 };
}

fn hash_with(cost: PasswordCost, salt: &[u8], password: &str) -> Option<[u8; HASH_BYTES]> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(HASH_BYTES)).ok()?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

/// The stored form: `argon2id$MEMORY$PASSES$SALT$HASH`, numbers decimal, bytes hexadecimal.
pub(crate) fn store(cost: PasswordCost, entropy: &dyn Entropy, password: &str) -> Option<String> {
    let salt: [u8; SALT_BYTES] = entropy.bytes();
    let hash = hash_with(cost, &salt, password)?;
    Some(format!("argon2id${}${}${}${}", cost.memory_kib, cost.passes, hex(&salt), hex(&hash)))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Whether a password is the stored one.
pub(crate) fn check(stored: &str, password: &str) -> bool {
    let parts: Vec<&str> = stored.split('$').collect();
    let ["argon2id", memory, passes, salt, hash] = parts.as_slice() else { return false };
    let (Ok(memory_kib), Ok(passes), Some(salt), Some(hash)) =
        (memory.parse(), passes.parse(), unhex(salt), unhex(hash))
    else {
        return false;
    };
    hash_with(PasswordCost { memory_kib, passes }, &salt, password)
        .is_some_and(|found| aws_lc_rs::constant_time::verify_slices_are_equal(&found, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fives;

    impl Entropy for Fives {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(5);
        }
    }

    #[test]
    fn a_password_is_kept_by_argon2id_at_the_recommended_cost_and_with_a_salt() {
        let stored = store(PasswordCost::DEFAULT, &Fives, "correct horse battery").unwrap();
        assert!(stored.starts_with(&format!("argon2id$19456$2${}$", "05".repeat(16))), "{stored}");
        assert!(check(&stored, "correct horse battery") && !check(&stored, "correct horse batterY"));
        assert!(!stored.contains("horse"));
    }
}
