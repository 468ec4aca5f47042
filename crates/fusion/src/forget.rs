//! A reporter takes values back: they link nothing any more. What was linked by them stays one campaign, as bands that were
//! shown stay.

use std::collections::HashSet;

use model::{CaseId, MemberToken, ObservableKey};

use crate::Observation;
use crate::engine::Fusion;
use crate::posting::{AS_FEATURE, AS_HOST, AS_OWNED, AS_VALUE, Standing};
use crate::rules::{OWNED, URL_HOST};
use crate::take::{Feature, Room};

impl Fusion {
    /// Forgets that a case holds the values `gone`; `left` are those that it still names, for what they have in common with the
    /// others stays. The case itself, and the campaign that it is in, stay.
    pub fn forget(&mut self, case: CaseId, gone: &[Observation<'_>], left: &[Observation<'_>]) {
        let Some(index) = self.index_of(case) else { return };
        let mut room = Room::default();
        let mut kept = HashSet::new();
        for observation in left {
            if self.links_by(index, observation.key) == Some(true) {
                kept.extend(self.features_of(observation, &mut room).iter().map(|feature| feature.key));
            }
        }
        for observation in gone {
            let key = observation.key;
            let Some(brought) = self.links_by(index, key) else { continue };
            let counted = self.postings.get(key.0).is_some_and(|posting| posting.standing() == Standing::Links);
            self.make_room(index);
            if self.leave(index, key.0, AS_VALUE) {
                self.crowded.remove(&key);
            }
            if counted && self.postings.get(key.0).is_none_or(|posting| posting.seen(&self.store) == 0) {
                self.uncount_value(index);
            }
            if !brought {
                continue;
            }
            for Feature { key: feature, rule } in self.features_of(observation, &mut room).iter().copied() {
                let role = match rule {
                    URL_HOST => AS_HOST,
                    OWNED => AS_OWNED,
                    _ => AS_FEATURE,
                };
                if feature == key.0 || kept.contains(&feature) {
                    continue;
                }
                // A case has a feature once, however many of its values do: left twice, it would go from another case of the campaign.
                let has = match role {
                    AS_FEATURE => kept.insert(feature),
                    _ => self.postings.get(feature).is_some_and(|posting| posting.has(index, role, &self.store)),
                };
                if has {
                    self.leave(index, feature, role);
                }
            }
        }
    }

    /// Whether a value of a case brought features with it, which an everyday value does not; `None` if the case does not have it.
    fn links_by(&self, case: u32, key: ObservableKey) -> Option<bool> {
        let posting = self.postings.get(key.0).filter(|posting| posting.has(case, AS_VALUE, &self.store))?;
        Some(posting.standing() != Standing::Noise)
    }

    /// A case has a feature no more; gives whether nobody has it any more.
    fn leave(&mut self, case: u32, feature: u64, role: u8) -> bool {
        let gone = self
            .postings
            .get_mut(feature)
            .is_some_and(|posting| posting.remove(case, role, &mut self.store, &self.cases, &self.places));
        if gone {
            self.postings.remove(feature);
        }
        gone
    }

    /// A case has a tag no more that it had for certain. Of a tag that so many have that its campaigns are not all known, the number of
    /// those who have it stays right: else a common one would look rare.
    pub(crate) fn leave_tag(&mut self, case: u32, tag: u64) {
        let Some(posting) = self.postings.get(tag).copied() else { return };
        if let Some(place) = posting.spilled_to()
            && let Some(more) = self.store.list.get_mut(place)
        {
            more.having = more.having.saturating_sub(1);
            let mine = self.places.home(case);
            let at = more.entries.as_slice().iter().position(|entry| self.places.home(entry.case) == mine);
            if let Some(at) = at
                && let Some(entry) = more.entries.as_mut_slice().get_mut(at)
            {
                entry.count = entry.count.saturating_sub(1);
                if entry.count == 0 {
                    more.entries.remove(at);
                }
            }
            if more.having > 0 {
                return;
            }
            self.store.free(place);
        }
        self.postings.remove(tag);
    }

