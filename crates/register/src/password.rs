//! Passwords: Argon2id (RFC 9106), a bounded cost, the same work for an address that nobody has, and none that are guessed first.

use argon2::{Algorithm, Argon2, Params, Version};
use model::Entropy;

use crate::credentials::hex;

/// Shortest password (NIST SP 800-63B-4 asks for 15 where it stands alone; shorter ones are refused).
pub const PASSWORD_CHARS_MIN: usize = 15;
/// Longest password in bytes: longer ones are refused before they are hashed.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// Guesses (as a power of ten) that a chosen password must outlast, as zxcvbn counts them: common passwords, words, names,
/// dates, rows of keys and repeats of them are tried first (D. Wheeler, USENIX Security 2016). A throttled guesser on line comes to
/// far fewer; whoever stole the hashes still pays 19 MiB and two passes for each.
const GUESSES_LOG10_MIN: f64 = 9.0;
/// Words of the product that somebody may think of when choosing one.
const OWN_WORDS: [&str; 4] = ["fusioncell", "fusion", "cell", "partnership"];

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

/// Whether a password is one of those that are guessed first; `words` are its owner's own: name, address, organisation.
pub(crate) fn is_guessable(password: &str, words: &[&str]) -> bool {
    let parts = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let known: Vec<&str> = words.iter().copied().chain(parts).chain(OWN_WORDS).filter(|word| word.len() > 2).collect();
    zxcvbn::zxcvbn(password, &known).guesses_log10() < GUESSES_LOG10_MIN
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
    fn what_is_guessed_first_is_refused() {
        let words = ["Ann Reed", "ann.reed@calder-power.example", "Calder Power"];
        for weak in [
            "passwordpassword",
            "Passw0rd12345678",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890",
            "ann.reed@calder-power.example",
            "calderpower2026",
            "fusioncellfusioncell",
            "iloveyouiloveyou",
        ] {
            assert!(is_guessable(weak, &words), "{weak}");
        }
        for strong in [
            "correct-lamp-bicycle-otter",
            "we met in Leith on a wet Friday",
            "Vq7#t2mLx9!pRz4k",
            "ключи лежат под третьим камнем",
        ] {
            assert!(!is_guessable(strong, &words), "{strong}");
        }
        assert!(!is_guessable(&"many words stand here ".repeat(40), &words), "the longest are looked at as well");
    }

    #[test]
    fn a_password_is_kept_by_argon2id_at_the_recommended_cost_and_with_a_salt() {
        let stored = store(PasswordCost::DEFAULT, &Fives, "correct horse battery").unwrap();
        assert!(stored.starts_with(&format!("argon2id$19456$2${}$", "05".repeat(16))), "{stored}");
        assert!(check(&stored, "correct horse battery") && !check(&stored, "correct horse batterY"));
        assert!(!stored.contains("horse"));
    }
}
