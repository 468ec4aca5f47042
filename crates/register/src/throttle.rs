//! Slows down guessing: by account and by address, whatever the spelling or the verb.

use std::collections::HashMap;
use std::hash::Hash;

use model::Timestamp;

/// Failures of one account before it must wait.
const ACCOUNT_FREE: u32 = 5;
/// Failures from one address before it must wait.
const ADDRESS_FREE: u32 = 30;
/// Longest wait.
const WAIT_SECS_MAX: i64 = 15 * 60;
/// Failures are forgotten after this long without another.
const FORGET_MILLIS: i64 = 15 * 60_000;
/// Entries that are kept; with more, the forgotten ones go, then all.
const ENTRIES_MAX: usize = 20_000;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Failed tries.
#[derive(Default)]
pub(crate) struct Throttle {
    accounts: HashMap<String, Failures>,
    addresses: HashMap<String, Failures>,
}

fn wait_secs<K: Hash + Eq>(held: &HashMap<K, Failures>, key: &K, free: u32, now: Timestamp) -> i64 {
    let Some(failures) = held.get(key) else { return 0 };
    let over = failures.count.saturating_sub(free);
    if over == 0 || now.millis_since(failures.last) >= FORGET_MILLIS {
        return 0;
    }
    let wait = (1_i64 << over.min(10)).min(WAIT_SECS_MAX);
    let passed = now.millis_since(failures.last) / 1000;
    (wait - passed).max(0)
}

fn note<K: Hash + Eq>(held: &mut HashMap<K, Failures>, key: K, now: Timestamp) {
    if held.len() >= ENTRIES_MAX {
        held.retain(|_, failures| now.millis_since(failures.last) < FORGET_MILLIS);
        if held.len() >= ENTRIES_MAX {
            held.clear();
        }
    }
    let failures = held.entry(key).or_insert(Failures { count: 0, last: now });
    if now.millis_since(failures.last) >= FORGET_MILLIS {
        failures.count = 0;
    }
    failures.count = failures.count.saturating_add(1);
    failures.last = now;
}

impl Throttle {
    /// Seconds that this account or address must still wait; zero if it may try.
    pub(crate) fn wait(&self, account: &str, address: &str, now: Timestamp) -> i64 {
        wait_secs(&self.accounts, &account.to_owned(), ACCOUNT_FREE, now).max(wait_secs(
            &self.addresses,
            &address.to_owned(),
            ADDRESS_FREE,
            now,
        ))
    }

    /// Notes a failed try. Accounts that do not exist count as well, so that waiting tells nothing.
    pub(crate) fn failed(&mut self, account: &str, address: &str, now: Timestamp) {
        note(&mut self.accounts, account.to_owned(), now);
        note(&mut self.addresses, address.to_owned(), now);
    }

    /// Forgets the failures of an account that has signed in.
    pub(crate) fn succeeded(&mut self, account: &str) {
        self.accounts.remove(account);
    }
}
