//! Slows down guessing at passwords: by account and by address at each listener, in bounded memory.
//!
//! Whoever has signed in to an account from an address before is counted apart there: strangers' failures never lock out
//! the account's own people at their usual place, and failures at one listener say nothing about the other.

use std::collections::{BTreeMap, HashMap};

use model::Timestamp;

use crate::credentials::digest;
use crate::nouns::Face;

/// Failures of one account before it must wait.
const ACCOUNT_FREE: u32 = 5;
/// Failures from one address before it must wait.
const ADDRESS_FREE: u32 = 30;
/// Longest wait.
const WAIT_SECS_MAX: i64 = 15 * 60;
/// Failures are forgotten after this long without another.
const FORGET_MILLIS: i64 = 15 * 60_000;
/// Entries that each table keeps; a new one beyond that drops the one that was touched longest ago.
const ENTRIES_MAX: usize = 20_000;

/// Digest of what is counted: of one length whatever somebody types, and no name lies in memory.
type Key = [u8; 16];

fn key(parts: &[&str]) -> Key {
    let mut text = String::new();
    for part in parts {
        text.push_str(&part.len().to_string());
        text.push(':');
        text.push_str(part);
    }
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(digest(&text)) {
        *to = from;
    }
    key
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
    touched: u64,
}

/// Counts by key, of which the ones touched longest ago give way.
#[derive(Default)]
struct Counts {
    held: HashMap<Key, Failures>,
    order: BTreeMap<u64, Key>,
    turn: u64,
}

impl Counts {
    /// The entry of a key, made if absent, as the one touched last.
    fn touch(&mut self, key: Key, now: Timestamp) -> &mut Failures {
        self.turn += 1;
        let turn = self.turn;
        if !self.held.contains_key(&key)
            && self.held.len() >= ENTRIES_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.held.remove(&oldest);
        }
        let entry = self.held.entry(key).or_insert(Failures { count: 0, last: now, touched: turn });
        self.order.remove(&entry.touched);
        self.order.insert(turn, key);
        entry.touched = turn;
        entry
    }

    fn note(&mut self, key: Key, now: Timestamp) {
        let failures = self.touch(key, now);
        if now.millis_since(failures.last) >= FORGET_MILLIS {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    fn wait_secs(&self, key: &Key, free: u32, now: Timestamp) -> i64 {
        let Some(failures) = self.held.get(key) else { return 0 };
        let over = failures.count.saturating_sub(free);
        if over == 0 || now.millis_since(failures.last) >= FORGET_MILLIS {
            return 0;
        }
        let wait = (1_i64 << over.min(10)).min(WAIT_SECS_MAX);
        let passed = now.millis_since(failures.last) / 1000;
        (wait - passed).max(0)
    }

    fn remove(&mut self, key: &Key) -> u32 {
        let Some(gone) = self.held.remove(key) else { return 0 };
        self.order.remove(&gone.touched);
        gone.count
    }
}

/// One try: where, for which account, from which address.
pub(crate) struct Try {
    account: Key,
    address: Key,
    pair: Key,
}

impl Try {
    pub(crate) fn new(face: Face, account: &str, address: &str) -> Self {
        let face = if face == Face::Cell { "cell" } else { "member" };
        Self {
            account: key(&["account", face, account]),
            address: key(&["address", face, address]),
            pair: key(&["pair", face, account, address]),
        }
    }
}

/// Failed tries, and from where each account was signed in to.
#[derive(Default)]
pub(crate) struct Throttle {
    accounts: Counts,
    addresses: Counts,
    pairs: Counts,
    known: Counts,
}

impl Throttle {
    /// Seconds that a try must still wait; zero if it may go on.
    pub(crate) fn wait(&self, of: &Try, now: Timestamp) -> i64 {
        if self.known.held.contains_key(&of.pair) {
            // The account's own place: only what went wrong here counts, by the same rule as for a whole account.
            return self.pairs.wait_secs(&of.pair, ACCOUNT_FREE, now);
        }
        let account = self.accounts.wait_secs(&of.account, ACCOUNT_FREE, now);
        account.max(self.addresses.wait_secs(&of.address, ADDRESS_FREE, now))
    }

    /// Notes a failed try. Accounts that do not exist count as well, so that waiting tells nothing.
    pub(crate) fn failed(&mut self, of: &Try, now: Timestamp) {
        self.pairs.note(of.pair, now);
        self.accounts.note(of.account, now);
        self.addresses.note(of.address, now);
    }

    /// Forgives the account what went wrong at this address, and remembers that its people come from there. What
    /// strangers tried elsewhere stays counted: a member who signs in every day does not give them new tries.
    pub(crate) fn succeeded(&mut self, of: &Try, now: Timestamp) {
        let own = self.pairs.remove(&of.pair);
        if let Some(account) = self.accounts.held.get_mut(&of.account) {
            account.count = account.count.saturating_sub(own);
        }
        self.known.touch(of.pair, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn member(account: &str, address: &str) -> Try {
        Try::new(Face::Member, account, address)
    }

    #[test]
    fn an_address_that_fails_with_many_accounts_must_wait() {
        let mut throttle = Throttle::default();
        for n in 0..=ADDRESS_FREE {
            assert_eq!(throttle.wait(&member("fresh", "one"), NOW), 0, "after {n}");
            throttle.failed(&member(&format!("account {n}"), "one"), NOW);
        }
        assert!(throttle.wait(&member("fresh", "one"), NOW) > 0);
        assert_eq!(throttle.wait(&member("fresh", "other"), NOW), 0);
        assert_eq!(throttle.wait(&Try::new(Face::Cell, "fresh", "one"), NOW), 0, "the other listener counts apart");
        assert_eq!(throttle.wait(&member("fresh", "one"), NOW.plus_millis(FORGET_MILLIS)), 0);
    }

    #[test]
    fn strangers_do_not_lock_out_who_has_signed_in_from_here_before() {
        let mut throttle = Throttle::default();
        let (own, stranger) = (member("ann", "office"), member("ann", "elsewhere"));
        throttle.succeeded(&own, NOW);
        for _ in 0..50 {
            throttle.failed(&stranger, NOW);
        }
        assert_eq!(throttle.wait(&own, NOW), 0);
        assert!(throttle.wait(&stranger, NOW) > 0);
        // Signing in does not give strangers new tries.
        throttle.succeeded(&own, NOW);
        assert!(throttle.wait(&stranger, NOW) > 0);
        // And guessing from the known place is bounded as well.
        for _ in 0..=ACCOUNT_FREE {
            throttle.failed(&own, NOW);
        }
        assert!(throttle.wait(&own, NOW) > 0);
    }

    #[test]
    fn a_full_table_drops_what_was_touched_longest_ago_and_nothing_else() {
        let mut throttle = Throttle::default();
        let victim = member("victim", "a");
        for _ in 0..20 {
            throttle.failed(&victim, NOW);
        }
        for n in 0..ENTRIES_MAX - 1 {
            throttle.failed(&member(&format!("filler {n}"), &format!("at {n}")), NOW);
        }
        assert!(throttle.wait(&victim, NOW) > 0, "still full to the brim only");
        throttle.failed(&victim, NOW);
        throttle.failed(&member("one more", "b"), NOW);
        assert!(throttle.wait(&victim, NOW) > 0, "the oldest goes, which it is not");
        for counts in [&throttle.accounts, &throttle.addresses, &throttle.pairs] {
            assert_eq!((counts.held.len(), counts.order.len()), (ENTRIES_MAX, ENTRIES_MAX));
        }
    }
}
