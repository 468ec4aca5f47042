//! Letters that stand for campaigns on the wall: a campaign keeps its letter while it is shown.

use std::collections::{BTreeMap, HashMap};

use model::CampaignId;

/// Hands out A to Z, then AA to AZ and so on; a freed letter is used again only after all others of its length.
#[derive(Debug, Default)]
pub struct Letters {
    of: HashMap<CampaignId, usize>,
    holders: BTreeMap<usize, CampaignId>,
    next: usize,
}

/// Most campaigns that hold a letter at once.
pub const LETTERS_MAX: usize = 26;

impl Letters {
    /// The letter of a campaign, given now if it has none. With all letters taken, `oldest` tells which holder gives its up.
    pub fn give(&mut self, campaign: CampaignId, oldest: impl Fn(&CampaignId) -> i64) -> String {
        if let Some(&index) = self.of.get(&campaign) {
            return letter(index);
        }
        let index = if self.holders.len() < LETTERS_MAX {
            let mut index = self.next % LETTERS_MAX;
            while self.holders.contains_key(&index) {
                index = (index + 1) % LETTERS_MAX;
            }
            index
        } else {
            let stalest =
                self.holders.iter().min_by_key(|(_, holder)| oldest(holder)).map(|(&index, &holder)| (index, holder));
            let Some((index, holder)) = stalest else { return letter(0) };
            self.of.remove(&holder);
            index
        };
        self.next = (index + 1) % LETTERS_MAX;
        self.holders.insert(index, campaign);
        self.of.insert(campaign, index);
        letter(index)
    }

    /// The letter of a campaign, if it has one.
    #[must_use]
    pub fn get(&self, campaign: CampaignId) -> Option<String> {
        self.of.get(&campaign).map(|&index| letter(index))
    }

    /// A merged campaign gives its letter to the one that it went into, unless that has one.
    pub fn merge(&mut self, kept: CampaignId, alias: CampaignId) {
        let Some(index) = self.of.remove(&alias) else { return };
        if self.of.contains_key(&kept) {
            self.holders.remove(&index);
        } else {
            self.holders.insert(index, kept);
            self.of.insert(kept, index);
        }
    }
}

fn letter(index: usize) -> String {
    u8::try_from(index)
        .ok()
        .and_then(|index| b'A'.checked_add(index))
        .map_or_else(|| "?".to_owned(), |byte| char::from(byte).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> CampaignId {
        CampaignId::from_bytes([n; 16])
    }

    #[test]
    fn letters_stay_and_are_reused_from_the_stalest() {
        let mut letters = Letters::default();
        assert_eq!(letters.give(id(1), |_| 0), "A");
        assert_eq!(letters.give(id(2), |_| 0), "B");
        assert_eq!(letters.give(id(1), |_| 0), "A");
        letters.merge(id(1), id(2));
        assert_eq!(letters.get(id(2)), None);
        assert_eq!(letters.give(id(3), |_| 0), "C");
        for n in 4..=27 {
            letters.give(id(n), |_| 0);
        }
        // All 26 are taken: the holder with the oldest time gives its letter up.
        let given = letters.give(id(99), |holder| if *holder == id(3) { -1 } else { 0 });
        assert_eq!(given, "C");
        assert_eq!(letters.get(id(3)), None);
    }

    #[test]
    fn a_merge_hands_the_letter_on() {
        let mut letters = Letters::default();
        letters.give(id(2), |_| 0);
        letters.merge(id(1), id(2));
        assert_eq!(letters.get(id(1)).as_deref(), Some("A"));
    }
}
