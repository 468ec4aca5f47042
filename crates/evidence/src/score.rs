//! Score and decay: how much a value says today. Addresses change hands in days, hashes never do.

use model::{Kind, Timestamp};

const DAY_MILLIS: i64 = 86_400_000;

/// Days after which a value of a kind says half as much.
///
/// Argued, not learned: hosting addresses are handed on within days to weeks, domains within months (a registration lasts
/// a year), a file's hash names the same file for ever.
#[must_use]
pub(crate) const fn half_life_days(kind: Kind) -> i64 {
    match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => 10,
        Kind::Url | Kind::EmailSubject | Kind::Phone | Kind::UserAgent => 21,
        Kind::Domain | Kind::Hostname | Kind::Email | Kind::Account | Kind::Ja3 | Kind::Ja4 | Kind::Asn | Kind::Mac => {
            45
        }
        Kind::FileName | Kind::FilePath | Kind::RegistryKey | Kind::Mutex | Kind::X509Fingerprint => 120,
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Ssdeep | Kind::Tlsh | Kind::Imphash => 365,
        Kind::Iban | Kind::Btc | Kind::Cve => 365,
    }
}

/// Score from 0 to 1: rises with the number of distinct members, halves with each half-life since it was last seen.
#[must_use]
pub(crate) fn score(kind: Kind, members: u32, last: Timestamp, now: Timestamp) -> f32 {
    let base = 1.0 - 0.5_f64.powi(i32::try_from(members.clamp(1, 16)).unwrap_or(16));
    let age_days = now.millis_since(last).max(0) as f64 / DAY_MILLIS as f64;
    (base * 0.5_f64.powf(age_days / half_life_days(kind) as f64)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fade_and_hashes_stay() {
        let (then, now) = (Timestamp::from_millis(0), Timestamp::from_millis(10 * DAY_MILLIS));
        let half = score(Kind::Ipv4, 3, then, now) / score(Kind::Ipv4, 3, then, then);
        assert!((half - 0.5).abs() < 1e-3);
        assert!(score(Kind::Sha256, 3, then, now) > 0.98 * score(Kind::Sha256, 3, then, then));
    }

    #[test]
    fn more_members_say_more_and_the_future_says_no_more() {
        let now = Timestamp::from_millis(DAY_MILLIS);
        assert!(score(Kind::Domain, 5, now, now) > score(Kind::Domain, 1, now, now));
        assert_eq!(score(Kind::Domain, 1, now.plus_millis(DAY_MILLIS), now), score(Kind::Domain, 1, now, now));
    }
}
