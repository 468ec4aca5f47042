//! Score and decay: how much a value says today. Addresses change hands in days, hashes never do.

use model::{Kind, MemberToken, ObservableKey, Timestamp};

use crate::cluster::Distinct;
use crate::engine::Fusion;
use crate::posting::Standing;

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

/// What is said of a value beside reports of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Opinion {
    /// A member saw it in its own telemetry: it is in use still.
    Sighted,
    /// A member says that it is harmless.
    Harmless,
    /// An analyst says what it is worth, from 0 to 1, whatever reports, votes and age say; nothing takes that back.
    Worth(Option<f32>),
}

/// An opinion of a value.
#[derive(Clone, Copy)]
pub struct Told {
    /// When it was said.
    pub at: Timestamp,
    /// Of which value.
    pub key: ObservableKey,
    /// By whom, opaque. An analyst's word counts by itself.
    pub token: MemberToken,
    /// Number of the token window that the token belongs to.
    pub window: u32,
    /// What.
    pub opinion: Opinion,
}

/// What was told of one value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    sighted: Distinct,
    last_sighted: Option<Timestamp>,
    harmless: Distinct,
    worth: Option<f32>,
}

/// Votes that count: beyond them a value is worth next to nothing already.
const VOTES_MAX: u32 = 8;

impl Fusion {
    /// Takes in an opinion. It links nothing and merges nothing: scores alone hear of it. Each member counts once, however often
    /// it says so.
    pub fn tell(&mut self, told: &Told) {
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let heard = self.heard.entry(told.key).or_default();
        match told.opinion {
            Opinion::Sighted | Opinion::Harmless => {
                let token = *self.tokens.entry(told.token).or_insert(next);
                if told.opinion == Opinion::Harmless {
                    heard.harmless.add(told.window, token);
                    return;
                }
                heard.sighted.add(told.window, token);
                heard.last_sighted = heard.last_sighted.max(Some(told.at));
            }
            Opinion::Worth(worth) => {
                heard.worth = worth.map(|worth| if worth.is_nan() { 0.0 } else { worth.clamp(0.0, 1.0) })
            }
        }
    }

    /// Present score of a value, from 0 to 1; 0 if it was never seen. An analyst's word goes before all else.
    #[must_use]
    pub fn score(&self, key: ObservableKey, now: Timestamp) -> f32 {
        let heard = self.heard.get(&key);
        if let Some(worth) = heard.and_then(|heard| heard.worth) {
            return worth;
        }
        let posting = self.postings.get(key.0);
        let posting = posting.filter(|posting| posting.standing() == Standing::Links && posting.seen(&self.store) > 0);
        let Some(posting) = posting else { return 0.0 };
        let last = posting.last_seen(&self.store, &self.cases);
        let members = posting.members(&self.store, &self.cases);
        let Some(heard) = heard else { return score(posting.kind(), members, last, now) };
        // Who reported it and who sees it may be one firm: the larger number counts, not the sum.
        let members = members.max(heard.sighted.count());
        let last = heard.last_sighted.map_or(last, |sighted| last.max(sighted));
        let harmless = heard.harmless.count().min(VOTES_MAX);
        score(posting.kind(), members, last, now) * 0.5_f32.powi(i32::try_from(harmless).unwrap_or(0))
    }

    /// For the digest: what was told, in order of keys.
    pub(crate) fn digest_heard(&self, sink: &mut dyn FnMut(&[u8])) {
        for (key, heard) in &self.heard {
            sink(&key.0.to_le_bytes());
            sink(&heard.sighted.count().to_le_bytes());
            sink(&heard.harmless.count().to_le_bytes());
            sink(&heard.last_sighted.map_or(i64::MIN, Timestamp::as_millis).to_le_bytes());
            sink(&heard.worth.map_or(u32::MAX, f32::to_bits).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{CaseId, KeySeed, Observable};

    use super::*;
    use crate::{Config, Event, Observation};

    #[test]
    fn sightings_revive_votes_lower_and_an_analyst_beats_both() {
        const SEED: KeySeed = KeySeed([7; 16]);
        let mut fusion = Fusion::new(Config::new(false, SEED));
        let observable = Observable::detect("45.9.148.3").unwrap();
        let key = observable.key(SEED);
        let (then, now) = (Timestamp::from_millis(0), Timestamp::from_millis(40 * DAY_MILLIS));
        let token = |n: u8| MemberToken::from_bytes([n; 16]);
        let event = Event {
            at: then,
            case: CaseId::from_bytes([1; 16]),
            token: token(1),
            window: 1,
            sector: None,
            region: None,
            counts: true,
            of_member: true,
            observations: &[Observation { key, observable: &observable }],
            techniques: &[],
            tags: &[],
        };
        fusion.step(&event, &mut Vec::new());
        let say = |fusion: &mut Fusion, at, n, opinion| {
            fusion.tell(&Told { at, key, token: token(n), window: 1, opinion });
            fusion.score(key, now)
        };
        let faded = fusion.score(key, now);
        assert!(faded > 0.0 && faded < 0.05);
        let revived = say(&mut fusion, now, 2, Opinion::Sighted);
        assert_eq!(revived, 0.5);
        assert_eq!(say(&mut fusion, then, 2, Opinion::Sighted), revived, "an older sighting ages nothing");
        assert_eq!(say(&mut fusion, now, 3, Opinion::Harmless), revived / 2.0);
        assert_eq!(say(&mut fusion, now, 3, Opinion::Harmless), revived / 2.0, "each member has one vote");
        assert_eq!(say(&mut fusion, now, 9, Opinion::Worth(Some(0.9))), 0.9);
        assert_eq!(fusion.score(key, now.plus_millis(999 * DAY_MILLIS)), 0.9, "whatever its age");
        assert_eq!(say(&mut fusion, now, 9, Opinion::Worth(None)), revived / 2.0);
        assert_eq!(fusion.distinct_members(key), 1, "opinions are no reports");
    }

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