    /// Cases by which a member holds a value in one token window, as far as they are kept.
    #[must_use]
    pub fn cases_of_member(&self, key: ObservableKey, token: MemberToken, window: u32) -> Vec<CaseId> {
        let Some(token) = self.token_index(token) else { return Vec::new() };
        let cases = self.postings.get(key.0).map_or(&[][..], |posting| posting.holders(&self.store));
        cases
            .iter()
            .filter_map(|case| self.cases.get(*case))
            .filter(|case| case.token == token && case.window == window)
            .map(|case| case.id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use model::{KeySeed, Kind, Observable, Timestamp};

    use super::*;
    use crate::{Config, Event};

    const SEED: KeySeed = KeySeed([7; 16]);

    fn step(fusion: &mut Fusion, n: u8, values: &[&str]) {
        step_by(fusion, SEED, n, values);
    }

    fn step_by(fusion: &mut Fusion, seed: KeySeed, n: u8, values: &[&str]) {
        let held: Vec<Observable> = values.iter().map(|value| read(value)).collect();
        let observations: Vec<Observation<'_>> =
            held.iter().map(|observable| Observation { key: observable.key(seed), observable }).collect();
        let event = Event {
            at: Timestamp::from_millis(i64::from(n)),
            case: CaseId::from_bytes([n; 16]),
            token: MemberToken::from_bytes([n; 16]),
            window: 1,
            sector: None,
            region: None,
            counts: true,
            of_member: true,
            observations: &observations,
            techniques: &[],
            tags: &[],
        };
        fusion.step(&event, &mut Vec::new());
    }

    fn read(value: &str) -> Observable {
        Observable::detect(value).unwrap_or_else(|| Observable::from_normal(Kind::Domain, value))
    }

    fn forget(fusion: &mut Fusion, n: u8, value: &str) -> ObservableKey {
        forget_some(fusion, n, &[value], &[]);
        read(value).key(SEED)
    }

    fn forget_some(fusion: &mut Fusion, n: u8, gone: &[&str], left: &[&str]) {
        let [gone, left]: [Vec<Observable>; 2] = [gone, left].map(|of| of.iter().map(|value| read(value)).collect());
        let [gone, left]: [Vec<Observation<'_>>; 2] = [&gone, &left]
            .map(|of| of.iter().map(|observable| Observation { key: observable.key(SEED), observable }).collect());
        fusion.forget(CaseId::from_bytes([n; 16]), &gone, &left);
    }

    #[test]
    fn a_value_taken_back_links_nothing_and_what_it_linked_stays() {
        let mut fusion = Fusion::new(Config::new(false, SEED));
        step(&mut fusion, 1, &["evil-one.net", "other.net"]);
        step(&mut fusion, 2, &["evil-one.net"]);
        let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
        assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2));
        let key = forget(&mut fusion, 1, "evil-one.net");
        assert_eq!((fusion.seen(key), fusion.distinct_members(key)), (1, 1));
        assert_eq!(fusion.cases_of_member(key, MemberToken::from_bytes([2; 16]), 1), [CaseId::from_bytes([2; 16])]);
        assert!(fusion.cases_of_member(key, MemberToken::from_bytes([1; 16]), 1).is_empty());
        forget(&mut fusion, 2, "evil-one.net");
        assert_eq!((fusion.seen(key), fusion.who_else(key).len()), (0, 0));
        assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2));
        assert_eq!(fusion.campaign(campaign(&fusion, 1)).unwrap().values, 1);
        step(&mut fusion, 3, &["evil-one.net"]);
        assert_ne!(campaign(&fusion, 1), campaign(&fusion, 3));
        // What was never there, or is gone already, is no fault.
        forget(&mut fusion, 1, "evil-one.net");
        forget(&mut fusion, 9, "evil-one.net");
        assert_eq!(fusion.seen(key), 1);
    }

    #[test]
    fn the_host_of_a_link_that_others_have_as_well_still_links() {
        let mut fusion = Fusion::new(Config::new(false, SEED));
        step(&mut fusion, 1, &["https://evil-one.net/a"]);
        step(&mut fusion, 2, &["https://evil-one.net/b"]);
        forget(&mut fusion, 1, "https://evil-one.net/a");
        step(&mut fusion, 3, &["https://evil-one.net/c"]);
        let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
        assert_eq!(campaign(&fusion, 2), campaign(&fusion, 3));
        forget(&mut fusion, 2, "https://evil-one.net/b");
        forget(&mut fusion, 3, "https://evil-one.net/c");
        step(&mut fusion, 4, &["https://evil-one.net/d"]);
        assert_ne!(campaign(&fusion, 3), campaign(&fusion, 4));
    }

    #[test]
    fn what_several_values_of_one_report_have_in_common_is_taken_back_from_it_alone() {
        // Links on one host, names below one owner, addresses of one network: each of the second report's is the other's still.
        for [one, two, theirs, later] in [
            [
                "https://evil-one.net/a1",
                "https://evil-one.net/b2",
                "https://evil-one.net/c3",
                "https://evil-one.net/d4",
            ],
            ["quay.evil-one.net", "reef.evil-one.net", "tide.evil-one.net", "foam.evil-one.net"],
            ["45.9.148.7", "45.9.148.8", "45.9.148.9", "45.9.148.10"],
        ] {
            let mut fusion = Fusion::new(Config::new(false, SEED));
            step(&mut fusion, 1, &[one, two]);
            step(&mut fusion, 2, &[theirs]);
            let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
            assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2), "{theirs}");
            forget_some(&mut fusion, 1, &[one, two], &[]);
            step(&mut fusion, 3, &[later]);
            assert_eq!(campaign(&fusion, 2), campaign(&fusion, 3), "{later}");
        }
    }

    #[test]
    fn what_a_report_still_names_keeps_what_it_shares_with_what_is_taken_back() {
        for [one, two, later] in [
            ["https://evil-one.net/a1", "https://evil-one.net/b2", "https://evil-one.net/c3"],
            ["quay.evil-one.net", "reef.evil-one.net", "tide.evil-one.net"],
            ["45.9.148.7", "45.9.148.8", "45.9.148.9"],
        ] {
            for (gone, left) in [(one, two), (two, one)] {
                let mut fusion = Fusion::new(Config::new(false, SEED));
                step(&mut fusion, 1, &[one, two]);
                forget_some(&mut fusion, 1, &[gone], &[left]);
                step(&mut fusion, 2, &[later]);
                let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
                assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2), "{gone} gone, {left} left, {later}");
                // One after the other, all of it goes.
                let mut fusion = Fusion::new(Config::new(false, SEED));
                step(&mut fusion, 1, &[one, two]);
                forget_some(&mut fusion, 1, &[gone], &[left]);
                forget_some(&mut fusion, 1, &[left], &[]);
                step(&mut fusion, 2, &[later]);
                assert_ne!(campaign(&fusion, 1), campaign(&fusion, 2), "{gone} gone, then {left}, {later}");
            }
        }
    }

    #[test]
    fn an_everyday_value_that_is_taken_back_takes_nothing_with_it() {
        // The same path on an everyday host and on another: the report's everyday link brought nothing, and takes nothing away.
        let mut noise = crate::NoiseLists::default();
        let everyday = "https://everyday.example/gate/zx81q.php";
        noise.add_list("everyday links", crate::ListKind::Exact, [everyday]);
        let mut fusion = Fusion::new(Config { noise: std::sync::Arc::new(noise), ..Config::new(false, SEED) });
        step(&mut fusion, 1, &["https://evil-one.net/gate/zx81q.php", "shared-name.net"]);
        // Who else has the path is counted by now, not known one by one.
        step(&mut fusion, 4, &["https://evil-four.net/gate/zx81q.php", "shared-name.net"]);
        forget_some(&mut fusion, 4, &["https://evil-four.net/gate/zx81q.php"], &["shared-name.net"]);
        step(&mut fusion, 2, &[everyday, "shared-name.net"]);
        let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
        assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2));
        forget_some(&mut fusion, 2, &[everyday], &["shared-name.net"]);
        step(&mut fusion, 3, &["https://other-two.org/gate/zx81q.php"]);
        assert_eq!(campaign(&fusion, 1), campaign(&fusion, 3));
    }

    #[test]
    fn a_host_and_a_link_on_it_are_forgotten_in_either_order_and_one_without_the_other() {
        let (host, link) = ("evil-one.net", "https://evil-one.net/a");
        let campaign = |fusion: &Fusion, n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
        for order in [[host, link], [link, host]] {
            let mut fusion = Fusion::new(Config::new(false, SEED));
            step(&mut fusion, 1, &["other.net", host, link]);
            for value in order {
                forget(&mut fusion, 1, value);
            }
            assert_eq!(fusion.campaign(campaign(&fusion, 1)).unwrap().values, 1, "{order:?}");
            step(&mut fusion, 2, &[host]);
            assert_ne!(campaign(&fusion, 1), campaign(&fusion, 2), "{order:?}");
        }
        for kept in [host, link] {
            let mut fusion = Fusion::new(Config::new(false, SEED));
            step(&mut fusion, 1, &[host, link]);
            forget(&mut fusion, 1, if kept == host { link } else { host });
            step(&mut fusion, 2, &[kept]);
            assert_eq!(campaign(&fusion, 1), campaign(&fusion, 2), "{kept}");
        }
    }

    #[test]
    fn what_is_taken_back_is_counted_no_more_whatever_the_keys_are() {
        let (hot, own) = ("http://attack0.test/a/6", "http://lure.test/firm3.example/login");
        for byte in 0..=255 {
            let seed = KeySeed([byte; 16]);
            let mut fusion = Fusion::new(Config::new(false, seed));
            for n in 0..9 {
                let values = [hot, own];
                step_by(&mut fusion, seed, n, if n == 8 { &values } else { &values[..1] });
            }
            let campaign = fusion.campaign_of(CaseId::from_bytes([8; 16])).unwrap();
            assert_eq!(fusion.campaign(campaign).unwrap().values, 2, "{byte}");
            let observable = Observable::detect(own).unwrap();
            let key = observable.key(seed);
            fusion.forget(CaseId::from_bytes([8; 16]), &[Observation { key, observable: &observable }], &[]);
            assert_eq!(fusion.campaign(campaign).unwrap().values, 1, "{byte}");
            assert_eq!(fusion.seen(key), 0, "{byte}");
        }
    }

    #[test]
    fn the_host_of_a_link_taken_back_links_nothing() {
        let mut fusion = Fusion::new(Config::new(false, SEED));
        step(&mut fusion, 1, &["https://evil-one.net/a"]);
        forget(&mut fusion, 1, "https://evil-one.net/a");
        step(&mut fusion, 2, &["https://evil-one.net/b"]);
        let campaign = |n: u8| fusion.campaign_of(CaseId::from_bytes([n; 16])).unwrap();
        assert_ne!(campaign(1), campaign(2));
    }
}
